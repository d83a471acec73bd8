// This module is browser-safe.
import type { AllocationProfile } from "./allocation_profile.ts";
import { type AllocationSite, compareProfiles } from "./compare_profiles.ts";
import type { MemorySeries } from "./sample.ts";

/** What a profiler says that had to begin anew. */
export const SAMPLING_LOST =
  "Allocation sites are known for a part of the time: another inspector ended the sampling, and it was begun anew.";

const KEPT = 3;
const LOOK_AGAIN = 1.25;

/**
 * The functions that hold more and more, from profiles over time. An earlier one to compare with is kept whenever twice as
 * long has passed as at the one before, so that there is always one from the middle of the run: what was there by then is no
 * growth, and what warmed up neither. In between it is compared now and then, as a process may end without a word.
 */
export class SiteSearch {
  #startedAt: number;
  #lookedAt: number | undefined;
  #kept: AllocationProfile[] = [];
  #compared: readonly [before: AllocationProfile, after: AllocationProfile] | undefined;

  /** @param startedAt Epoch milliseconds. */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  /**
   * What was found last, the most growing first; undefined before two profiles could be compared.
   * @param decidedBy What grows: outside the heap, those that make buffers come first, however small on the heap.
   */
  sites(decidedBy: MemorySeries | undefined): readonly AllocationSite[] | undefined {
    if (!this.#compared) return undefined;
    const isOutside = decidedBy === "external" || decidedBy === "arrayBuffers";
    return compareProfiles(...this.#compared, { rankBy: isOutside ? "buffers" : "heap" });
  }

  /** Whether a profile should be taken. The first is due at once. */
  isDue(now: number): boolean {
    return this.#isPast(now, this.#lookedAt, LOOK_AGAIN);
  }

  /** Looks at what grew since the latest profile that is older than two thirds of the run; or since the first. */
  take(profile: AllocationProfile): void {
    const { timestamp: now } = profile;
    const since = this.#startedAt + (2 / 3) * (now - this.#startedAt);
    const before = this.#kept.findLast(({ timestamp }) => timestamp <= since) ?? this.#kept[0];
    if (before) this.#compared = [before, profile];
    this.#lookedAt = now;
    if (!this.#isPast(now, this.#kept.at(-1)?.timestamp, 2)) return;
    this.#kept.push(profile);
    if (this.#kept.length > KEPT) this.#kept.shift();
  }

  /** Forgets the earlier profiles, which the next cannot be compared with. What was found stays. */
  restart(now: number): void {
    this.#startedAt = now;
    this.#lookedAt = undefined;
    this.#kept = [];
  }

  #isPast(now: number, last: number | undefined, times: number): boolean {
    return last === undefined || now - this.#startedAt >= times * Math.max(1, last - this.#startedAt);
  }
}
