// This module is browser-safe.
import { RegimeFit, type RegimeFitState } from "./_regime_fit.ts";

/** Numbers kept of each series: lags, sums, batches, a step that waits. */
export const LAGS = 3;
export const SUMS: number = 4 + LAGS;
export const BATCH_FIELDS = 4;
export const STEP_FIELDS = 4;

/** Everything that changes, as plain data. */
export interface DriftState {
  samples: number;
  lastTime: number;
  typicalGap: number;
  last: number[];
  fits: RegimeFitState[];
  /** Number, sums and products of deviations, for the correlation. */
  pairs: number;
  totals: number[];
  cross: number[];
  inverse: number[];
  sums: number[];
  since: number[];
  /** Largest step of each series while it was learned. */
  widest: number[];
  /** Of a step that waits to be confirmed: its direction, samples left, what came after it, when it was. */
  steps: number[];
  /** Innovations of the second half of the learning, summed by batches: the batch that runs, number, sums, squares. */
  batches: number[];
  /** By how much innovations spread more over a while than independent ones would; at least 1. */
  scales: number[];
  smoothed: number[];
  smoothedWeight: number;
  jointSince: number;
  recent: number[];
}

/** Before the first sample. */
export function freshDriftState(size: number): DriftState {
  const zeros = (length: number): number[] => Array.from({ length }, () => 0);
  return {
    samples: 0,
    lastTime: 0,
    typicalGap: 0,
    last: zeros(size),
    fits: Array.from({ length: size }, () => RegimeFit.fresh()),
    pairs: 0,
    totals: zeros(size),
    cross: zeros(size * size),
    inverse: zeros(size * size),
    sums: zeros(size * SUMS),
    since: zeros(size * SUMS),
    widest: zeros(size),
    steps: zeros(size * STEP_FIELDS),
    batches: zeros(size * BATCH_FIELDS),
    scales: zeros(size).fill(1),
    smoothed: zeros(size),
    smoothedWeight: 0,
    jointSince: 0,
    recent: zeros(size * LAGS),
  };
}
