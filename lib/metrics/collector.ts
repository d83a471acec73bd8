// This module is browser-safe.

/** Something that brings the metrics of one subject up to date when they are about to be read. */
export interface Collector {
  /** What failures are counted under, as `demi_collector_errors_total{collector}`. Default: the class's name. */
  readonly name?: string | undefined;
  /** Sets the metrics. What it throws is reported and counted, and does not reach the host. */
  collect(): void;
}
