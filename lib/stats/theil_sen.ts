// This module is browser-safe.
import { checkConfidence, checkedPoints } from "./_checked_input.ts";
import { normalQuantile } from "./_distributions.ts";
import { selectMedian, selectRank } from "./_select.ts";
import { tieSum } from "./_ties.ts";
import type { Estimate } from "./estimate.ts";

/** Options of {@linkcode theilSen}. */
export interface TheilSenOptions {
  /** Share of intervals that hold the true slope, 0…1. @default {0.95} */
  readonly confidence?: number | undefined;
}

/** A straight line through the middle of the points. */
export interface TheilSenLine {
  /** Median slope of all pairs with different `x`, with Sen's interval. */
  readonly slope: Estimate;
  /** Median of `y - slope * x`: as many points lie above the line as below. */
  readonly intercept: number;
}

const ACTION = "estimate Theil–Sen slope";

/**
 * Median of the slopes between all pairs of points: a trend estimate that up to 29 % of outliers cannot move
 * arbitrarily. The interval is Sen's, by the normal approximation of Kendall's S with its variance corrected for ties
 * in `x` and in `y`; it is trustworthy from about ten points on, and supposes errors that do not depend on each
 * other. With ones that do (most memory series) it is too short: see {@linkcode fitLine}. Pairs with equal `x` have
 * no slope and are left out. Time and space O(n²): 8 bytes a pair, 30 MB for 2,700 points.
 *
 * @example A heap that grows by 2 MB an hour, and one wild sample
 * ```ts
 * import assert from "node:assert/strict";
 * import { theilSen } from "demi-health/stats";
 *
 * const { slope, intercept } = theilSen([0, 1, 2, 3, 4], [100, 102, 104, 900, 108]);
 * assert.equal(slope.value, 2);
 * assert.equal(intercept, 100);
 * ```
 *
 * @param x In any order; not modified.
 * @param y As many as `x`; not modified.
 * @throws {RangeError} If there are fewer than two points or two different `x`, a value is not finite, the lengths differ,
 *   or `confidence` is outside (0, 1).
 * @see P. K. Sen (1968), JASA 63(324), 1379–1389, doi:10.1080/01621459.1968.10480934
 */
export function theilSen(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  options: TheilSenOptions = {},
): TheilSenLine {
  const { confidence = 0.95 } = options;
  checkConfidence(confidence, ACTION);
  const { xs, ys } = checkedPoints(x, y, ACTION, 2);
  const slopes = pairSlopes(xs, ys);
  const value = selectMedian(slopes);
  const [low, high] = senInterval(slopes, varianceOfS(xs, ys), confidence);
  const intercept = selectMedian(ys.map((level, i) => level - value * xs[i]!));
  return { slope: { value, low, high, confidence }, intercept };
}

function pairSlopes(xs: Float64Array, ys: Float64Array): Float64Array {
  const slopes = new Float64Array((xs.length * (xs.length - 1)) / 2);
  let count = 0;
  for (let i = 1; i < xs.length; i++) {
    for (let j = 0; j < i; j++) {
      const distance = xs[i]! - xs[j]!;
      if (distance !== 0) slopes[count++] = (ys[i]! - ys[j]!) / distance;
    }
  }
  return slopes.subarray(0, count);
}

function varianceOfS(xs: Float64Array, ys: Float64Array): number {
  const n = xs.length;
  return (n * (n - 1) * (2 * n + 5) - tieSum(xs) - tieSum(ys)) / 18;
}

function senInterval(slopes: Float64Array, variance: number, confidence: number): [number, number] {
  const reach = normalQuantile((1 - confidence) / 2) * Math.sqrt(Math.max(0, variance));
  const low = Math.max(0, Math.round((slopes.length - reach) / 2) - 1);
  return [selectRank(slopes, low), selectRank(slopes, slopes.length - 1 - low)];
}
