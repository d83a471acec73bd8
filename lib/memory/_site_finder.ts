import type { AllocationProfile } from "./allocation_profile.ts";
import { AllocationProfiler } from "./allocation_profiler.ts";
import { type AllocationSite, compareProfiles } from "./compare_profiles.ts";
import type { Clock } from "../base/clock.ts";
import { canForceGc } from "./force_gc.ts";

/** What {@linkcode SiteFinder} reads profiles of. */
interface SiteFinderOptions {
  readonly samplingIntervalBytes: number;
  readonly clock: Clock;
}

const BASELINES = 3;

/**
 * Finds the functions whose objects came to stay. A profile is read whenever twice as long has passed as at the one before, so
 * that there is always one from the middle of the run: what was there by then is no growth, and what warmed up neither.
 */
export class SiteFinder implements Disposable {
  readonly #profiler: AllocationProfiler;
  readonly #clock: Clock;
  #baselines: AllocationProfile[] = [];
  #startedAt = 0;

  constructor({ samplingIntervalBytes, clock }: SiteFinderOptions) {
    this.#profiler = new AllocationProfiler({ samplingIntervalBytes, clock });
    this.#clock = clock;
  }

  /** @throws {Error} As {@linkcode AllocationProfiler.start} does. */
  start(): void {
    this.#profiler.start();
    this.#startedAt = this.#clock.now();
    this.#baselines = [];
  }

  /** Reads a profile if it is time to. The first is due at once. */
  look(): void {
    const elapsed = this.#clock.now() - this.#startedAt;
    const last = this.#baselines.at(-1);
    if (last && elapsed < 2 * Math.max(1, last.timestamp - this.#startedAt)) return;
    this.#baselines.push(this.read());
    if (this.#baselines.length > BASELINES) this.#baselines.shift();
  }

  read(): AllocationProfile {
    return this.#profiler.read({ collectGarbage: canForceGc() });
  }

  /** Growing since the latest profile that is older than a third of the run; or since the first. */
  find(now: AllocationProfile = this.read()): readonly AllocationSite[] {
    const elapsed = now.timestamp - this.#startedAt;
    const since = this.#startedAt + (2 / 3) * elapsed;
    const before = this.#baselines.findLast(({ timestamp }) => timestamp <= since) ?? this.#baselines[0];
    return before ? compareProfiles(before, now) : [];
  }

  [Symbol.dispose](): void {
    this.#profiler.stop();
  }
}
