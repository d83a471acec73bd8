// This module is browser-safe.

/** The nine definitions of a sample's quantile, numbered as by Hyndman and Fan, R and SAS's documents. */
export type QuantileType = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** Options of {@linkcode quantile}. */
export interface QuantileOptions {
  /**
   * Definition. 1 to 3 give one of the values (2 at a jump the mean of two): 1 inverts the empirical distribution, 3
   * takes the nearest even one. 4 to 9 interpolate: 6 is Weibull's, 7 the default of R, NumPy and spreadsheets, 8
   * unbiased for the median whatever the distribution, which Hyndman and Fan recommend, 9 about unbiased for normal
   * data.
   *
   * @default {7}
   */
  readonly type?: QuantileType | undefined;
}

/**
 * Quantile of the values, unless asked otherwise by linear interpolation between the two nearest (type 7 of Hyndman and
 * Fan, the default of R, NumPy and spreadsheets). `NaN` if any value is. Time O(n log n), space O(n).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { quantile } from "demi-health/stats";
 *
 * assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
 * assert.equal(quantile([4, 1, 3, 2], 0.5, { type: 1 }), 2);
 * ```
 *
 * @param values In any order; not modified.
 * @param probability From 0, the minimum, to 1, the maximum.
 * @throws {RangeError} If there are no values, or `probability` is outside [0, 1], or `type` is none.
 * @see R. J. Hyndman, Y. Fan (1996), The American Statistician 50(4), 361–365, doi:10.2307/2684934
 */
export function quantile(
  values: ArrayLike<number>,
  probability: number,
  options: QuantileOptions = {},
): number {
  return quantileOfSorted(Float64Array.from(values).sort(), probability, options);
}

/**
 * As {@linkcode quantile}, for values that are in ascending order already, `NaN` last, as a typed array sorts them:
 * several quantiles then cost one sort. Time O(1).
 *
 * @throws {RangeError} If there are no values, or `probability` is outside [0, 1], or `type` is none.
 */
export function quantileOfSorted(
  sorted: ArrayLike<number>,
  probability: number,
  options: QuantileOptions = {},
): number {
  const { type = 7 } = options;
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`Cannot compute quantile: 'probability' must be in [0, 1], got ${probability}`);
  }
  if (!(Number.isInteger(type) && type >= 1 && type <= 9)) {
    throw new RangeError(`Cannot compute quantile: 'type' must be a whole number from 1 to 9, got ${type}`);
  }
  if (sorted.length === 0) throw new RangeError("Cannot compute quantile: 'values' must not be empty");
  if (Number.isNaN(sorted[sorted.length - 1])) return NaN;
  const position =
    type <= 3
      ? jumpPosition(sorted.length, probability, type)
      : smoothPosition(sorted.length, probability, type);
  const bounded = Math.max(0, Math.min(sorted.length - 1, position));
  const index = Math.floor(bounded);
  const below = sorted[index]!;
  const above = sorted[Math.min(index + 1, sorted.length - 1)]!;
  const share = bounded - index;
  // equal neighbours may be infinite, and their difference then is no number
  return share === 0 || below === above ? below : below * (1 - share) + above * share;
}

// Plotting positions (k - a) / (n + 1 - 2 a) of types 4 to 9; type 4 has a = 0 below and 1 above.
const PLOTTING = [0, 1 / 2, 0, 1, 1 / 3, 3 / 8];

/** Where the quantile lies among the sorted values, from 0, with the share of the next one as fraction. */
function smoothPosition(length: number, probability: number, type: number): number {
  const a = PLOTTING[type - 4]!;
  const width = type === 4 ? length : length + 1 - 2 * a;
  return width * probability + (a - 1);
}

function jumpPosition(length: number, probability: number, type: number): number {
  const place = length * probability - (type === 3 ? 0.5 : 0);
  // 0.07 * 100 is more than 7; R forgives as much
  const whole = Math.round(place);
  const isJump = Math.abs(place - whole) <= 4 * Number.EPSILON * Math.max(1, whole);
  if (!isJump) return Math.ceil(place) - 1;
  if (type === 2 && whole >= 1) return whole - 0.5;
  return type === 3 && whole % 2 !== 0 ? whole : whole - 1;
}
