// Plants six leaks in pocket Demi, one at a time, and looks for each from outside, by figures and by its line; then lets
// healthy ones live at four loads with ten seeds. Prints a line each; ends with 2 if any answer is wrong.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { LEAK_NAMES } from "../../examples/demi/leaks.ts";
import { formatBytes, formatRatio } from "../../lib/base/format.ts";
import { LOAD_PATTERN_NAMES } from "../../lib/harness/load/load_pattern.ts";
import { type LeakRun, type LeakRunResult, watchLife } from "./_leak_run.ts";
import { LEAK_LINES, MINUTES } from "./leaks.ts";

const { values } = parseArgs({ options: { seeds: { type: "string", default: "10" } } });
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
const runs: readonly LeakRun[] = [
  ...LEAK_NAMES.map((leak) => ({ leak, pattern: "stress", seed: 1, minutes: MINUTES.stress }) as const),
  ...seeds.flatMap((seed) =>
    LOAD_PATTERN_NAMES.map((pattern) => ({ pattern, seed, minutes: MINUTES[pattern] })),
  ),
];

function judge(run: LeakRun, { verdict: { verdict }, sites }: LeakRunResult): boolean {
  if (run.leak === undefined) return verdict !== "leak";
  const [first] = sites;
  const expected = LEAK_LINES[run.leak];
  return verdict === "leak" && first?.functionName === expected.functionName && first.line === expected.line;
}

function describe(run: LeakRun, result: LeakRunResult): string {
  const { verdict, sites, answered } = result;
  const slope =
    verdict.series.find(({ series }) => series === verdict.decidedBy)?.slopeBytesPerHour.value ?? 0;
  const [site] = sites;
  const where = site
    ? `${site.functionName} ${site.file.split("/").at(-1)}:${site.line} (${formatRatio(site.share)})`
    : "";
  const name = `${run.leak ?? "healthy"}, ${run.pattern}, seed ${run.seed}, ${run.minutes} min, ${answered} messages`;
  return `${name}: ${verdict.verdict} by ${verdict.decidedBy}, ${formatBytes(slope)} an hour${run.leak ? `; ${where}` : ""}`;
}

let wrong = 0;
const queue = [...runs];
async function work(): Promise<void> {
  for (let run = queue.shift(); run; run = queue.shift()) {
    const result = await watchLife(run);
    const isRight = judge(run, result);
    if (!isRight) wrong++;
    const left = queue.length > 0 ? `  [${queue.length} to go]` : "";
    console.log(`${isRight ? "✔" : "✖"} ${describe(run, result)}${left}`);
  }
}
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, () => work()));
console.log(`${runs.length - wrong} of ${runs.length} answers are right`);
process.exitCode = wrong > 0 ? 2 : 0;
