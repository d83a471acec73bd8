// This module is browser-safe.
import { quantile } from "./quantile.ts";

/**
 * Median of the values; of an even number of them, the mean of the two in the middle. `NaN` if any value is.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { median } from "demi-health/stats";
 *
 * assert.equal(median([5, 1, 1000]), 5);
 * ```
 *
 * @param values In any order; not modified.
 * @throws {RangeError} If there are no values.
 */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}
