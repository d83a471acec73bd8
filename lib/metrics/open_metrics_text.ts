import type { CatalogueEntry } from "./definition.ts";
import { formatValue, type FormatPrometheusTextOptions } from "./prometheus_text.ts";
import type { MetricsRegistry } from "./registry.ts";
import type { Exemplar, MetricSample } from "./sample.ts";
import { sampleKey } from "./sample_key.ts";

/** Content type of what {@linkcode formatOpenMetricsText} returns. */
export const OPEN_METRICS_CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/**
 * All metrics of the registry in the OpenMetrics text format 1.0, with their exemplars. A metric without a sample is left out.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatOpenMetricsText, MetricsRegistry } from "demi-health/metrics";
 *
 * const registry = new MetricsRegistry();
 * const replies = registry.counter({ name: "demi_replies_total", help: "Replies sent" }).bind();
 * replies.inc(1, { labels: { trace_id: "4bf92f35" } });
 * const text = formatOpenMetricsText(registry);
 * assert.match(text, /^demi_replies_total 1 # {trace_id="4bf92f35"} 1$/m);
 * assert.match(text, /# EOF\n$/);
 * ```
 *
 * @see https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
 */
export function formatOpenMetricsText(
  registry: MetricsRegistry,
  options: FormatPrometheusTextOptions = {},
): string {
  const { collect = true } = options;
  if (collect) registry.runCollectors();
  const families = registry.families().map(({ definition, samples }) => formatFamily(definition, samples));
  return `${families.join("")}# EOF\n`;
}

function formatFamily({ name, type, help, unit }: CatalogueEntry, samples: readonly MetricSample[]): string {
  if (samples.length === 0) return "";
  // the name of a counter's family is without what its samples end with
  const family = type === "counter" ? name.slice(0, -"_total".length) : name;
  const lines = samples.map(
    (sample) => `${keyOf(sample)} ${formatValue(sample.value)}${exemplarOf(sample)}\n`,
  );
  const head = [
    `# TYPE ${family} ${type}\n`,
    unit && `# UNIT ${family} ${unit}\n`,
    `# HELP ${family} ${escape(help)}\n`,
  ];
  return [...head.filter(Boolean), ...lines].join("");
}

// Bounds of buckets are floats here, with a point.
function keyOf({ name, labels, key }: MetricSample): string {
  const bound = labels["le"];
  if (bound === undefined || !name.endsWith("_bucket") || !/^-?\d+$/.test(bound)) return key;
  return sampleKey(name, { ...labels, le: `${bound}.0` });
}

function exemplarOf({ exemplar }: MetricSample): string {
  if (!exemplar) return "";
  const { value, timestamp } = exemplar;
  const time = timestamp === undefined ? "" : ` ${timestamp / 1000}`;
  return ` # ${labelsOf(exemplar)} ${formatValue(value)}${time}`;
}

function labelsOf({ labels }: Exemplar): string {
  return sampleKey("", labels) || "{}";
}

function escape(help: string): string {
  return help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
