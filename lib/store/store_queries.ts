// This module is browser-safe.
import type { WindowFunction } from "../metrics/window_function.ts";

/** A sample's time, epoch ms, and its value. */
export type Point = readonly [time: number, value: number];

/** Which stretch of which series, both ends included. */
export interface StoreRange {
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

/** A function of the samples of a series in a window, both ends included. */
export interface WindowQuery extends StoreRange {
  readonly fn: WindowFunction;
  /** Of `quantile`. */
  readonly quantile?: number | undefined;
  /** Of `predict`. */
  readonly aheadMs?: number | undefined;
}

/** A function of the window before each of many times. */
export interface RangeQuery extends WindowQuery {
  readonly stepMs: number;
  readonly windowMs: number;
}
