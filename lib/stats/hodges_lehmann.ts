// This module is browser-safe.
import { checkConfidence, checkedNumbers } from "./_checked_input.ts";
import {
  checkMethod,
  EXACT_UP_TO,
  exactCut,
  normalCut,
  signedRankDistribution,
  toEstimate,
} from "./_rank_interval.ts";
import type { Estimate } from "./estimate.ts";

/** Options of {@linkcode hodgesLehmann} and {@linkcode hodgesLehmannShift}. */
export interface HodgesLehmannOptions {
  /** Share of intervals that hold the truth, 0…1. @default {0.95} */
  readonly confidence?: number | undefined;
  /**
   * Distribution behind the interval: of Wilcoxon's statistic itself, or its normal approximation. The exact one costs
   * O(n³).
   *
   * @default {"exact" up to 50 values, or 50 times 50 differences, "normal" beyond}
   */
  readonly method?: "exact" | "normal" | undefined;
}

const ACTION = "estimate centre";

/**
 * Hodges and Lehmann's estimate of the centre: median of the means of all pairs of values, each with itself included,
 * with the interval of Wilcoxon's signed-rank test. Up to 29 % of outliers cannot move it arbitrarily; of normal data
 * it is 95 % as precise as the mean. The interval supposes a symmetric distribution; ties only make it longer than
 * need be. `confidence` in the result is what the exact interval has: at least what was asked, or less where so few
 * values cannot have it (five values reach 93.75 %). Time and space O(n²).
 *
 * @example What stays after each of six rounds, one of them disturbed
 * ```ts
 * import assert from "node:assert/strict";
 * import { hodgesLehmann } from "demi-health/stats";
 *
 * const { value, low, high, confidence } = hodgesLehmann([11, 12, 13, 14, 15, 900]);
 * assert.equal(value, 13.5);
 * assert.deepEqual([low, high, confidence], [11, 900, 0.96875]);
 * ```
 *
 * @param values In any order, at least one; not modified.
 * @throws {RangeError} If there are no values, one is not finite, or an option is out of range.
 * @see J. L. Hodges, E. L. Lehmann (1963), Ann. Math. Stat. 34(2), 598–611, doi:10.1214/aoms/1177704172
 * @see M. Hollander, D. A. Wolfe, Nonparametric Statistical Methods, 3.2–3.3
 */
export function hodgesLehmann(values: ArrayLike<number>, options: HodgesLehmannOptions = {}): Estimate {
  const { confidence = 0.95 } = options;
  checkConfidence(confidence, ACTION);
  const sample = checkedNumbers(values, ACTION, "values");
  const n = sample.length;
  const { method = n <= EXACT_UP_TO ? "exact" : "normal" } = options;
  checkMethod(method, ACTION);
  const range =
    method === "exact"
      ? exactCut(signedRankDistribution(n), confidence)
      : normalCut((n * (n + 1)) / 4, (n * (n + 1) * (2 * n + 1)) / 24, confidence, 0.5 ** n);
  return toEstimate(walshAverages(sample), range.cut, range.confidence);
}

function walshAverages(sample: Float64Array): Float64Array {
  const averages = new Float64Array((sample.length * (sample.length + 1)) / 2);
  let count = 0;
  for (let i = 0; i < sample.length; i++) {
    for (let j = i; j < sample.length; j++) averages[count++] = sample[i]! / 2 + sample[j]! / 2;
  }
  return averages;
}
