import type { CatalogueEntry } from "./definition.ts";
import type { MetricsRegistry } from "./registry.ts";
import type { MetricSample } from "./sample.ts";

/** Content type of what {@linkcode formatPrometheusText} returns. */
export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Options of {@linkcode formatPrometheusText}. */
export interface FormatPrometheusTextOptions {
  /**
   * Whether the collectors run first. A host that runs them by itself at an interval passes `false`.
   *
   * @default {true}
   */
  collect?: boolean | undefined;
}

/**
 * All metrics of the registry in the Prometheus text format 0.0.4. A metric without a sample is left out.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatPrometheusText, MetricsRegistry } from "demi-health/metrics";
 *
 * const registry = new MetricsRegistry();
 * registry.gauge({ name: "demi_mood", help: "How it is" }).bind().set(0.5);
 * assert.equal(formatPrometheusText(registry), "# HELP demi_mood How it is\n# TYPE demi_mood gauge\ndemi_mood 0.5\n");
 * ```
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function formatPrometheusText(
  registry: MetricsRegistry,
  options: FormatPrometheusTextOptions = {},
): string {
  const { collect = true } = options;
  if (collect) registry.runCollectors();
  return registry
    .families()
    .map(({ definition, samples }) => formatFamily(definition, samples))
    .join("");
}

function formatFamily({ name, type, help }: CatalogueEntry, samples: readonly MetricSample[]): string {
  if (samples.length === 0) return "";
  const lines = samples.map(({ key, value }) => `${key} ${formatValue(value)}\n`);
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

// Quotes stay as they are here, unlike in label values.
function escapeHelp(help: string): string {
  return help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

/** A number as Prometheus writes it. */
export function formatValue(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
