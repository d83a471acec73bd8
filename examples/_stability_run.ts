// `run`: one stability run in this process, from its beginning or its last checkpoint to its end.
import { mkdir, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { formatDuration, systemClock } from "demi-health/base";
import {
  inspectRun,
  LongRunningStabilityTest,
  RunDirectoryError,
  type RunRecord,
  type StabilityResults,
} from "demi-health/stability";
import { acquireLock, StoreLockedError } from "../lib/store/lock_file.ts";
import { keepChoices, type RunCommand, toTestOptions } from "./_stability_options.ts";
import { LiveProgress } from "./_stability_progress.ts";

const EXIT_CODES = { healthy: 0, defect: 2, "not-enough-evidence": 3 } as const;
const STOP_MS = 5000;

/** Runs, and returns the exit code. Tells the process that started this one, if it wants to know, once all is set up. */
export async function runHere(command: RunCommand): Promise<number> {
  const signal = stopOnSignal();
  const { directory } = command;
  // from here until it is set up, so that of two that start at once none moves the other one's run aside
  await using starting = new AsyncDisposableStack();
  await takeTurn(starting, directory);
  const before = await inspectRun(directory);
  const over = isOver(before, command) ? before.results : undefined;
  if (over) return await conclude(over, undefined, command);
  if (before.pid !== undefined) throw runningAlready(directory, before.pid);
  const options = await toTestOptions(command);
  if (!command.resume) await setAside(before);
  const progress = new LiveProgress();
  await using test = new LongRunningStabilityTest({
    ...options,
    signal,
    onProgress: (told) => progress.show(told),
  });
  await test.setup();
  await keepChoices(command);
  await starting.disposeAsync();
  process.send?.("ready");
  try {
    const results = await test.run();
    progress.clear();
    return await conclude(results, test, command);
  } catch (error) {
    progress.clear();
    // what a week proved is told, also where it cannot be kept
    if (error instanceof RunDirectoryError && error.results) console.log(toText(error.results, undefined));
    throw error;
  }
}

/** Why there cannot be another one. */
export function runningAlready(directory: string, pid: number): RunDirectoryError {
  return new RunDirectoryError(
    `Cannot run stability test: ${directory} must be free, got process ${pid} running in it`,
  );
}

async function takeTurn(stack: AsyncDisposableStack, directory: string): Promise<void> {
  try {
    await mkdir(dirname(directory), { recursive: true });
    stack.use(await acquireLock(directory));
  } catch (error) {
    if (error instanceof StoreLockedError) throw runningAlready(directory, error.pid);
    const got = error instanceof Error ? error.message : String(error);
    throw new RunDirectoryError(`Cannot run stability test: ${directory} must be writable, got ${got}`);
  }
}

/** Going on with a run that is over shows what it proved; a later end makes it go on. */
function isOver({ status, results }: RunRecord, { resume, choices }: RunCommand): boolean {
  const { until = choices.hours ?? "168" } = choices;
  return resume && status === "finished" && (results?.plannedMs ?? 0) >= Number(until) * 3_600_000;
}

/** A run that was here before is kept, beside: a week is soon lost by a forgotten option. */
async function setAside({ directory, status, progress }: RunRecord): Promise<void> {
  if (status === "nothing") return;
  let target: string;
  for (let number = 1; ; number++) {
    target = `${directory}.${number}`;
    if (!(await stat(target).catch(() => undefined))) break;
  }
  await rename(directory, target);
  const far = progress === undefined ? "" : ` after ${formatDuration(progress.elapsedMs)}`;
  console.error(`The run that was here (${status}${far}) is now in ${target}`);
}

/** The first signal ends the run, which then writes what it saw; a second one, or five seconds, the process. */
function stopOnSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (stopping.signal.aborted) process.exit(1);
      stopping.abort(new Error(`${name} was received`));
      const timer = systemClock.setTimer(endAtOnce, STOP_MS, { keepAlive: false });
      void timer;
    });
  }
  return stopping.signal;
}

function endAtOnce(): never {
  console.error("It did not end in time: --resume goes on from its last checkpoint");
  process.exit(1);
}

async function conclude(
  results: StabilityResults,
  test: LongRunningStabilityTest | undefined,
  { directory, report, json }: RunCommand,
): Promise<number> {
  if (report !== undefined && test) await test.generateReport(report);
  const code = results.end === "stopped" && results.outcome !== "defect" ? 3 : EXIT_CODES[results.outcome];
  console.log(toText(results, directory));
  if (report !== undefined) console.log(`Report: ${report}`);
  if (json) {
    const verdict = (["healthy", "could-not-run", "defect", "not-enough-evidence"] as const)[code];
    console.log(JSON.stringify({ ok: code === 0, verdict, directory, report, ...results }));
  }
  return code;
}

function toText(results: StabilityResults, directory: string | undefined): string {
  const { outcome, summary, end, elapsedMs, requirements, findings, properties, eventHash } = results;
  const endings = {
    finished: "",
    stopped: `Stopped after ${formatDuration(elapsedMs)}${directory === undefined ? "" : `: run --resume --dir ${directory} goes on`}`,
    hopeless: `Ended early, after ${formatDuration(elapsedMs)}: it could no longer pass`,
  };
  const lines = Object.entries(requirements).flatMap(([name, { outcome: each, evidence }]) => [
    `${name}  ${each}`,
    ...evidence.map((sentence) => `    ${sentence}`),
  ]);
  for (const { name, outcome: each } of properties) {
    if (each !== "held") lines.push(`"${name}": ${each}`);
  }
  for (const { requirement, kind, message, count, reproduce } of findings) {
    lines.push(
      `${requirement} ${kind}${count > 1 ? ` (${count} times)` : ""}: ${message}`,
      `    ${reproduce}`,
    );
  }
  lines.push(`Event hash ${eventHash}`);
  if (directory !== undefined) lines.push(`In ${join(directory, "results.json")}`);
  if (endings[end] !== "") lines.push(endings[end]);
  return [...lines, `${outcome}: ${summary}`].join("\n");
}
