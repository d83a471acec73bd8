/**
 * History of metrics in an SQLite file that survives a kill.
 *
 * @module
 */
export { type ChartPoint, downsample } from "./downsample.ts";
export type { ExportQuery } from "./export_samples.ts";
export { StoreLockedError } from "./lock_file.ts";
export type { SyncPolicy } from "./_journal.ts";
export type { MetricsStoreOptions } from "./_store_options.ts";
export type { Annotation } from "./annotation.ts";
export { MetricsStore } from "./metrics_store.ts";
export type { Point, RangeQuery, StoreRange, WindowQuery } from "./store_queries.ts";
export {
  JournalDamagedError,
  StoreCorruptError,
  StoreFormatError,
  StoreSaveError,
  StoreUnwritableError,
  TooManySeriesError,
} from "./store_errors.ts";
export { PrometheusError, PrometheusSource, type PrometheusSourceOptions } from "./prometheus_source.ts";
