// This module is browser-safe.
import type { Estimate } from "../stats/estimate.ts";
import type { MemorySeries } from "./sample.ts";

export type { Estimate };

/**
 * - `healthy`: what growth there is comes to an end, or there is none.
 * - `growing`: it grows, and may be a warm-up: {@linkcode LeakVerdict.needs} says how much longer to look.
 * - `leak`: it grows without an end in sight, and did so for long enough to rule out the rest.
 * - `not-enough-evidence`: the samples cannot tell; {@linkcode LeakVerdict.needs} says what is missing.
 */
export type LeakState = "healthy" | "growing" | "leak" | "not-enough-evidence";

/** How bad it is: RSS alone never makes more than a warning, as much besides a leak can raise it. */
export type LeakSeverity = "none" | "info" | "warning" | "critical";

/** One series' answer. */
export interface SeriesVerdict {
  readonly series: MemorySeries;
  readonly verdict: LeakState;
  /** Probability that the stated verdict is right, 0…1, as calibrated on labelled traces. */
  readonly confidence: number;
  /** Growth without an end, in bytes per hour, 95 %. */
  readonly slopeBytesPerHour: Estimate;
  /** The same as a share of the level, per hour (0.01 = 1 %). */
  readonly slopeRatioPerHour: Estimate;
  /** What the unbounded growth came to over the window, as a share of the level. */
  readonly effectRatio: number;
  /** Where the floor is now, bytes. */
  readonly levelBytes: number;
  /** The floor as the detector sees it: what a chart draws below the samples. */
  readonly floor: readonly { readonly timestamp: number; readonly bytes: number }[];
  /** Where it will be in seven days, 90 % prediction interval. */
  readonly inSevenDaysBytes: Estimate;
  /** Hours until the limits, 90 %; `undefined` when not reached within a year, or not known. Limit in bytes first. */
  readonly hoursUntil: readonly { readonly limitBytes: number; readonly hours: Estimate | undefined }[];
  /** Samples looked at, hours they span, visible collections (falls of a sawtooth), restarts. */
  readonly looked: {
    readonly samples: number;
    readonly hours: number;
    readonly collections: number;
    readonly restarts: number;
  };
  /** What is missing for a firmer answer, in a sentence; empty for `healthy` and `leak`. */
  readonly needs: string;
  /** The reasons, a sentence each, the weightiest first. */
  readonly evidence: readonly string[];
}

/** The detector's answer over all series. */
export interface LeakVerdict {
  readonly verdict: LeakState;
  readonly severity: LeakSeverity;
  /** Epoch milliseconds of the newest sample; 0 without one. */
  readonly timestamp: number;
  /** The series that decided. `undefined` without samples. */
  readonly decidedBy: MemorySeries | undefined;
  readonly series: readonly SeriesVerdict[];
  readonly needs: string;
  readonly evidence: readonly string[];
}
