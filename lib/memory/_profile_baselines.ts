// This module is browser-safe.
import type { AllocationProfile } from "./allocation_profile.ts";
import { type AllocationSite, compareProfiles } from "./compare_profiles.ts";

const KEPT = 3;

/**
 * Earlier profiles, to compare the newest with. One is due whenever twice as long has passed as at the one before, so
 * that there is always one from the middle of the run: what was there by then is no growth, and what warmed up neither.
 */
export class ProfileBaselines {
  readonly #startedAt: number;
  readonly #kept: AllocationProfile[] = [];

  /** @param startedAt Epoch milliseconds. */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  /** The first is due at once. */
  isDue(now: number): boolean {
    const last = this.#kept.at(-1);
    return !last || now - this.#startedAt >= 2 * Math.max(1, last.timestamp - this.#startedAt);
  }

  add(profile: AllocationProfile): void {
    this.#kept.push(profile);
    if (this.#kept.length > KEPT) this.#kept.shift();
  }

  /** What grew since the latest profile that is older than two thirds of the run; or since the first. */
  compare(now: AllocationProfile): readonly AllocationSite[] {
    const since = this.#startedAt + (2 / 3) * (now.timestamp - this.#startedAt);
    const before = this.#kept.findLast(({ timestamp }) => timestamp <= since) ?? this.#kept[0];
    return before ? compareProfiles(before, now) : [];
  }
}
