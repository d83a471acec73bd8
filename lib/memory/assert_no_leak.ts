import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { hodgesLehmann } from "../stats/hodges_lehmann.ts";
import { formatBytes } from "../base/format.ts";
import { AllocationProfiler } from "./allocation_profiler.ts";
import { type AllocationSite, compareProfiles } from "./compare_profiles.ts";
import { collectGarbage } from "./force_gc.ts";
import type { Estimate } from "./leak_verdict.ts";

/** Options of {@linkcode assertNoLeak}. */
export interface AssertNoLeakOptions {
  /** Calls between two looks; doubled twice while it cannot be told. @default {100} */
  readonly iterations?: number | undefined;
  /** Calls before the first look: caches fill, code is compiled. @default {2 * iterations} */
  readonly warmUp?: number | undefined;
  /** Growth a call that counts as none, bytes. @default {32} */
  readonly toleranceBytes?: number | undefined;
}

/** What {@linkcode assertNoLeak} saw. */
export interface NoLeakResult {
  /** `not-enough-evidence`: it may grow by more than the tolerance, and may not. Ask for more iterations. */
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
const ROUNDS = 3;
const CONFIDENCE = 0.999;

/**
 * Calls a function again and again and looks at what is left after full collections: whether it grows with every look, by
 * the Hodges–Lehmann estimate of the growth a call and its exact interval. One look that is off, a cache that fills up
 * within the first half, or code that is compiled late raise no alarm. Takes 24 full collections at least, 0.2 s on a small
 * heap. Bun's heap figures are coarse: there it misses what Node and Deno find.
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
 * @throws {LeakFoundError} If memory grows by more than the tolerance at each call, with 99.9 % confidence.
 * @throws {RangeError} If an option is out of range.
 * @throws {UnsupportedError} Where nobody can force a collection (Deno without its flag).
 * @see M. Hollander, D. A. Wolfe, Nonparametric Statistical Methods, 3.1–3.3
 */
export async function assertNoLeak(
  fn: () => unknown,
  options: AssertNoLeakOptions = {},
): Promise<NoLeakResult> {
  const { iterations = 100, toleranceBytes = 32 } = options;
  const { warmUp = 2 * iterations } = options;
  if (!(Number.isSafeInteger(iterations) && iterations >= 1)) refuse("iterations", ">= 1", iterations);
  if (!(Number.isSafeInteger(warmUp) && warmUp >= 0)) refuse("warmUp", ">= 0", warmUp);
  if (!(toleranceBytes >= 0 && toleranceBytes < Infinity)) {
    throw new RangeError(`Cannot look for a leak: 'toleranceBytes' must be >= 0, got ${toleranceBytes}`);
  }
  using _flags = withoutInlining();
  await callOften(fn, warmUp);
  for (let round = 0, batch = iterations; ; round++, batch *= 2) {
    const { heap, external } = await look(fn, batch);
    const heapBytes = hodgesLehmann(heap, { confidence: CONFIDENCE });
    const externalBytes = hodgesLehmann(external, { confidence: CONFIDENCE });
    const calls = LOOKS * batch;
    // a buffer holds a little of the heap, too
    const memory = externalBytes.value > heapBytes.value ? "external" : "heap";
    const found = memory === "heap" ? heapBytes : externalBytes;
    if (found.low > toleranceBytes) {
      throw new LeakFoundError(memory, found, calls, await findSites(fn, 4 * batch));
    }
    const isHealthy = heapBytes.high <= toleranceBytes && externalBytes.high <= toleranceBytes;
    if (isHealthy || round === ROUNDS - 1) {
      return { verdict: isHealthy ? "healthy" : "not-enough-evidence", heapBytes, externalBytes, calls };
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
  throw new RangeError(`Cannot look for a leak: '${name}' must be a whole number ${rule}, got ${got}`);
}

async function callOften(fn: () => unknown, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await fn();
}

/** Growth a call, from look to look. */
async function look(
  fn: () => unknown,
  batch: number,
): Promise<{ readonly heap: Float64Array; readonly external: Float64Array }> {
  const heap = new Float64Array(LOOKS);
  const external = new Float64Array(LOOKS);
  let before = await readFloor();
  for (let i = 0; i < LOOKS; i++) {
    await callOften(fn, batch);
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

async function findSites(fn: () => unknown, calls: number): Promise<readonly AllocationSite[]> {
  using profiler = new AllocationProfiler({ samplingIntervalBytes: 1024 });
  try {
    profiler.start();
  } catch {
    return []; // no profiler here, or somebody else's runs: the leak is found all the same
  }
  const before = profiler.read({ collectGarbage: true });
  await callOften(fn, calls);
  await collectGarbage();
  return compareProfiles(before, profiler.read({ collectGarbage: true }), { limit: 5 });
}
