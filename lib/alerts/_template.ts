// This module is browser-safe.
import { formatBytes, formatDuration, formatRatio } from "../base/format.ts";
import type { Labels } from "../metrics/sample_key.ts";

const PLACEHOLDER = /\{\{\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*\}\}/g;

/** What a template must be and is not, or `undefined`. */
export function findTemplateError(template: string): string | undefined {
  const rest = template.replace(PLACEHOLDER, "");
  return /\{\{|\}\}/.test(rest)
    ? "a text whose placeholders read {{value}}, {{threshold}} or {{some_label}}"
    : undefined;
}

/** What a message is made of. */
export interface TemplateValues {
  /** Its name tells the unit that the numbers are shown in. */
  readonly metric: string;
  readonly labels: Labels;
  readonly value?: number | undefined;
  readonly threshold?: number | undefined;
}

/** The sentence, numbers in their unit. What is not there, a label or the value of an alert without data, is "–". */
export function renderTemplate(
  template: string,
  { metric, labels, value, threshold }: TemplateValues,
): string {
  const numbers = new Map([
    ["value", value],
    ["threshold", threshold],
  ]);
  return template.replace(PLACEHOLDER, (_, name: string) => {
    if (!numbers.has(name)) return Object.hasOwn(labels, name) ? labels[name]! : "–";
    const number = numbers.get(name);
    return number === undefined ? "–" : formatValue(metric, number);
  });
}

/** The same sentence as a template of Prometheus. */
export function toPrometheusTemplate(template: string, threshold: number | undefined): string {
  return template.replace(PLACEHOLDER, (_, name: string) => {
    if (name === "value") return "{{ $value }}";
    if (name === "threshold") return threshold === undefined ? "–" : String(threshold);
    return `{{ $labels.${name} }}`;
  });
}

function formatValue(metric: string, value: number): string {
  if (metric.endsWith("_bytes")) return formatBytes(value);
  if (metric.endsWith("_ratio")) return formatRatio(value);
  if (metric.endsWith("_seconds")) return formatDuration(value * 1000);
  return String(Number(value.toPrecision(3)));
}
