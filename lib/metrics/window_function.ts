// This module is browser-safe.
import { quantile as sampleQuantile } from "../stats/quantile.ts";

/**
 * What is made of the samples of a series in a window. As in Prometheus, by the name of its function: `last`, `avg`, `min`, `max`, `sum`,
 * `count`, `stddev`, `quantile`, `changes` (…`_over_time`), `rate` and `increase` of a counter, with its resets and extrapolated to
 * the window's ends, `delta` and `deriv` of a gauge, `predict` (`predict_linear`). And three of our own: `jump`, the largest absolute
 * difference between two neighbours; `age`, of a metric that is a Unix timestamp, how many seconds it is old at the window's end;
 * `unchanged`, for how many seconds the last value has been the same.
 */
export type WindowFunction = (typeof WINDOW_FUNCTIONS)[number];

/** All of them, in an order for people. */
export const WINDOW_FUNCTIONS = [
  "last",
  "avg",
  "min",
  "max",
  "sum",
  "count",
  "stddev",
  "quantile",
  "rate",
  "increase",
  "delta",
  "deriv",
  "predict",
  "changes",
  "jump",
  "age",
  "unchanged",
] as const;

/** The window, and what some functions need besides. */
export interface WindowOptions {
  /** Ends of the window, epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Which quantile, 0…1; of `quantile`. @default {0.5} */
  readonly quantile?: number | undefined;
  /** How far from the window's end to look ahead; of `predict`. @default {0} */
  readonly aheadMs?: number | undefined;
}

type Points = readonly (readonly [time: number, value: number])[];

/**
 * The function's value, in the metric's unit or that per second; undefined where there are too few samples for one: none, or, for what
 * compares samples, one. NaN is left out.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluateWindow } from "demi-health/metrics";
 *
 * const points = [[0, 10], [15_000, 25], [30_000, 5], [45_000, 20]] as const; // a counter that was reset once
 * assert.equal(evaluateWindow("increase", points, { from: 0, to: 45_000 }), 35);
 * ```
 *
 * @param points Those of the window, oldest first.
 */
export function evaluateWindow(
  fn: WindowFunction,
  points: Points,
  options: WindowOptions,
): number | undefined {
  const known = points.some(([, value]) => Number.isNaN(value))
    ? points.filter(([, value]) => !Number.isNaN(value))
    : points;
  const count = known.length;
  if (count === 0) return undefined;
  const last = known[count - 1]!;
  switch (fn) {
    case "last":
      return last[1];
    case "count":
      return count;
    case "sum":
      return sum(known);
    case "avg":
      return sum(known) / count;
    case "min":
      return known.reduce((least, [, value]) => Math.min(least, value), Infinity);
    case "max":
      return known.reduce((most, [, value]) => Math.max(most, value), -Infinity);
    case "stddev":
      return standardDeviation(known);
    case "quantile":
      return sampleQuantile(
        known.map(([, value]) => value),
        options.quantile ?? 0.5,
      );
    case "changes":
      return known.reduce(
        (changes, [, value], i) => changes + (i > 0 && value !== known[i - 1]![1] ? 1 : 0),
        0,
      );
    case "age":
      return options.to / 1000 - last[1];
    case "unchanged":
      return unchangedSeconds(known);
    case "jump":
      return count < 2 ? undefined : largestStep(known);
    case "increase":
      return count < 2 ? undefined : extrapolatedDelta(known, options, true);
    case "rate": {
      const seconds = (options.to - options.from) / 1000;
      return count < 2 ? undefined : extrapolatedDelta(known, options, true) / seconds;
    }
    case "delta":
      return count < 2 ? undefined : extrapolatedDelta(known, options, false);
    case "deriv":
      return count < 2 ? undefined : fitLine(known, known[0]![0]).slope;
    case "predict": {
      if (count < 2) return undefined;
      const { slope, intercept } = fitLine(known, options.to);
      return intercept + (slope * (options.aheadMs ?? 0)) / 1000;
    }
  }
}

function sum(points: Points): number {
  return points.reduce((total, [, value]) => total + value, 0);
}

function standardDeviation(points: Points): number {
  const mean = sum(points) / points.length;
  return Math.sqrt(points.reduce((total, [, value]) => total + (value - mean) ** 2, 0) / points.length);
}

function largestStep(points: Points): number {
  let largest = 0;
  for (let i = 1; i < points.length; i++) {
    largest = Math.max(largest, Math.abs(points[i]![1] - points[i - 1]![1]));
  }
  return largest;
}

function unchangedSeconds(points: Points): number {
  const [end, value] = points.at(-1)!;
  let first = points.length - 1;
  while (first > 0 && points[first - 1]![1] === value) first--;
  return (end - points[first]![0]) / 1000;
}

// As `extrapolatedRate` of Prometheus 2: samples never lie on a window's ends, so a counter would always seem to have grown less
// than it did. An end that is further away than samples lie apart is believed to be where the series began or ended.
function extrapolatedDelta(points: Points, { from, to }: WindowOptions, isCounter: boolean): number {
  const [first, last] = [points[0]!, points.at(-1)!];
  let delta = last[1] - first[1];
  if (isCounter) {
    for (let i = 1; i < points.length; i++) {
      if (points[i]![1] < points[i - 1]![1]) delta += points[i - 1]![1];
    }
  }
  const sampledMs = last[0] - first[0];
  const stepMs = sampledMs / (points.length - 1);
  let toStart = first[0] - from;
  const toEnd = to - last[0];
  // a counter cannot have been below zero
  if (isCounter && delta > 0 && first[1] >= 0) toStart = Math.min(toStart, sampledMs * (first[1] / delta));
  const near = stepMs * 1.1;
  const covered = sampledMs + (toStart < near ? toStart : stepMs / 2) + (toEnd < near ? toEnd : stepMs / 2);
  return delta * (covered / sampledMs);
}

/** Least squares; the slope a second, the intercept at `origin`. */
function fitLine(points: Points, origin: number): { readonly slope: number; readonly intercept: number } {
  const count = points.length;
  let [sumX, sumY] = [0, 0];
  for (const [time, value] of points) {
    sumX += (time - origin) / 1000;
    sumY += value;
  }
  const [meanX, meanY] = [sumX / count, sumY / count];
  let [covariance, variance] = [0, 0];
  for (const [time, value] of points) {
    const x = (time - origin) / 1000 - meanX;
    covariance += x * (value - meanY);
    variance += x * x;
  }
  const slope = variance === 0 ? 0 : covariance / variance;
  return { slope, intercept: meanY - slope * meanX };
}
