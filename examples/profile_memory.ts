// Watches the memory of pocket Demi, of a process by its number, or of a command that it starts, and says whether it
// leaks, how long it will last, and which line leaks. Writes a report as HTML and text; Ctrl-C writes it, too.
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { formatBytes, formatDuration, formatRatio, systemClock } from "demi-health/base";
import {
  type AllocationSite,
  type LeakVerdict,
  MemoryProfiler,
  RemoteMemoryProfiler,
} from "demi-health/memory";
import { checkReportPath } from "demi-health/reports";
import { existingProcess, type ProfileTarget, startCommand, startDemo } from "./_profile_target.ts";

const HELP = `Usage: node examples/profile_memory.ts [options] [-- command ...]

Profiles pocket Demi with users who talk to her, or --pid, or a command.

  --duration S   how long, in seconds (default 3600)
  --interval S   between two samples, in seconds (default 30)
  --pid N        a process that runs, from outside: resident memory only
  --inspect      with --pid: opens its inspector and looks inside (Node on Linux)
  --min-minutes N  below which nothing is called a leak (default 70 % of the duration, 30 at least): processes warm up
  --no-gc        does not collect garbage before each sample
  --leak NAME    pocket Demi loses memory: history, listener, timer, closure, buffer or log
  --gap S        seconds between two messages of a user of pocket Demi (default 10)
  --seed TEXT    seed of her users (default 1)
  --report FILE  report to write; its text goes beside it (default memory_report.html)
  --json         print the result as one line of JSON at the end
  --help         this text

Exit code: 0 healthy, 1 could not run or not write the report, 2 a leak was found, 3 not enough evidence.`;

const OPTIONS = {
  duration: { type: "string", default: "3600" },
  interval: { type: "string", default: "30" },
  pid: { type: "string" },
  inspect: { type: "boolean", default: false },
  "min-minutes": { type: "string" },
  gc: { type: "boolean", default: true },
  leak: { type: "string" },
  gap: { type: "string", default: "10" },
  seed: { type: "string", default: "1" },
  report: { type: "string", default: "memory_report.html" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const satisfies ParseArgsOptionsConfig;

const END_MS = 1000;
const EXIT_CODES = { healthy: 0, leak: 2, growing: 3, "not-enough-evidence": 3 } as const;

function parseOptions() {
  const { values, positionals } = parseArgs({
    options: OPTIONS,
    allowPositionals: true,
    allowNegative: true,
  });
  const seconds = (name: "duration" | "interval" | "gap"): number => {
    const value = Number(values[name]);
    if (value > 0 && value < Infinity) return value * 1000;
    throw new RangeError(`Cannot profile: '--${name}' must be > 0 seconds, got ${values[name]}`);
  };
  const pid = values.pid === undefined ? undefined : Number(values.pid);
  if (pid !== undefined && !(Number.isSafeInteger(pid) && pid > 0)) {
    throw new RangeError(`Cannot profile: '--pid' must be a process number, got ${values.pid}`);
  }
  if (pid !== undefined && positionals.length > 0) {
    throw new TypeError("Cannot profile: '--pid' and a command must not both be given");
  }
  const [durationMs, intervalMs] = [seconds("duration"), seconds("interval")];
  if (intervalMs > durationMs / 2) {
    throw new RangeError(
      `Cannot profile: '--interval' must be at most half of '--duration', got ${values.interval} of ${values.duration}`,
    );
  }
  const minMinutes = Number(values["min-minutes"] ?? Math.max(30, (0.7 * durationMs) / 60_000));
  if (!(minMinutes >= 0 && minMinutes < Infinity)) {
    throw new RangeError(`Cannot profile: '--min-minutes' must be >= 0, got ${values["min-minutes"]}`);
  }
  return { ...values, minMinutes, durationMs, intervalMs, gapMs: seconds("gap"), pid, command: positionals };
}

type ProfileOptions = ReturnType<typeof parseOptions>;
type Profiler = MemoryProfiler | RemoteMemoryProfiler;

function startTarget({ pid, command, leak, seed, gapMs }: ProfileOptions): Promise<ProfileTarget> {
  if (pid !== undefined) return Promise.resolve(existingProcess(pid));
  return command.length > 0 ? startCommand(command) : startDemo(leak, seed, gapMs);
}

/** @throws {Error} If it ends before that, with how; or it cannot be looked into. */
async function attach(target: ProfileTarget, options: ProfileOptions): Promise<Profiler> {
  try {
    return await lookInto(target, options);
  } catch (error) {
    // an inspector goes a moment before its process is known to be gone
    const how = await Promise.race([target.ended, systemClock.sleep(END_MS)]);
    throw how === undefined ? error : new Error(`Cannot profile ${target.name}: ${how}`, { cause: error });
  }
}

async function lookInto(target: ProfileTarget, options: ProfileOptions): Promise<Profiler> {
  const { intervalMs, minMinutes, gc, inspect } = options;
  const shared = {
    intervalMs,
    collectGarbage: gc,
    // who asks for an hour wants an answer from it
    minHours: Math.min(2, minMinutes / 60),
    samplingIntervalBytes: 65_536,
    onError: tellOnce(),
  };
  const { inspector, pid, isOurs } = target;
  if (inspector !== undefined) {
    return await RemoteMemoryProfiler.attach({ url: inspector }, { ...shared, withoutInlining: isOurs });
  }
  if (inspect) return await RemoteMemoryProfiler.attach({ pid }, shared);
  return new MemoryProfiler({ ...shared, pid });
}

function tellOnce(): (error: unknown) => void {
  let last: string | undefined;
  return (error) => {
    const text = error instanceof Error ? error.message : String(error);
    if (text !== last) console.error(text);
    last = text;
  };
}

async function profile(options: ProfileOptions): Promise<void> {
  await checkReportPath(options.report);
  const interrupted = untilInterrupted();
  await using target = await startTarget(options);
  const profiler = await attach(target, options);
  try {
    profiler.start();
    console.log(`Profiling ${target.name} (process ${target.pid}) for ${formatDuration(options.durationMs)}`);
    const progress = new LiveLine(profiler, options.durationMs);
    const hide = profiler.subscribe((event) => progress.show(event));
    const over = systemClock.sleep(options.durationMs).then(() => undefined);
    const why = await Promise.race([over, interrupted, target.ended]);
    hide();
    progress.clear();
    if (profiler.samples.length === 0)
      throw new Error(`Cannot profile ${target.name}: ${why ?? "no sample"}`);
    if (why !== undefined) console.log(`Stopped early: ${why}`);
  } finally {
    await end(profiler);
  }
  await conclude(profiler, options);
}

async function end(profiler: Profiler): Promise<void> {
  if (profiler instanceof MemoryProfiler) profiler.stop();
  else await profiler[Symbol.asyncDispose]();
}

async function conclude(profiler: Profiler, options: ProfileOptions): Promise<void> {
  const verdict = profiler.verdict();
  const sites = await profiler.findSites();
  process.exitCode = EXIT_CODES[verdict.verdict];
  const held = sites.filter(({ share }) => share >= 0.1).slice(0, 3);
  console.log(
    `${verdict.verdict}${verdict.decidedBy ? ` (${verdict.decidedBy})` : ""}: ${reasonOf(verdict)}`,
  );
  if (verdict.verdict !== "healthy" && held.length > 0) {
    console.log("What came to stay was allocated in, and is kept by it or by one that called it:");
    for (const site of held) console.log(`  ${describeSite(site)}`);
  }
  const reports = await writeReports(profiler, options.report);
  if (!options.json) return;
  const { decidedBy, needs, evidence } = verdict;
  const found = sites.slice(0, 5).map(({ functionName, file, line, growthBytes, share, callers }) => {
    return { functionName, file, line, growthBytes, share, callers: callers.slice(0, 4) };
  });
  const samples = profiler.samples.length;
  console.log(
    JSON.stringify({ verdict: verdict.verdict, decidedBy, needs, evidence, samples, sites: found, reports }),
  );
}

function describeSite({ functionName, file, line, share, callers }: AllocationSite): string {
  const [caller] = callers;
  const by = caller
    ? `, called by ${caller.functionName || "(anonymous)"} ${caller.file}:${caller.line}`
    : "";
  return `${functionName} ${file}:${line} (${formatRatio(share)})${by}`;
}

/** The verdict was told before: it is not lost with a disk that is full. */
async function writeReports(profiler: Profiler, path: string): Promise<readonly string[]> {
  try {
    const reports = await profiler.generateReport(path);
    console.log(`Report: ${reports.join(", ")}`);
    return reports;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    if (process.exitCode !== EXIT_CODES.leak) process.exitCode = 1;
    return [];
  }
}

function reasonOf({ evidence, needs }: LeakVerdict): string {
  return evidence[0] ?? (needs === "" ? "nothing grows." : `it needs ${needs}.`);
}

/** One line on standard error with the newest figures and the time left; a line now and then where that is no terminal. */
class LiveLine {
  readonly #profiler: Profiler;
  readonly #durationMs: number;
  readonly #startMs: number = systemClock.monotonicMs();
  #tenths = 0;

  constructor(profiler: Profiler, durationMs: number) {
    this.#profiler = profiler;
    this.#durationMs = durationMs;
  }

  show(event: Parameters<Parameters<Profiler["subscribe"]>[0]>[0]): void {
    if (event.type !== "sample") {
      this.clear();
      console.error(`${event.type}: resident memory is ${formatBytes(event.rssBytes)}`);
      return;
    }
    const { rssBytes, heapUsedBytes, postGcBytes = heapUsedBytes } = event.sample;
    const elapsed = systemClock.monotonicMs() - this.#startMs;
    const left = formatDuration(Math.max(0, this.#durationMs - elapsed));
    const heap = postGcBytes === undefined ? "" : `, heap ${formatBytes(postGcBytes)}`;
    const line = `${left} left: resident ${formatBytes(rssBytes)}${heap}; ${this.#profiler.verdict().verdict}`;
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\u001b[2K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
    } else if (elapsed / this.#durationMs >= this.#tenths / 10) {
      this.#tenths = Math.floor((10 * elapsed) / this.#durationMs) + 1;
      console.error(line);
    }
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[2K");
  }
}

/** Resolves at the first Ctrl-C, SIGTERM, or closing of the terminal; a second one ends the process. */
function untilInterrupted(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let isStopping = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      resolve(`${signal} was received`);
    });
  }
  return promise;
}

try {
  const options = parseOptions();
  if (options.help) console.log(HELP);
  else await profile(options);
  // a timer of the duration may be left
  process.exit();
} catch (error) {
  console.error((error instanceof Error ? error.message : String(error)).split(". To specify")[0]);
  process.exit(1);
}
