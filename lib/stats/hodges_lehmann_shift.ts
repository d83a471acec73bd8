// This module is browser-safe.
import { checkConfidence, checkedNumbers } from "./_checked_input.ts";
import {
  checkMethod,
  EXACT_UP_TO,
  exactCut,
  normalCut,
  rankSumDistribution,
  rankSumExtreme,
  toEstimate,
} from "./_rank_interval.ts";
import type { Estimate } from "./estimate.ts";
import type { HodgesLehmannOptions } from "./hodges_lehmann.ts";

const ACTION = "estimate shift";

/**
 * Hodges and Lehmann's estimate of how far `values` lie above `reference`: median of all differences between one of
 * the first and one of the second, with the interval of Wilcoxon's rank-sum test (Mann and Whitney's). The interval
 * supposes that both have the same shape; ties only make it longer than need be. `confidence` in the result is what
 * the exact interval has: at least what was asked, or less where so few values cannot have it. Time and space O(m n).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { hodgesLehmannShift } from "demi-health/stats";
 *
 * const { value, low, high } = hodgesLehmannShift([110, 112, 115, 119], [100, 101, 103, 106]);
 * assert.equal(value, 11.5);
 * assert.ok(low > 0 && high < 20);
 * ```
 *
 * @param values In any order, at least one; not modified.
 * @param reference In any order, at least one; not modified.
 * @throws {RangeError} If there are no values, one is not finite, or an option is out of range.
 * @see J. L. Hodges, E. L. Lehmann (1963), Ann. Math. Stat. 34(2), 598–611, doi:10.1214/aoms/1177704172
 * @see M. Hollander, D. A. Wolfe, Nonparametric Statistical Methods, 4.2–4.3
 */
export function hodgesLehmannShift(
  values: ArrayLike<number>,
  reference: ArrayLike<number>,
  options: HodgesLehmannOptions = {},
): Estimate {
  const { confidence = 0.95 } = options;
  checkConfidence(confidence, ACTION);
  const sample = checkedNumbers(values, ACTION, "values");
  const other = checkedNumbers(reference, ACTION, "reference");
  const [m, n] = [sample.length, other.length];
  const { method = m * n <= EXACT_UP_TO * EXACT_UP_TO ? "exact" : "normal" } = options;
  checkMethod(method, ACTION);
  const range =
    method === "exact"
      ? exactCut(rankSumDistribution(m, n), confidence)
      : normalCut((m * n) / 2, (m * n * (m + n + 1)) / 12, confidence, rankSumExtreme(m, n));
  return toEstimate(differences(sample, other), range.cut, range.confidence);
}

function differences(sample: Float64Array, other: Float64Array): Float64Array {
  const all = new Float64Array(sample.length * other.length);
  let count = 0;
  for (const value of sample) {
    for (const reference of other) all[count++] = value - reference;
  }
  return all;
}
