// This module is browser-safe.
import { WINDOW_FUNCTIONS } from "../metrics/window_function.ts";
import type { AlertRule } from "./alert_rule.ts";
import { findTemplateError } from "./_template.ts";

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const ORDERED = [">", ">=", "<", "<="];
const RULE_FIELDS = [
  "name",
  "level",
  "condition",
  "forMs",
  "clear",
  "keepFiringMs",
  "cooldownMs",
  "group",
  "labels",
  "message",
  "runbook",
];
const SELECTOR_FIELDS = ["metric", "labels"];
const CONDITION_FIELDS = [...SELECTOR_FIELDS, "fn", "quantile", "aheadMs", "windowMs", "op", "threshold"];
const ANOMALY_FIELDS = [...SELECTOR_FIELDS, "windowMs", "baselineMs", "seasonMs", "deviations", "least"];
// The keys that tell kinds of conditions apart; without any it is a threshold.
const KINDS = ["any", "all", "not", "absent", "anomaly", "always", "evaluate"];
const DEEPEST = 8;
const MOST_LABEL = 4096;

/** Options of {@linkcode parseAlertRule}. */
export interface ParseAlertRuleOptions {
  /** Names of the metrics that there are: a rule of any other is refused, with the name that comes nearest. Default: all are taken. */
  readonly metrics?: Iterable<string> | undefined;
}

/**
 * An alert rule from data of unknown origin, such as a parsed JSON file. Nothing is filled in or dropped.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { defaultAlertRules, parseAlertRule } from "demi-health/alerts";
 *
 * assert.throws(() => parseAlertRule({ ...defaultAlertRules[0], forMs: -1 }), {
 *   message: "Cannot use alert rule high_memory_usage: 'forMs' must be a finite number >= 0, got -1",
 * });
 * ```
 *
 * @throws {TypeError} If it is no alert rule; the message names the rule and the field.
 */
export function parseAlertRule(input: unknown, options: ParseAlertRuleOptions = {}): AlertRule {
  const rule = toRecord(input, "", "rule");
  const name = typeof rule["name"] === "string" ? ` ${rule["name"]}` : "";
  const check = (valid: boolean, field: string, expected: string): void => {
    if (!valid) throw ruleError(name, field, expected, rule[field]);
  };
  checkFields(rule, RULE_FIELDS, name, "");
  check(isName(rule["name"]), "name", `a name that matches ${METRIC_NAME}`);
  check(
    ["info", "warning", "critical"].includes(rule["level"] as string),
    "level",
    "info, warning or critical",
  );
  check(isDuration(rule["forMs"]), "forMs", "a finite number >= 0");
  check(isDuration(rule["cooldownMs"]), "cooldownMs", "a finite number >= 0");
  check(
    rule["keepFiringMs"] === undefined || isDuration(rule["keepFiringMs"]),
    "keepFiringMs",
    "a finite number >= 0",
  );
  check(isText(rule["message"]), "message", "a sentence");
  check(rule["group"] === undefined || isName(rule["group"]), "group", `a name that matches ${METRIC_NAME}`);
  check(isLabels(rule["labels"]), "labels", "texts by name");
  check(rule["runbook"] === undefined || isText(rule["runbook"]), "runbook", "a link");
  const mistake = findTemplateError(rule["message"] as string);
  check(mistake === undefined, "message", mistake ?? "");
  checkCondition(rule["condition"], "condition", name, 0);
  if (options.metrics) checkMetrics(rule["condition"], "condition", name, [...options.metrics]);
  checkClear(rule as unknown as AlertRule, name);
  return rule as unknown as AlertRule;
}

function checkCondition(input: unknown, where: string, rule: string, depth: number): void {
  const condition = toRecord(input, rule, where);
  const kinds = KINDS.filter((kind) => kind in condition);
  if (kinds.length === 0) {
    checkThreshold(condition, rule, where);
    return;
  }
  const [kind] = kinds as [string];
  const content = condition[kind];
  const inside = `${where}.${kind}`;
  checkFields(condition, [kind], rule, `${where}.`);
  if (depth === DEEPEST) throw ruleError(rule, where, `at most ${DEEPEST} conditions deep`, "one deeper");
  switch (kind) {
    case "any":
    case "all":
      if (!Array.isArray(content) || content.length === 0) {
        throw ruleError(rule, inside, "a list of conditions", content);
      }
      for (const [i, part] of content.entries()) checkCondition(part, `${inside}[${i}]`, rule, depth + 1);
      return;
    case "not":
      checkCondition(content, inside, rule, depth + 1);
      return;
    case "always":
      if (content !== true) throw ruleError(rule, inside, "true", content);
      return;
    case "evaluate":
      if (typeof content !== "function") throw ruleError(rule, inside, "a function", content);
      return;
    case "absent":
      checkSelector(toRecord(content, rule, inside), [...SELECTOR_FIELDS, "windowMs"], rule, inside);
      return;
    case "anomaly":
      checkAnomaly(toRecord(content, rule, inside), rule, inside);
  }
}

/** What all conditions on series have: a metric, labels, and a window. */
function checkSelector(
  condition: Record<string, unknown>,
  fields: readonly string[],
  rule: string,
  where: string,
): (valid: boolean, field: string, expected: string) => void {
  const check = (valid: boolean, field: string, expected: string): void => {
    if (!valid) throw ruleError(rule, `${where}.${field}`, expected, condition[field]);
  };
  checkFields(condition, fields, rule, `${where}.`);
  check(isName(condition["metric"]), "metric", `a name that matches ${METRIC_NAME}`);
  check(isLabels(condition["labels"]), "labels", "texts by name");
  check(isPositive(condition["windowMs"]), "windowMs", "a finite number > 0");
  return check;
}

function checkThreshold(condition: Record<string, unknown>, rule: string, where: string): void {
  const check = checkSelector(condition, CONDITION_FIELDS, rule, where);
  const { fn, quantile, aheadMs } = condition;
  check((WINDOW_FUNCTIONS as readonly unknown[]).includes(fn), "fn", `one of ${WINDOW_FUNCTIONS.join(", ")}`);
  check([...ORDERED, "==", "!="].includes(condition["op"] as string), "op", "one of >, >=, <, <=, ==, !=");
  check(Number.isFinite(condition["threshold"]), "threshold", "a finite number");
  const isShare = typeof quantile === "number" && quantile >= 0 && quantile <= 1;
  check(fn === "quantile" ? isShare : quantile === undefined, "quantile", "0 to 1, and only for quantile");
  check(
    fn === "predict" ? isDuration(aheadMs) : aheadMs === undefined,
    "aheadMs",
    "a finite number >= 0, and only for predict",
  );
}

function checkAnomaly(condition: Record<string, unknown>, rule: string, where: string): void {
  const check = checkSelector(condition, ANOMALY_FIELDS, rule, where);
  const { windowMs, baselineMs, seasonMs, deviations, least } = condition;
  check(isPositive(baselineMs), "baselineMs", "a finite number > 0");
  check(isPositive(deviations), "deviations", "a finite number > 0");
  check(least === undefined || isDuration(least), "least", "a finite number >= 0");
  const isLonger = isPositive(seasonMs) && (seasonMs as number) >= (windowMs as number);
  check(seasonMs === undefined || isLonger, "seasonMs", "a finite number >= windowMs");
}

/** Every metric of a condition must be one of these. */
function checkMetrics(input: unknown, where: string, rule: string, known: readonly string[]): void {
  if (Array.isArray(input)) {
    for (const [i, part] of input.entries()) checkMetrics(part, `${where}[${i}]`, rule, known);
    return;
  }
  if (typeof input !== "object" || input === null) return;
  for (const [field, value] of Object.entries(input)) {
    if (field === "metric" && !known.includes(value as string)) {
      const nearest = known.toSorted(
        (a, b) => distance(a, value as string) - distance(b, value as string),
      )[0];
      const hint = nearest === undefined ? "" : `, such as ${nearest}`;
      throw ruleError(rule, `${where}.metric`, `a metric that there is${hint}`, value);
    }
    if (field !== "labels") checkMetrics(value, `${where}.${field}`, rule, known);
  }
}

/** How many letters must be put in, left out or changed (V. I. Levenshtein, 1966). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, changed));
    }
    row = next;
  }
  return row[b.length]!;
}

function checkClear({ clear, condition }: AlertRule, rule: string): void {
  if (clear === undefined) return;
  if (!("threshold" in condition) || !ORDERED.includes(condition.op)) {
    throw ruleError(rule, "clear", "absent unless there is one condition with an order", clear);
  }
  const { op, threshold } = condition;
  const above = op.startsWith(">");
  if (Number.isFinite(clear) && (above ? clear <= threshold : clear >= threshold)) return;
  throw ruleError(rule, "clear", `${above ? "<=" : ">="} the threshold ${threshold}`, clear);
}

function checkFields(
  record: Record<string, unknown>,
  known: readonly string[],
  rule: string,
  where: string,
): void {
  const unknown = Object.keys(record).find((field) => !known.includes(field));
  if (unknown === undefined) return;
  throw ruleError(rule, where + unknown, `one of ${known.join(", ")}`, unknown);
}

function toRecord(input: unknown, rule: string, what: string): Record<string, unknown> {
  if (typeof input === "object" && input !== null && !Array.isArray(input))
    return input as Record<string, unknown>;
  throw ruleError(rule, what, "an object", input);
}

function isName(value: unknown): boolean {
  return typeof value === "string" && METRIC_NAME.test(value);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isDuration(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}

function isPositive(value: unknown): boolean {
  return isDuration(value) && value !== 0;
}

function isLabels(value: unknown): boolean {
  if (value === undefined) return true;
  const isText = (one: unknown): boolean => typeof one === "string" && one.length <= MOST_LABEL;
  return typeof value === "object" && value !== null && Object.values(value).every(isText);
}

function ruleError(rule: string, field: string, expected: string, got: unknown): TypeError {
  const found = typeof got === "number" ? String(got) : (JSON.stringify(got) ?? String(got));
  return new TypeError(`Cannot use alert rule${rule}: '${field}' must be ${expected}, got ${found}`);
}
