// This module is browser-safe.
import type { Labels } from "./sample_key.ts";

/** What the numbers of a metric mean: a total that only grows, a value that goes up and down, a distribution. */
export type MetricType = "counter" | "gauge" | "histogram";

/** One value at the moment of collection. */
export interface MetricSample {
  /** Name of the sample: the metric's, for a histogram with `_bucket`, `_sum` or `_count` behind. */
  readonly name: string;
  readonly labels: Labels;
  /** Name and labels as one text, see `sampleKey`. */
  readonly key: string;
  readonly value: number;
  /** Type of the metric that the sample belongs to. */
  readonly type: MetricType;
  /** One of what was counted, of a counter or of a histogram's bucket. */
  readonly exemplar?: Exemplar | undefined;
}

/** One of many that were counted, with where to read on: the identifier of a trace, of a conversation. */
export interface Exemplar {
  readonly labels: Labels;
  readonly value: number;
  /** Epoch milliseconds. */
  readonly timestamp?: number | undefined;
}

/** What an exemplar is besides its value; at most 128 characters in all names and values. */
export interface ExemplarSource {
  readonly labels: Labels;
  /** Epoch milliseconds. */
  readonly timestamp?: number | undefined;
}
