// This module is browser-safe.
import { quantileOfSorted } from "../stats/quantile.ts";

/** A sorted copy. */
export function sorted(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).sort();
}

/** Quantile of values in any order. */
export function quantileOf(values: ArrayLike<number>, p: number): number {
  return quantileOfSorted(sorted(values), p);
}

/** The middle value; 0 of none. */
export function middle(values: ArrayLike<number>): number {
  return values.length === 0 ? 0 : quantileOf(values, 0.5);
}

/** Middle of the absolute values, scaled as a standard deviation of normal data with mean 0. */
export function spreadAroundZero(values: ArrayLike<number>): number {
  return middle(Float64Array.from(values, Math.abs)) * 1.4826;
}

/** What the middle 97 % of the values span. */
export function rangeOf(values: ArrayLike<number>, tail: number = 0.015): number {
  const order = sorted(values);
  return quantileOfSorted(order, 1 - tail) - quantileOfSorted(order, tail);
}
