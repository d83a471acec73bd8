// This module is browser-safe.
import type { Labels } from "./sample_key.ts";
import type { WindowFunction } from "./window_function.ts";

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

/** A duration as PromQL and rule files write it; at least a millisecond. */
export function promqlDuration(ms: number): string {
  for (const [unit, length] of UNITS) if (ms >= length && ms % length === 0) return `${ms / length}${unit}`;
  return `${Math.max(1, Math.round(ms))}ms`;
}

/** The series of a metric with these labels. */
export function promqlSelector(metric: string, labels: Labels = {}): string {
  const matchers = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return matchers.length > 0 ? `${metric}{${matchers.join(",")}}` : metric;
}

/**
 * The function of a series' window in PromQL; undefined of `jump` and `unchanged`, which it does not have.
 *
 * @param series A selector.
 */
export function promqlFunction(
  fn: WindowFunction,
  series: string,
  windowMs: number,
  { quantile = 0.5, aheadMs = 0 }: { quantile?: number | undefined; aheadMs?: number | undefined } = {},
): string | undefined {
  const range = `${series}[${promqlDuration(windowMs)}]`;
  switch (fn) {
    case "rate":
    case "increase":
    case "delta":
    case "deriv":
    case "changes":
      return `${fn}(${range})`;
    case "quantile":
      return `quantile_over_time(${quantile}, ${range})`;
    case "predict":
      return `predict_linear(${range}, ${aheadMs / 1000})`;
    case "age":
      return `time() - last_over_time(${range})`;
    case "jump":
    case "unchanged":
      return undefined;
    default:
      return `${fn}_over_time(${range})`;
  }
}
