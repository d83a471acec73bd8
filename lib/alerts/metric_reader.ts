// This module is browser-safe.
import type { Labels } from "../metrics/sample_key.ts";

/** Samples of one series, oldest first. */
export interface MetricSeries {
  readonly labels: Labels;
  readonly points: readonly (readonly [time: number, value: number])[];
}

/** Where rules find their samples. A `MetricsStore` is one. */
export interface MetricReader {
  /** Every series of the metric that has these labels, with its samples between the two times, both included. */
  select(name: string, labels: Labels | undefined, fromMs: number, toMs: number): readonly MetricSeries[];
}
