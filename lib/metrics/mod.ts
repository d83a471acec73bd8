/**
 * Metrics of a process, named and shaped as Prometheus has them: a registry, collectors, and the text format.
 *
 * @module
 */
export { type Collector } from "./collector.ts";
export { Counter } from "./counter.ts";
export { type CatalogueEntry, type MetricDefinition } from "./definition.ts";
export { EventLoopCollector, type EventLoopCollectorOptions } from "./event_loop_collector.ts";
export { formatOpenMetricsText, OPEN_METRICS_CONTENT_TYPE } from "./open_metrics_text.ts";
export { KeyedFamily, type KeyedSource } from "./keyed_family.ts";
export { type BindArguments, CardinalityError, MetricFamily, type SampleSource } from "./family.ts";
export { formatCatalogue } from "./format_catalogue.ts";
export { Gauge } from "./gauge.ts";
export { exponentialBuckets, Histogram } from "./histogram.ts";
export { LlmCollector, type LlmCollectorOptions } from "./llm_collector.ts";
export { readMemoryLimit, type ReadMemoryLimitOptions } from "./memory_limit.ts";
export { PlatformCollector, type PlatformCollectorOptions } from "./platform_collector.ts";
export { ProcessCollector, type ProcessCollectorOptions, type ProcessReadings } from "./process_collector.ts";
export {
  formatPrometheusText,
  type FormatPrometheusTextOptions,
  PROMETHEUS_CONTENT_TYPE,
} from "./prometheus_text.ts";
export { RecentValues, type RecentValuesOptions } from "./recent_values.ts";
export {
  DEFAULT_BUCKETS,
  type HistogramDefinition,
  MetricsRegistry,
  type MetricsRegistryOptions,
} from "./registry.ts";
export { ResponseCollector, type ResponseCollectorOptions } from "./response_collector.ts";
export { type Exemplar, type ExemplarSource, type MetricSample, type MetricType } from "./sample.ts";
export { type Labels, parseSampleKey, sampleKey } from "./sample_key.ts";
export {
  evaluateWindow,
  WINDOW_FUNCTIONS,
  type WindowFunction,
  type WindowOptions,
} from "./window_function.ts";
export { promqlDuration, promqlFunction, promqlSelector } from "./promql.ts";
