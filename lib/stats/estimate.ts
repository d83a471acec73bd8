// This module is browser-safe.

/** An estimate with the interval that holds the truth with the stated confidence. */
export interface Estimate {
  readonly value: number;
  /** Lower end of the interval. */
  readonly low: number;
  /** Upper end of the interval. */
  readonly high: number;
  /** Share of such intervals that hold the truth, 0…1. */
  readonly confidence: number;
}
