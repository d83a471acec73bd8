// This module is browser-safe.
import type { Labels } from "../metrics/sample_key.ts";
import {
  type AlertFunction,
  type AlertOperator,
  type AlertRule,
  type ThresholdCondition,
  toThresholds,
} from "./alert_rule.ts";
import { alertId } from "./alert.ts";
import type { MetricReader, MetricSeries } from "./metric_reader.ts";

/** What a rule's condition says of one set of labels. */
export interface Finding {
  readonly labels: Labels;
  readonly metric: string;
  readonly value: number;
  readonly threshold: number;
  /** `between`: no longer met, and not yet clear either. */
  readonly condition: "met" | "between" | "clear";
}

const RANK = { met: 2, between: 1, clear: 0 };

/**
 * What the rule's condition says now, by alert id; nothing of series without data in the window.
 *
 * @throws Whatever the reader throws.
 */
export function evaluateCondition(rule: AlertRule, reader: MetricReader, now: number): Map<string, Finding> {
  const findings = new Map<string, Finding>();
  for (const threshold of toThresholds(rule.condition)) {
    const series = reader.select(threshold.metric, threshold.labels, now - threshold.windowMs, now);
    for (const one of series) {
      const finding = judge(one, threshold, rule.clear);
      if (!finding) continue;
      const id = alertId(rule.name, finding.labels);
      const other = findings.get(id);
      if (!other || RANK[finding.condition] > RANK[other.condition]) findings.set(id, finding);
    }
  }
  return findings;
}

function judge(
  { labels, points }: MetricSeries,
  condition: ThresholdCondition,
  clear: number | undefined,
): Finding | undefined {
  const { metric, fn, op, threshold } = condition;
  const value = reduce(
    fn,
    points.map(([, value]) => value).filter((value) => !Number.isNaN(value)),
  );
  if (value === undefined) return undefined;
  const stillMet = compare(value, op, clear ?? threshold);
  const state = compare(value, op, threshold) ? "met" : stillMet ? "between" : "clear";
  return { labels, metric, value, threshold, condition: state };
}

function reduce(fn: AlertFunction, values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  switch (fn) {
    case "last":
      return values.at(-1);
    case "avg":
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    case "min":
      return values.reduce((a, b) => Math.min(a, b));
    case "max":
      return values.reduce((a, b) => Math.max(a, b));
    case "jump": // a single sample has no neighbour to differ from
      return values.length < 2 ? undefined : largestStep(values);
  }
}

function largestStep(values: readonly number[]): number {
  return values.slice(1).reduce((largest, value, i) => Math.max(largest, Math.abs(value - values[i]!)), 0);
}

function compare(value: number, op: AlertOperator, threshold: number): boolean {
  switch (op) {
    case ">":
      return value > threshold;
    case ">=":
      return value >= threshold;
    case "<":
      return value < threshold;
    case "<=":
      return value <= threshold;
    case "==":
      return value === threshold;
    case "!=":
      return value !== threshold;
  }
}
