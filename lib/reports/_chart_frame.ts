// This module is browser-safe.
import type { ReportChart } from "./report.ts";

/** What a chart shows of time and values. */
export interface ChartFrame {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
  readonly limits: readonly { readonly name: string; readonly value: number }[];
}

// A limit that is further away would press the lines flat.
const LIMIT_REACH = 2;

/** Undefined where there is no finite point. */
export function frameChart({ series, limits = [], span }: ReportChart): ChartFrame | undefined {
  let [from, to, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  const include = (timestamp: number, ...values: readonly number[]): void => {
    if (!Number.isFinite(timestamp) || values.some((value) => !Number.isFinite(value))) return;
    from = Math.min(from, timestamp);
    to = Math.max(to, timestamp);
    low = Math.min(low, ...values);
    high = Math.max(high, ...values);
  };
  for (const { points, band = [] } of series) {
    for (const { timestamp, value } of points) include(timestamp, value);
    for (const each of band) include(each.timestamp, each.low, each.high);
  }
  if (from > to) return undefined;
  if (span) ({ from, to } = span);
  const shown = limits.filter(({ value }) => Math.abs(value) <= LIMIT_REACH * Math.abs(high));
  for (const { value } of shown) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  // what differs by less than a tenth would look like a mountain range otherwise
  const margin = Math.max((high - low) * 0.06, Math.abs(high) * 0.02, 1e-9);
  const isNearZero = low >= 0 && low < 0.35 * high;
  return {
    from,
    to: to > from ? to : from + 1000,
    low: isNearZero ? 0 : low - margin,
    high: high + margin,
    limits: shown,
  };
}
