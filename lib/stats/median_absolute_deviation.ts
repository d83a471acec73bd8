// This module is browser-safe.
import { median } from "./median.ts";

/** What makes the median absolute deviation of normal data estimate their standard deviation: 1 / Φ⁻¹(3/4). */
export const NORMAL_CONSISTENCY = 1.482_602_218_505_602;

/** Options of {@linkcode medianAbsoluteDeviation}. */
export interface MedianAbsoluteDeviationOptions {
  /**
   * Factor of the result. {@linkcode NORMAL_CONSISTENCY} makes it comparable with a standard deviation.
   *
   * @default {1}
   */
  scale?: number | undefined;
}

/**
 * Median distance of the values to their median: a measure of spread that up to half of the values cannot move
 * arbitrarily. Not scaled unless asked for. 0 when more than half of the values are equal. `NaN` if any value is.
 *
 * @example One wild value does not matter
 * ```ts
 * import assert from "node:assert/strict";
 * import { medianAbsoluteDeviation } from "demi-health/stats";
 *
 * assert.equal(medianAbsoluteDeviation([1, 2, 3, 4, 1e9]), 1);
 * ```
 *
 * @param values In any order; not modified.
 * @throws {RangeError} If there are no values, or `scale` is not above 0.
 */
export function medianAbsoluteDeviation(
  values: ArrayLike<number>,
  options: MedianAbsoluteDeviationOptions = {},
): number {
  const { scale = 1 } = options;
  if (!(scale > 0)) {
    throw new RangeError(`Cannot compute median absolute deviation: 'scale' must be > 0, got ${scale}`);
  }
  const center = median(values);
  return scale * median(Float64Array.from(values, (value) => Math.abs(value - center)));
}
