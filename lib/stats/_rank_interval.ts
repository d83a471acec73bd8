// This module is browser-safe.
import { normalQuantile } from "./_distributions.ts";
import { selectMedian, selectRank } from "./_select.ts";
import type { Estimate } from "./estimate.ts";

/** Samples up to this size are worth the exact distribution by default. */
export const EXACT_UP_TO = 50;

/** How far from both ends of the ordered averages or differences the interval begins, from 1, and what it is worth. */
export interface RankCut {
  readonly cut: number;
  readonly confidence: number;
}

/**
 * The shortest interval that has the confidence, by the statistic's exact distribution; where even the longest has not,
 * that one with the confidence it has.
 *
 * @param probabilities Of the values 0, 1, 2, … of the statistic, at least up to where half of them are.
 */
export function exactCut(probabilities: Float64Array, confidence: number): RankCut {
  // rounding must not refuse a confidence that is met to the last digit
  const outside = ((1 - confidence) / 2) * (1 + 1e-9);
  let below = probabilities[0]!;
  let cut = 1;
  while (cut < probabilities.length && below + probabilities[cut]! <= outside) below += probabilities[cut++]!;
  return { cut, confidence: 1 - 2 * below };
}

/**
 * The same by the normal approximation with continuity correction.
 *
 * @param extreme Probability of the statistic's least value: what the longest interval leaves out on each side.
 */
export function normalCut(mean: number, variance: number, confidence: number, extreme: number): RankCut {
  const reach = normalQuantile((1 - confidence) / 2) * Math.sqrt(variance);
  const cut = Math.floor(mean + 0.5 - reach);
  return cut > 1 ? { cut, confidence } : { cut: 1, confidence: Math.min(confidence, 1 - 2 * extreme) };
}

/** Distribution of Wilcoxon's signed-rank statistic of `n` values. Time O(n³), space O(n²). */
export function signedRankDistribution(n: number): Float64Array {
  const probabilities = new Float64Array((n * (n + 1)) / 2 + 1);
  probabilities[0] = 1;
  for (let rank = 1, top = 0; rank <= n; rank++) {
    top += rank;
    for (let sum = top; sum >= 0; sum--) {
      probabilities[sum] = (probabilities[sum]! + (sum >= rank ? probabilities[sum - rank]! : 0)) / 2;
    }
  }
  return probabilities;
}

/**
 * Distribution of Mann and Whitney's statistic of `m` and `n` values, up to its middle. Time O((m + n) m n).
 *
 * @see E. F. Harding (1984), Applied Statistics 33(1), 1–6, doi:10.2307/2347656
 */
export function rankSumDistribution(m: number, n: number): Float64Array {
  const middle = Math.floor((m * n) / 2);
  const probabilities = new Float64Array(middle + 1);
  probabilities[0] = 1;
  for (let i = 1; i <= m; i++) {
    for (let u = middle; u >= n + i; u--) probabilities[u]! -= probabilities[u - n - i]!;
    for (let u = i; u <= middle; u++) probabilities[u]! += probabilities[u - i]!;
    // at once, not at the end: of 515 values and 515 there are more arrangements than 1e308
    for (let u = 0; u <= middle; u++) probabilities[u]! *= i / (n + i);
  }
  return probabilities;
}

/** Probability that all of `m` values lie below all of `n`. */
export function rankSumExtreme(m: number, n: number): number {
  let probability = 1;
  for (let i = 1; i <= m; i++) probability *= i / (n + i);
  return probability;
}

/** Refuses a method that is none. */
export function checkMethod(method: string, action: string): void {
  if (method !== "exact" && method !== "normal") {
    throw new RangeError(`Cannot ${action}: 'method' must be 'exact' or 'normal', got ${method}`);
  }
}

/** Median of the values, and those `cut` from both ends; reorders the values. */
export function toEstimate(values: Float64Array, cut: number, confidence: number): Estimate {
  return {
    value: selectMedian(values),
    low: selectRank(values, cut - 1),
    high: selectRank(values, values.length - cut),
    confidence,
  };
}
