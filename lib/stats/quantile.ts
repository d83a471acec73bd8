// This module is browser-safe.

/**
 * Quantile of the values by linear interpolation between the two nearest (type 7 of Hyndman and Fan, the default of
 * R, NumPy and spreadsheets). `NaN` if any value is. Time O(n log n), space O(n).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { quantile } from "demi-health/stats";
 *
 * assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
 * ```
 *
 * @param values In any order; not modified.
 * @param probability From 0, the minimum, to 1, the maximum.
 * @throws {RangeError} If there are no values, or `probability` is outside [0, 1].
 * @see R. J. Hyndman, Y. Fan (1996), The American Statistician 50(4), 361–365, doi:10.2307/2684934
 */
export function quantile(values: ArrayLike<number>, probability: number): number {
  return quantileOfSorted(Float64Array.from(values).sort(), probability);
}

/**
 * As {@linkcode quantile}, for values that are in ascending order already, `NaN` last, as a typed array sorts them:
 * several quantiles then cost one sort. Time O(1).
 *
 * @throws {RangeError} If there are no values, or `probability` is outside [0, 1].
 */
export function quantileOfSorted(sorted: ArrayLike<number>, probability: number): number {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`Cannot compute quantile: 'probability' must be in [0, 1], got ${probability}`);
  }
  if (sorted.length === 0) throw new RangeError("Cannot compute quantile: 'values' must not be empty");
  if (Number.isNaN(sorted[sorted.length - 1])) return NaN;
  const position = (sorted.length - 1) * probability;
  const index = Math.floor(position);
  const below = sorted[index]!;
  const above = sorted[Math.min(index + 1, sorted.length - 1)]!;
  const share = position - index;
  // equal neighbours may be infinite, and their difference then is no number
  return share === 0 || below === above ? below : below * (1 - share) + above * share;
}
