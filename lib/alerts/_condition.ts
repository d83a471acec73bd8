// This module is browser-safe.
import type { Labels } from "../metrics/sample_key.ts";
import { evaluateWindow } from "../metrics/window_function.ts";
import type {
  AlertCondition,
  AlertOperator,
  AlertRule,
  FunctionCondition,
  ThresholdCondition,
} from "./alert_rule.ts";
import { alertId } from "./alert.ts";
import { findAnomalies } from "./_anomaly.ts";
import type { MetricReader, MetricSeries } from "./metric_reader.ts";

/** What a rule's condition says of one set of labels. */
export interface Finding {
  readonly labels: Labels;
  /** Its name tells the unit of the numbers; empty where none is looked at. */
  readonly metric: string;
  readonly value: number | undefined;
  readonly threshold: number | undefined;
  /** `between`: no longer met, and not yet clear either. */
  readonly condition: "met" | "between" | "clear";
}

const RANK = { met: 2, between: 1, clear: 0 };
const NO_LABELS: Labels = Object.freeze({});

/**
 * What the rule's condition says now, by alert id; nothing of series without data in the window.
 *
 * @throws Whatever the reader throws.
 */
export function evaluateCondition(rule: AlertRule, reader: MetricReader, now: number): Map<string, Finding> {
  const findings = new Map<string, Finding>();
  for (const finding of evaluate(rule.condition, rule.clear, reader, now)) {
    const id = rule.name + suffixOf(finding.labels);
    const other = findings.get(id);
    if (!other || RANK[finding.condition] > RANK[other.condition]) findings.set(id, finding);
  }
  return findings;
}

// The labels of a series are one object, time and again: to write and sort them took a third of an evaluation.
const suffixes = new WeakMap<Labels, string>();

/** What {@linkcode alertId} puts after the rule's name. */
function suffixOf(labels: Labels): string {
  const known = suffixes.get(labels) ?? alertId("", labels);
  suffixes.set(labels, known);
  return known;
}

function evaluate(
  condition: AlertCondition,
  clear: number | undefined,
  reader: MetricReader,
  now: number,
): readonly Finding[] {
  if ("any" in condition) return condition.any.flatMap((one) => evaluate(one, undefined, reader, now));
  if ("all" in condition) return evaluateAll(condition.all, reader, now);
  if ("not" in condition) return [negate(NO_LABELS, evaluate(condition.not, undefined, reader, now))];
  if ("always" in condition) return [finding(NO_LABELS, "", true)];
  if ("evaluate" in condition) return evaluateFunction(condition, reader, now);
  if ("anomaly" in condition) return findAnomalies(condition.anomaly, reader, now);
  if ("absent" in condition) {
    const { metric, labels = NO_LABELS, windowMs } = condition.absent;
    const isThere = reader
      .select(metric, labels, now - windowMs, now)
      .some(({ points }) => points.length > 0);
    return [finding(labels, metric, !isThere)];
  }
  return reader
    .select(condition.metric, condition.labels, now - condition.windowMs, now)
    .flatMap((series) => judge(series, condition, clear, now) ?? []);
}

function judge(
  { labels, points }: MetricSeries,
  condition: ThresholdCondition,
  clear: number | undefined,
  now: number,
): Finding | undefined {
  const { metric, fn, op, threshold, windowMs, quantile, aheadMs } = condition;
  const value = evaluateWindow(fn, points, { from: now - windowMs, to: now, quantile, aheadMs });
  if (value === undefined) return undefined;
  const stillMet = compare(value, op, clear ?? threshold);
  const state = compare(value, op, threshold) ? "met" : stillMet ? "between" : "clear";
  return { labels, metric, value, threshold, condition: state };
}

function evaluateAll(
  [first, ...others]: readonly AlertCondition[],
  reader: MetricReader,
  now: number,
): readonly Finding[] {
  const found = evaluate(first!, undefined, reader, now);
  if (found.length === 0) return [];
  const rest = others.map((other) =>
    "not" in other
      ? { isNegated: true, findings: evaluate(other.not, undefined, reader, now) }
      : { isNegated: false, findings: evaluate(other, undefined, reader, now) },
  );
  return found.map((one) => {
    let least = one.condition;
    for (const { isNegated, findings } of rest) {
      const other = isNegated ? negate(one.labels, findings).condition : bestOf(one.labels, findings);
      if (RANK[other] < RANK[least]) least = other;
    }
    return { ...one, condition: least };
  });
}

/** The most that is said of labels that do not contradict these. */
function bestOf(labels: Labels, findings: readonly Finding[]): Finding["condition"] {
  let best: Finding["condition"] = "clear";
  for (const other of findings) {
    if (RANK[other.condition] > RANK[best] && agree(labels, other.labels)) best = other.condition;
  }
  return best;
}

function negate(labels: Labels, findings: readonly Finding[]): Finding {
  return finding(labels, "", bestOf(labels, findings) !== "met");
}

function agree(a: Labels, b: Labels): boolean {
  return Object.entries(a).every(([name, value]) => b[name] === undefined || b[name] === value);
}

function evaluateFunction(
  { evaluate: tell }: FunctionCondition,
  reader: MetricReader,
  now: number,
): readonly Finding[] {
  return [...tell(reader, now)].map(({ labels = NO_LABELS, isMet, value, threshold }) => ({
    ...finding(labels, "", isMet),
    value,
    threshold,
  }));
}

function finding(labels: Labels, metric: string, isMet: boolean): Finding {
  return { labels, metric, value: undefined, threshold: undefined, condition: isMet ? "met" : "clear" };
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
