// This module is browser-safe.
import { type AlertRule, type ThresholdCondition, toThresholds } from "./alert_rule.ts";
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
  "message",
  "runbook",
];
const CONDITION_FIELDS = ["metric", "labels", "fn", "windowMs", "op", "threshold"];

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
export function parseAlertRule(input: unknown): AlertRule {
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
  check(rule["runbook"] === undefined || isText(rule["runbook"]), "runbook", "a link");
  const mistake = findTemplateError(rule["message"] as string);
  check(mistake === undefined, "message", mistake ?? "");
  checkCondition(rule["condition"], name);
  checkClear(rule as unknown as AlertRule, name);
  return rule as unknown as AlertRule;
}

function checkCondition(input: unknown, rule: string): void {
  const condition = toRecord(input, rule, "condition");
  if (!("any" in condition)) {
    checkThreshold(condition, rule, "condition");
    return;
  }
  checkFields(condition, ["any"], rule, "condition.");
  const parts = condition["any"];
  if (!Array.isArray(parts) || parts.length === 0) {
    throw ruleError(rule, "condition.any", "a list of conditions", parts);
  }
  for (const [i, part] of parts.entries()) {
    const where = `condition.any[${i}]`;
    checkThreshold(toRecord(part, rule, where), rule, where);
  }
}

function checkThreshold(condition: Record<string, unknown>, rule: string, where: string): void {
  const check = (valid: boolean, field: string, expected: string): void => {
    if (!valid) throw ruleError(rule, `${where}.${field}`, expected, condition[field]);
  };
  checkFields(condition, CONDITION_FIELDS, rule, `${where}.`);
  check(isName(condition["metric"]), "metric", `a name that matches ${METRIC_NAME}`);
  check(isLabels(condition["labels"]), "labels", "texts by name");
  check(
    ["last", "avg", "min", "max", "jump"].includes(condition["fn"] as string),
    "fn",
    "last, avg, min, max or jump",
  );
  check(isDuration(condition["windowMs"]) && condition["windowMs"] !== 0, "windowMs", "a finite number > 0");
  check([...ORDERED, "==", "!="].includes(condition["op"] as string), "op", "one of >, >=, <, <=, ==, !=");
  check(Number.isFinite(condition["threshold"]), "threshold", "a finite number");
}

function checkClear({ clear, condition }: AlertRule, rule: string): void {
  if (clear === undefined) return;
  const [first, ...others] = toThresholds(condition) as [ThresholdCondition, ...ThresholdCondition[]];
  if (others.length > 0 || !ORDERED.includes(first.op)) {
    throw ruleError(rule, "clear", "absent unless there is one condition with an order", clear);
  }
  const above = first.op.startsWith(">");
  if (Number.isFinite(clear) && (above ? clear <= first.threshold : clear >= first.threshold)) return;
  throw ruleError(rule, "clear", `${above ? "<=" : ">="} the threshold ${first.threshold}`, clear);
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

function isLabels(value: unknown): boolean {
  if (value === undefined) return true;
  return (
    typeof value === "object" && value !== null && Object.values(value).every((v) => typeof v === "string")
  );
}

function ruleError(rule: string, field: string, expected: string, got: unknown): TypeError {
  const found = typeof got === "number" ? String(got) : (JSON.stringify(got) ?? String(got));
  return new TypeError(`Cannot use alert rule${rule}: '${field}' must be ${expected}, got ${found}`);
}
