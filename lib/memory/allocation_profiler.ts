import { Session } from "node:inspector";
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";
import { type HeapProfile, toAllocations } from "./_heap_profile.ts";
import type { AllocationProfile } from "./allocation_profile.ts";
import { forceGc } from "./force_gc.ts";
import { SamplingLostError } from "./sampling_lost_error.ts";
import { UnsupportedError } from "../base/unsupported_error.ts";

/** Options of {@linkcode AllocationProfiler}. */
export interface AllocationProfilerOptions {
  /**
   * One object is sampled for about so many bytes allocated. On a loop that does nothing but allocate, 512 KiB cost
   * 3 % of its time, 128 KiB 11 % and 32 KiB 36 %; a growth of 8 MiB is then known to ± 25 %, of 128 MiB to ± 6 %.
   *
   * @default {524_288}
   */
  readonly samplingIntervalBytes?: number | undefined;
  /** Stamps the profiles. @default {systemClock} */
  readonly clock?: Clock | undefined;
}

/** Options of {@linkcode AllocationProfiler.read}. */
export interface ReadProfileOptions {
  /** Collects garbage before: what is left is held. Without, garbage since the last collection counts. @default {false} */
  readonly collectGarbage?: boolean | undefined;
}

/** Somebody else's profiler runs: V8 has one in a thread, and whoever stops it stops all. */
export class ProfilerBusyError extends Error {
  override readonly name = "ProfilerBusyError";

  constructor() {
    super("Cannot start allocation profiler: it must be the only one of its thread, got a second one");
  }
}

let isBusy = false;

/**
 * Reads where the objects that are alive now were allocated, by V8's sampling heap profiler. Two profiles at a
 * distance, given to {@linkcode compareProfiles}, name the functions that leak. Objects that were there before
 * {@linkcode AllocationProfiler.start} are in none of them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { AllocationProfiler, compareProfiles } from "demi-health/memory";
 *
 * const history: object[] = [];
 * function remember(): void {
 *   for (let i = 0; i < 100_000; i++) history.push({ text: `message ${i}` });
 * }
 * using profiler = new AllocationProfiler({ samplingIntervalBytes: 32_768 });
 * profiler.start();
 * const before = profiler.read({ collectGarbage: true });
 * remember();
 * const [site] = compareProfiles(before, profiler.read({ collectGarbage: true }));
 * assert.equal(site?.functionName, "remember");
 * ```
 */
export class AllocationProfiler implements Disposable {
  readonly samplingIntervalBytes: number;
  readonly #clock: Clock;
  #session: Session | undefined;

  /** @throws {RangeError} If the interval is not a whole number of bytes ≥ 1. */
  constructor(options: AllocationProfilerOptions = {}) {
    const { samplingIntervalBytes = 524_288, clock = systemClock } = options;
    if (!(Number.isSafeInteger(samplingIntervalBytes) && samplingIntervalBytes >= 1)) {
      throw new RangeError(
        `Cannot make allocation profiler: 'samplingIntervalBytes' must be a whole number >= 1, got ${samplingIntervalBytes}`,
      );
    }
    this.samplingIntervalBytes = samplingIntervalBytes;
    this.#clock = clock;
  }

  get isRunning(): boolean {
    return this.#session !== undefined;
  }

  /**
   * Begins to sample. Does nothing when it runs already. Where an inspector from outside samples, its samples are read, as
   * V8 has one sampler only.
   *
   * @throws {UnsupportedError} On Deno and Bun, whose `node:inspector` has no heap profiler.
   * @throws {ProfilerBusyError} If another one runs in this thread.
   */
  start(): void {
    if (this.#session) return;
    if (isBusy) throw new ProfilerBusyError();
    const session = connect();
    try {
      if (!isSampling(session)) this.#sample(session);
    } catch (error) {
      session.disconnect();
      throw error;
    }
    this.#session = session;
    isBusy = true;
  }

  /**
   * The sampled objects that are alive. Stops the process for some milliseconds, 0.1 s on a heap of 200 MB, and for
   * a full collection if one is asked for.
   *
   * @throws {TypeError} If it does not run.
   * @throws {SamplingLostError} If another inspector ended the sampling. It is begun anew.
   */
  read(options: ReadProfileOptions = {}): AllocationProfile {
    const { collectGarbage = false } = options;
    if (!this.#session)
      throw new TypeError("Cannot read allocation profile: the profiler must be running, got a stopped one");
    if (collectGarbage) forceGc();
    const profile = readProfile(this.#session);
    if (!profile) {
      this.#sample(this.#session);
      throw new SamplingLostError();
    }
    const allocations = toAllocations(profile, import.meta.url);
    return {
      timestamp: this.#clock.now(),
      samplingIntervalBytes: this.samplingIntervalBytes,
      totalBytes: allocations.reduce((sum, { bytes }) => sum + bytes, 0),
      allocations,
    };
  }

  /** Ends the sampling. Does nothing when it does not run. */
  stop(): void {
    if (!this.#session) return;
    this.#session.disconnect(); // V8 stops sampling with it, and need not make a last profile
    this.#session = undefined;
    isBusy = false;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #sample(session: Session): void {
    demand(post(session, "HeapProfiler.startSampling", { samplingInterval: this.samplingIntervalBytes }));
  }
}

function connect(): Session {
  try {
    const session = new Session();
    session.connect();
    return session;
  } catch (cause) {
    throw new UnsupportedError("start allocation profiler", "sampling heap profiler", { cause });
  }
}

// Undefined where nobody samples.
function readProfile(session: Session): HeapProfile | undefined {
  const answer = post(session, "HeapProfiler.getSamplingProfile");
  if (answer?.error?.message.includes("not started")) return undefined;
  return (demand(answer) as { profile: HeapProfile }).profile;
}

function isSampling(session: Session): boolean {
  return readProfile(session) !== undefined;
}

interface Answer {
  readonly error: Error | null;
  readonly result: unknown;
}

// Within one thread the inspector answers before `post` returns.
function post(session: Session, method: string, parameters: object = {}): Answer | undefined {
  let answer: Answer | undefined;
  session.post(method, parameters, (error: Error | null, result: unknown) => {
    answer = { error, result };
  });
  return answer;
}

function demand(answer: Answer | undefined): object {
  if (typeof answer?.result === "object" && answer.result !== null && !answer.error) return answer.result;
  throw new UnsupportedError("ask for heap profile", "sampling heap profiler", { cause: answer?.error });
}
