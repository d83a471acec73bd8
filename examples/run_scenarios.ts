// Runs the scenarios against a companion, pocket Demi by default, and says what is wrong with it: a table, the step and
// the line that show each defect again, on request JSON and JUnit.
import { writeFile } from "node:fs/promises";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { formatDuration } from "demi-health/base";
import {
  allScenarios,
  coreScenarios,
  type PlatformName,
  runScenario,
  type Scenario,
  type ScenarioNeed,
  type ScenarioResult,
  toJUnit,
} from "demi-health/harness";
import { loadCompanion } from "./_load_companion.ts";
import { ScenarioProgress } from "./_scenario_progress.ts";

const HELP = `Usage: node examples/run_scenarios.ts [options]

Runs every scenario in an environment of its own: mocks, data directory, virtual time.

  --companion FILE#EXPORT  factory of the companion (default pocket Demi in this process)
  --process                pocket Demi as a process of her own
  --only TEXT              scenarios whose name has this text; may be repeated
  --core                   the fifteen that every companion must pass
  --seed TEXT              everything random comes from it (default 1)
  --runs N                 run all N times, with seeds counted up (default 1)
  --platforms A,B          platforms that are there (default all that the companion has)
  --lacks A,B              what the companion does not have, such as rambles: skipped
  --junit FILE             write a JUnit report
  --json                   print the result as one line of JSON at the end
  --list                   print the scenarios, and run none
  --help                   this text

Exit code: 0 healthy, 1 could not run, 2 a defect was found, 3 not enough evidence.`;

const OPTIONS = {
  companion: { type: "string" },
  process: { type: "boolean", default: false },
  only: { type: "string", multiple: true, default: [] },
  core: { type: "boolean", default: false },
  seed: { type: "string", default: "1" },
  runs: { type: "string", default: "1" },
  platforms: { type: "string" },
  lacks: { type: "string" },
  junit: { type: "string" },
  json: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const satisfies ParseArgsOptionsConfig;

const PLATFORMS: readonly string[] = ["discord", "android", "voice"];
const NEEDS: readonly string[] = [
  ...PLATFORMS,
  "llm",
  "virtual-time",
  "initial-emotions",
  "two-platforms",
  "rambles",
];

function parseOptions() {
  const { values } = parseArgs({ options: OPTIONS, allowPositionals: false });
  const { runs, only, core, companion } = values;
  if (!/^[1-9]\d{0,5}$/.test(runs)) {
    throw new RangeError(`Cannot run scenarios: '--runs' must be an integer >= 1, got ${runs}`);
  }
  if (companion !== undefined && values.process) {
    throw new TypeError("Cannot run scenarios: '--companion' and '--process' must not both be given");
  }
  const listed = core ? coreScenarios : allScenarios;
  const wanted = (name: string): boolean =>
    only.length === 0 || only.some((text) => name.includes(text.toLowerCase()));
  const scenarios = listed.filter(({ name }) => wanted(name));
  if (scenarios.length === 0) {
    throw new RangeError(
      `Cannot run scenarios: '--only' must be part of a name (see --list), got ${only.join(", ")}`,
    );
  }
  return {
    ...values,
    runs: Number(runs),
    scenarios,
    platforms: parseList("platforms", values.platforms, PLATFORMS) as readonly PlatformName[] | undefined,
    lacks: parseList("lacks", values.lacks, NEEDS) as readonly ScenarioNeed[] | undefined,
  };
}

type RunOptions = ReturnType<typeof parseOptions>;

function parseList(
  name: string,
  text: string | undefined,
  allowed: readonly string[],
): readonly string[] | undefined {
  const items = text?.split(",").map((item) => item.trim());
  const wrong = items?.find((item) => !allowed.includes(item));
  if (wrong === undefined) return items;
  throw new RangeError(`Cannot run scenarios: '--${name}' must be of ${allowed.join(", ")}, got ${wrong}`);
}

function seedOf(seed: string, run: number): string {
  if (run === 0) return seed;
  return /^\d+$/.test(seed) ? String(BigInt(seed) + BigInt(run)) : `${seed}-${run}`;
}

async function runAll(options: RunOptions, signal: AbortSignal): Promise<readonly ScenarioResult[]> {
  const { scenarios, runs, seed, platforms, lacks } = options;
  const companion = await loadCompanion("run scenarios", options.companion, options.process);
  const results: ScenarioResult[] = [];
  const progress = new ScenarioProgress(scenarios.length * runs);
  const toCommand = (name: string, used: string): string => toCommandLine(options, name, used);
  for (let run = 0; run < runs; run++) {
    for (const scenario of scenarios) {
      if (signal.aborted) return results;
      const result = await runScenario(scenario, {
        companion,
        platforms,
        lacks,
        seed: seedOf(seed, run),
        signal,
        onStep: (does) => progress.step(scenario.name, does),
        toCommand,
      });
      if (signal.aborted) break; // its result would say nothing
      progress.next();
      progress.clear();
      results.push(result);
      if (!options.json) console.log(toLine(result, runs > 1));
    }
  }
  progress.clear();
  return results;
}

function toCommandLine(
  { companion, process: asProcess, platforms }: RunOptions,
  name: string,
  seed: string,
): string {
  const which = companion === undefined ? (asProcess ? " --process" : "") : ` --companion '${companion}'`;
  const where = platforms === undefined ? "" : ` --platforms ${platforms.join(",")}`;
  return `node examples/run_scenarios.ts${which}${where} --only '${name}' --seed '${seed}'`;
}

function toLine(result: ScenarioResult, showSeed: boolean): string {
  const { name, outcome, durationMs, simulatedMs, seed, error } = result;
  const took = formatDuration(durationMs).padStart(10);
  const simulated = formatDuration(simulatedMs).padStart(12);
  const line = `${outcome.padEnd(13)}  ${name.padEnd(26)}${took}${simulated}${showSeed ? `  seed ${seed}` : ""}`;
  return error === undefined ? line : `${line}\n    ${error.replaceAll("\n", "\n    ")}`;
}

function exitCodeOf(results: readonly ScenarioResult[], wasAborted: boolean): number {
  const has = (outcome: ScenarioResult["outcome"]): boolean =>
    results.some((each) => each.outcome === outcome);
  if (has("failed")) return 2;
  if (has("could-not-run")) return 1;
  return wasAborted || !has("passed") ? 3 : 0;
}

function list(scenarios: readonly Scenario[]): void {
  for (const { name, proves, needs } of scenarios) {
    console.log(`${name}${needs.length > 0 ? ` (needs ${needs.join(", ")})` : ""}\n    ${proves}`);
  }
}

async function main(): Promise<void> {
  const options = parseOptions();
  if (options.help) return console.log(HELP);
  if (options.list) return list(options.scenarios);
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort(new Error("interrupted"))); // a second one ends the process
  const results = await runAll(options, interrupted.signal);
  const { aborted } = interrupted.signal;
  const count = (outcome: string): number => results.filter((each) => each.outcome === outcome).length;
  process.exitCode = exitCodeOf(results, aborted);
  if (options.junit !== undefined) await writeFile(options.junit, toJUnit(results));
  if (options.json) {
    const verdict = ["healthy", "could-not-run", "defect", "not-enough-evidence"][process.exitCode];
    console.log(
      JSON.stringify({ ok: process.exitCode === 0, verdict, wasAborted: aborted, scenarios: results }),
    );
    return;
  }
  const seconds = formatDuration(results.reduce((sum, { durationMs }) => sum + durationMs, 0));
  console.log(
    `${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped, ${count("could-not-run")} could not run, in ${seconds}${aborted ? "; interrupted" : ""}`,
  );
}

try {
  await main();
} catch (error) {
  // the first sentence of Node's own messages on arguments says all
  console.error((error instanceof Error ? error.message : String(error)).split(". To specify")[0]);
  process.exitCode = 1;
}
