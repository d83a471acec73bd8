// This module is browser-safe.
import { median } from "../stats/median.ts";
import { medianAbsoluteDeviation } from "../stats/median_absolute_deviation.ts";
import { quantile } from "../stats/quantile.ts";
import type { AnomalyCondition } from "./alert_rule.ts";
import type { Finding } from "./_condition.ts";
import type { MetricReader, MetricSeries } from "./metric_reader.ts";

const LEAST_WINDOWS = 8;
const LEAST_SEASONS = 5;
// 1.4826 times the median absolute deviation is the standard deviation of what is normally distributed, and so is the distance of the
// first and the last tenth divided by 2.563. The former bears more outliers, the latter is seldom far too small by chance.
const FROM_MEDIAN = 1.4826;
const FROM_TENTHS = 2.563;
// It is known from few windows only: its standard error is about 1.2 / √n of it, and of twice that it may be too small.
const UNCERTAIN = 2.4;

type Anomaly = AnomalyCondition["anomaly"];

/** What an anomaly condition says of each series; nothing of those that are too short to tell. */
export function findAnomalies(condition: Anomaly, reader: MetricReader, now: number): readonly Finding[] {
  const { metric, labels, windowMs, baselineMs } = condition;
  return reader
    .select(metric, labels, now - baselineMs - windowMs, now)
    .flatMap((series) => judge(series, condition, now) ?? []);
}

function judge({ labels, points }: MetricSeries, condition: Anomaly, now: number): Finding | undefined {
  const { metric, windowMs, baselineMs, seasonMs, deviations, least = 0 } = condition;
  const stepMs = seasonMs ?? windowMs;
  const means = new Map<number, { sum: number; count: number }>();
  for (const [time, value] of points) {
    const age = now - time;
    const window = Math.floor(age / stepMs);
    // of a season only what lies at its same time
    if (Number.isNaN(value) || age - window * stepMs >= windowMs || window * stepMs > baselineMs) continue;
    const mean = means.get(window) ?? { sum: 0, count: 0 };
    mean.sum += value;
    mean.count++;
    means.set(window, mean);
  }
  const current = means.get(0);
  means.delete(0);
  if (!current || means.size < (seasonMs === undefined ? LEAST_WINDOWS : LEAST_SEASONS)) return undefined;
  const baseline = [...means.values()].map(({ sum, count }) => sum / count);
  const value = current.sum / current.count;
  const center = median(baseline);
  const far = Math.max(least, deviations * deviationOf(baseline));
  const isMet = Math.abs(value - center) > far;
  const threshold = value >= center ? center + far : center - far;
  return { labels, metric, value, threshold, condition: isMet ? "met" : "clear" };
}

function deviationOf(values: readonly number[]): number {
  const byMedian = FROM_MEDIAN * medianAbsoluteDeviation(values);
  const byTenths = (quantile(values, 0.9) - quantile(values, 0.1)) / FROM_TENTHS;
  return Math.max(byMedian, byTenths) * (1 + UNCERTAIN / Math.sqrt(values.length));
}
