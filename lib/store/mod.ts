/**
 * History of metrics in an SQLite file that survives a kill.
 *
 * @module
 */
export { type ChartPoint, downsample } from "./downsample.ts";
export { StoreLockedError } from "./lock_file.ts";
export type { SyncPolicy } from "./_journal.ts";
export { MetricsStore, type MetricsStoreOptions, type Point, type StoreRange } from "./metrics_store.ts";
export {
  JournalDamagedError,
  StoreCorruptError,
  StoreFormatError,
  StoreSaveError,
  StoreUnwritableError,
} from "./store_errors.ts";
