// How often compareRuns calls two runs of one companion with other seeds a regression, and how often it finds a slower
// language model. Prints a line each; ends with 2 if more than one equal pair in twenty is called worse.
import { parseArgs } from "node:util";
import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import type { LoadPatternName } from "../../lib/harness/load/load_pattern.ts";
import type { TimelineLine } from "../../lib/stability/_timeline.ts";
import { type ComparableRun, compareRuns } from "../../lib/stability/compare_runs.ts";
import { LongRunningStabilityTest } from "../../lib/stability/long_running_stability_test.ts";

const HELP = `Usage: node test/defects/run_comparisons.ts [options]

  --pairs N      pairs of runs of one companion, each with seeds of its own (default 20)
  --hours N      virtual length of a run (default 2)
  --pattern NAME load (default casual)
  --slower A,B   factors by which the language model is slower, for as many pairs each (default 1.2,1.5,2)
  --help         this text

Exit code: 0 at most one equal pair in twenty is called a regression, 2 more.`;

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "20" },
    hours: { type: "string", default: "2" },
    pattern: { type: "string", default: "casual" },
    slower: { type: "string", default: "1.2,1.5,2" },
    help: { type: "boolean", default: false },
  },
});

async function observe(seed: string, slower: number): Promise<ComparableRun> {
  const lines: TimelineLine[] = [];
  await using test = new LongRunningStabilityTest({
    companion: pocketDemi,
    durationHours: Number(values.hours),
    pattern: values.pattern as LoadPatternName,
    seed,
    onEvent: (line) => void lines.push(line),
    environment: { ollama: { firstTokenMs: 200 * slower, tokensPerSecond: 50 / slower } },
  });
  await test.setup();
  return { results: await test.run(), lines };
}

/** How many of the pairs are called what. */
async function tryPairs(before: readonly ComparableRun[], slower: number): Promise<number> {
  const outcomes = new Map<string, number>();
  for (const [index, each] of before.entries()) {
    const { outcome } = compareRuns(each, await observe(`after ${slower} ${index}`, slower));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  const told = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
  console.log(`${slower === 1 ? "equal" : `${slower} times slower`}: ${before.length} pairs, ${told}`);
  return (outcomes.get("regression") ?? 0) / before.length;
}

if (values.help) console.log(HELP);
else {
  await observe("warm-up", 1); // a companion in this process has this process's heap, and code is compiled once
  const before: ComparableRun[] = [];
  for (let index = 0; index < Number(values.pairs); index++) before.push(await observe(`before ${index}`, 1));
  const rate = await tryPairs(before, 1);
  for (const slower of values.slower.split(",").map(Number)) await tryPairs(before, slower);
  if (rate > 0.05) process.exitCode = 2;
}
