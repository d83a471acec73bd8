// This module is browser-safe.
import type { Labels } from "../metrics/sample_key.ts";
import { promqlDuration, promqlFunction, promqlSelector } from "../metrics/promql.ts";
import type { AlertCondition, AlertRule, ThresholdCondition } from "./alert_rule.ts";
import { toPrometheusTemplate } from "./_template.ts";

/** What {@linkcode toPrometheusRules} made. */
export interface PrometheusRules {
  /** A rule file, YAML. */
  readonly yaml: string;
  /** Rules that PromQL cannot say, and why; they are not in the file. */
  readonly skipped: readonly { readonly rule: string; readonly reason: string }[];
  /** Rules that are in the file without a part of theirs that Prometheus does not know. */
  readonly changed: readonly { readonly rule: string; readonly reason: string }[];
}

/**
 * The rules as a rule file of Prometheus 2.42 or later, also for VictoriaMetrics and Mimir, so that a fleet of companions is watched by
 * the same rules. Their levels are in the label `severity`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { defaultAlertRules, toPrometheusRules } from "demi-health/alerts";
 *
 * const { yaml } = toPrometheusRules(defaultAlertRules.filter(({ name }) => name === "high_cpu_usage"));
 * assert.match(yaml, /expr: "avg_over_time\(demi_cpu_usage_ratio\[1m\]\) > 0.85"/);
 * ```
 */
export function toPrometheusRules(rules: readonly AlertRule[], group = "demi-health"): PrometheusRules {
  const skipped: { rule: string; reason: string }[] = [];
  const changed: { rule: string; reason: string }[] = [];
  const lines = ["groups:", `  - name: ${quote(group)}`, "    rules:"];
  let count = 0;
  for (const rule of rules) {
    const expression = toExpression(rule.condition);
    if (typeof expression !== "string") {
      skipped.push({ rule: rule.name, reason: expression.reason });
      continue;
    }
    count++;
    lines.push(...toLines(rule, expression));
    if (rule.clear !== undefined)
      changed.push({ rule: rule.name, reason: "Prometheus has no threshold for recovery" });
  }
  if (count === 0) lines[2] = "    rules: []";
  return { yaml: `${lines.join("\n")}\n`, skipped, changed };
}

function toLines(rule: AlertRule, expression: string): string[] {
  const { name, level, forMs, keepFiringMs = 0, labels = {}, message, runbook } = rule;
  const threshold = "threshold" in rule.condition ? rule.condition.threshold : undefined;
  const lines = [`      - alert: ${name}`, `        expr: ${quote(expression)}`];
  if (forMs > 0) lines.push(`        for: ${promqlDuration(forMs)}`);
  if (keepFiringMs > 0) lines.push(`        keep_firing_for: ${promqlDuration(keepFiringMs)}`);
  lines.push("        labels:", ...pairs({ ...labels, severity: level }));
  const summary = toPrometheusTemplate(message, threshold);
  lines.push("        annotations:", ...pairs({ summary, ...(runbook && { runbook_url: runbook }) }));
  return lines;
}

function pairs(record: Labels): string[] {
  return Object.entries(record).map(([name, value]) => `          ${name}: ${quote(value)}`);
}

function toExpression(condition: AlertCondition): string | { readonly reason: string } {
  if ("always" in condition) return "vector(1)";
  if ("absent" in condition) {
    const { metric, labels, windowMs } = condition.absent;
    return `absent_over_time(${promqlSelector(metric, labels)}[${promqlDuration(windowMs)}])`;
  }
  if ("any" in condition) {
    const parts = condition.any.map(toExpression);
    const failed = parts.find((part) => typeof part !== "string");
    return failed ?? parts.map((part) => `(${String(part)})`).join(" or ");
  }
  if ("threshold" in condition) {
    const value = toValue(condition);
    return typeof value === "string" ? `${value} ${condition.op} ${condition.threshold}` : value;
  }
  if ("anomaly" in condition) return { reason: "PromQL has no median of windows" };
  if ("evaluate" in condition) return { reason: "it is a function" };
  return { reason: "PromQL cannot match labels that only do not contradict one another" };
}

function toValue(condition: ThresholdCondition): string | { readonly reason: string } {
  const { metric, labels, fn, windowMs } = condition;
  const value = promqlFunction(fn, promqlSelector(metric, labels), windowMs, condition);
  return value ?? { reason: `PromQL has no function for ${fn}` };
}

/** A text in double quotes, in which YAML, PromQL and JSON agree. */
function quote(text: string): string {
  return JSON.stringify(text);
}
