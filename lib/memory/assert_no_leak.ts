import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { formatBytes } from "../base/format.ts";
import { UnsupportedError } from "../base/unsupported_error.ts";
import { hodgesLehmann } from "../stats/hodges_lehmann.ts";
import { median } from "../stats/median.ts";
import { AllocationProfiler, ProfilerBusyError } from "./allocation_profiler.ts";
import { type AllocationSite, compareProfiles } from "./compare_profiles.ts";
import { collectGarbage } from "./force_gc.ts";
import type { Estimate } from "./leak_verdict.ts";

/** Options of {@linkcode assertNoLeak}. */
export interface AssertNoLeakOptions {
  /** Calls between two looks; doubled up to three times until it can be told. @default {100} */
  readonly iterations?: number | undefined;
  /** Calls before the first look: caches fill, code is compiled. @default {2 * iterations} */
  readonly warmUp?: number | undefined;
  /** Growth a call that counts as none, bytes. @default {32} */
  readonly toleranceBytes?: number | undefined;
  /**
   * Growth that is believed at once, bytes, however likely it is that a cache fills: memory is not used up to make sure.
   *
   * @default {67_108_864}
   */
  readonly maxGrowthBytes?: number | undefined;
  /** Ends it between two calls; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Rejects where it cannot be told, too: for what must be proved, and not only not be refuted.
   *
   * @default {false}
   */
  readonly requireEvidence?: boolean | undefined;
}

/** Neither growth nor its absence could be told. */
export class LeakUndecidedError extends Error {
  override readonly name: string = "LeakUndecidedError";
  readonly result: NoLeakResult;

  constructor(result: NoLeakResult) {
    const { low, high } = result.heapBytes;
    super(
      `Cannot tell whether it leaks: the growth of the heap must be told, got ${low.toFixed(1)} to ${high.toFixed(1)} bytes a call ` +
        `in ${result.calls} calls; ask for more iterations or a longer warm-up`,
    );
    this.result = result;
  }
}

/** What {@linkcode assertNoLeak} saw. */
export interface NoLeakResult {
  /**
   * `not-enough-evidence`: it may grow by more than the tolerance, and may not, or it grows ever less, as a cache that fills.
   * Ask for more iterations or a longer warm-up.
   */
  readonly verdict: "healthy" | "not-enough-evidence";
  /** Growth of the JavaScript heap a call, with its interval. */
  readonly heapBytes: Estimate;
  /** The same of memory outside it: buffers, strings of native code. */
  readonly externalBytes: Estimate;
  /** Calls that were looked at. */
  readonly calls: number;
}

/** A function leaks: what it leaves behind at each call is not collected. */
export class LeakFoundError extends Error {
  override readonly name = "LeakFoundError";
  readonly memory: "heap" | "external";
  readonly bytesPerCall: Estimate;
  readonly calls: number;
  /** Functions that allocated what stayed, the most first. Empty where the runtime has no heap profiler. */
  readonly sites: readonly AllocationSite[];

  constructor(
    memory: "heap" | "external",
    bytesPerCall: Estimate,
    calls: number,
    sites: readonly AllocationSite[],
  ) {
    const { value, low, high } = bytesPerCall;
    const where = sites
      .slice(0, 3)
      .map(({ functionName, file, line, share }) => {
        return `\n    ${functionName} ${file}:${line} (${(share * 100).toFixed(0)} %)`;
      })
      .join("");
    super(
      `Cannot see memory return: nothing must stay after a call, got ${formatBytes(value)} a call (99.9 %: ${formatBytes(low)} to ${formatBytes(high)}) of ${memory} memory over ${calls} calls${where === "" ? "" : `; it was allocated by${where}`}`,
    );
    this.memory = memory;
    this.bytesPerCall = bytesPerCall;
    this.calls = calls;
    this.sites = sites;
  }
}

const LOOKS = 12;
const MIN_ROUNDS = 3;
const MAX_ROUNDS = 4;
const CONFIDENCE = 0.999;
const LAST_TO_FIRST = 0.8;
const PROFILED_BYTES = 1_048_576;

/**
 * Calls a function again and again and looks at what is left after full collections: whether it grows with every look, by
 * the Hodges–Lehmann estimate of the growth a call and its exact interval. Growth must go on through three rounds, each twice
 * as long, 8,600 calls by default: a cache that is full within half of them, code that is compiled late, or one look that is off
 * raise no alarm. A cache that fills evenly for longer cannot be told from a leak; warm it up. Takes 26 full collections at
 * least, 0.2 s on a small heap. Nothing else may run in the process meanwhile. Bun's heap figures are coarse: there it misses
 * what Node and Deno find.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { assertNoLeak } from "demi-health/memory";
 *
 * await assertNoLeak(() => JSON.parse('{"a":[1,2,3]}'));
 *
 * const history: object[] = [];
 * const leaks = assertNoLeak(() => void history.push({ text: new Date().toISOString() }));
 * await assert.rejects(leaks, { name: "LeakFoundError", memory: "heap" });
 * ```
 *
 * @param fn What a companion does often; awaited.
 * @throws {LeakUndecidedError} If `requireEvidence` is set and it cannot be told.
 * @throws {LeakFoundError} If memory grows by more than the tolerance at each call, with 99.9 % confidence.
 * @throws {RangeError} If an option is out of range.
 * @throws {UnsupportedError} Where nobody can force a collection (Deno without its flag).
 * @see M. Hollander, D. A. Wolfe, Nonparametric Statistical Methods, 3.1–3.3
 */
export async function assertNoLeak(
  fn: () => unknown,
  options: AssertNoLeakOptions = {},
): Promise<NoLeakResult> {
  const { iterations = 100, toleranceBytes = 32, maxGrowthBytes = 67_108_864, signal } = options;
  const { warmUp = 2 * iterations, requireEvidence = false } = options;
  if (!(Number.isSafeInteger(iterations) && iterations >= 1)) {
    refuse("iterations", "a whole number >= 1", iterations);
  }
  if (!(Number.isSafeInteger(warmUp) && warmUp >= 0)) refuse("warmUp", "a whole number >= 0", warmUp);
  if (!(toleranceBytes >= 0 && toleranceBytes < Infinity)) refuse("toleranceBytes", ">= 0", toleranceBytes);
  if (!(maxGrowthBytes >= 0)) refuse("maxGrowthBytes", ">= 0", maxGrowthBytes);
  using _flags = withoutInlining();
  await callOften(fn, warmUp, signal);
  for (let round = 1, batch = iterations; ; round++, batch *= 2) {
    const { heap, external } = await look(fn, batch, signal);
    const result = {
      heapBytes: hodgesLehmann(heap, { confidence: CONFIDENCE }),
      externalBytes: hodgesLehmann(external, { confidence: CONFIDENCE }),
      calls: LOOKS * batch,
    };
    const { heapBytes, externalBytes, calls } = result;
    if (heapBytes.high <= toleranceBytes && externalBytes.high <= toleranceBytes) {
      return { verdict: "healthy", ...result };
    }
    const growing = [
      { memory: "heap" as const, found: heapBytes, growths: heap },
      { memory: "external" as const, found: externalBytes, growths: external },
    ].filter(({ found }) => found.low > toleranceBytes);
    // a buffer holds a little of the heap, too
    const most = growing.sort((a, b) => b.found.value - a.found.value)[0];
    const isHuge = most !== undefined && most.found.value * calls > maxGrowthBytes;
    if (most && (isHuge || (round >= MIN_ROUNDS && !slackens(most.growths)))) {
      const { memory, found } = most;
      throw new LeakFoundError(
        memory,
        found,
        calls,
        await findSites(fn, iterations, batch, found.value, signal),
      );
    }
    // one look that is off widens the interval: what grows by its centre alone is worth another round
    const mayGrow = Math.max(heapBytes.value, externalBytes.value) > toleranceBytes;
    if (round === MAX_ROUNDS || (round >= MIN_ROUNDS && !mayGrow)) {
      const undecided = { verdict: "not-enough-evidence" as const, ...result };
      if (requireEvidence) throw new LeakUndecidedError(undecided);
      return undecided;
    }
  }
}

// An allocation counts for the function whose code makes it: of one that was inlined, for its caller. A runtime without
// these flags goes on without.
function withoutInlining(): Disposable {
  const set = (flags: string): void => {
    try {
      setFlagsFromString(flags);
    } catch {
      // Bun and Deno
    }
  };
  set("--no-turbo-inlining --no-maglev-inlining");
  return { [Symbol.dispose]: () => set("--turbo-inlining --maglev-inlining") };
}

function refuse(name: string, rule: string, got: number): never {
  throw new RangeError(`Cannot look for a leak: '${name}' must be ${rule}, got ${got}`);
}

async function callOften(fn: () => unknown, times: number, signal: AbortSignal | undefined): Promise<void> {
  for (let i = 0; i < times; i++) {
    signal?.throwIfAborted();
    await fn();
  }
}

/** Growth a call, from look to look. */
async function look(
  fn: () => unknown,
  batch: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly heap: Float64Array; readonly external: Float64Array }> {
  const heap = new Float64Array(LOOKS);
  const external = new Float64Array(LOOKS);
  let before = await readFloor();
  for (let i = 0; i < LOOKS; i++) {
    await callOften(fn, batch, signal);
    const after = await readFloor();
    heap[i] = (after.heapUsed - before.heapUsed) / batch;
    external[i] = (after.external - before.external) / batch;
    before = after;
  }
  return { heap, external };
}

// Twice: finalizers of the first let go of what the second collects.
async function readFloor(): Promise<{ readonly heapUsed: number; readonly external: number }> {
  await collectGarbage();
  await collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return { heapUsed, external };
}

/** Whether the last looks grew clearly less than the first: their median, as a table that doubles makes a single look jump. */
function slackens(growths: Float64Array): boolean {
  const part = LOOKS / 3;
  return median(growths.slice(-part)) < LAST_TO_FIRST * median(growths.slice(0, part));
}

async function findSites(
  fn: () => unknown,
  iterations: number,
  batch: number,
  bytesPerCall: number,
  signal: AbortSignal | undefined,
): Promise<readonly AllocationSite[]> {
  using profiler = new AllocationProfiler({ samplingIntervalBytes: 1024 });
  try {
    profiler.start();
  } catch (error) {
    // the leak is found all the same
    if (error instanceof UnsupportedError || error instanceof ProfilerBusyError) return [];
    throw error;
  }
  const calls = Math.min(4 * batch, Math.max(4 * iterations, Math.ceil(PROFILED_BYTES / bytesPerCall)));
  const before = profiler.read({ collectGarbage: true });
  await callOften(fn, calls, signal);
  await collectGarbage();
  return compareProfiles(before, profiler.read({ collectGarbage: true }), { limit: 5 });
}
