// This module is browser-safe.
import { type Alert, alertId } from "./alert.ts";
import type { AlertRule } from "./alert_rule.ts";
import type { Finding } from "./_condition.ts";
import type { SavedAlert } from "./_engine_state.ts";
import { parseAlertRule } from "./parse_alert_rule.ts";
import { type AlertProgress, INACTIVE } from "./step_alert.ts";
import { renderTemplate } from "./_template.ts";

/** What an engine knows of one alert. */
export interface Tracked {
  readonly labels: Alert["labels"];
  progress: AlertProgress;
  /** What the condition found when it was met last: of what the message speaks. */
  metric: string;
  value: number | undefined;
  threshold: number | undefined;
  /** When it was looked at last, before a restart that has not seen its data yet. */
  suspendedAt: number | undefined;
  isSilenced: boolean;
  isInhibited: boolean;
}

const FRESH = { isSilenced: false, isInhibited: false };

export function track(
  group: Map<string, Tracked>,
  id: string,
  { labels, metric, value, threshold }: Finding,
): Tracked {
  const found = { labels, metric, value, threshold };
  const one: Tracked = { ...found, ...FRESH, progress: INACTIVE, suspendedAt: undefined };
  group.set(id, one);
  return one;
}

export function toAlert(rule: AlertRule, one: Tracked): Alert {
  const { labels, progress, metric, value, threshold } = one;
  const { state, activeAt, firedAt, resolvedAt, acknowledged } = progress;
  const notified = firedAt === undefined ? undefined : progress.notified;
  const message = renderTemplate(rule.message, { metric, labels, value, threshold });
  const { name, level, group, labels: ruleLabels, runbook } = rule;
  const known = { value, threshold, activeAt, firedAt, resolvedAt, acknowledged, notified };
  const flags = {
    silenced: one.isSilenced || undefined,
    inhibited: one.isInhibited || undefined,
    flapping: progress.flapping || undefined,
  };
  const own = { id: alertId(name, labels), rule: name, level, state, labels, message };
  return dropUndefined({ ...own, ...known, ...flags, group, ruleLabels, runbook });
}

export function toSaved(rule: AlertRule, one: Tracked, seenAt: number): SavedAlert {
  const { labels, metric, value, threshold, progress, suspendedAt = seenAt } = one;
  const finite = Number.isFinite(value) ? value : undefined; // JSON has no other numbers
  const saved = { rule: rule.name, labels, metric, value: finite, threshold, seenAt: suspendedAt };
  return dropUndefined({ ...saved, progress: dropUndefined(progress) });
}

export function toTracked({ labels, metric, value, threshold, progress, seenAt }: SavedAlert): Tracked {
  return { labels, metric, value, threshold, progress, suspendedAt: seenAt, ...FRESH };
}

/** @throws {TypeError} If a rule is not one, or two have the same name. */
export function checkRules(rules: readonly AlertRule[]): readonly AlertRule[] {
  const checked = Object.freeze(rules.map((rule) => parseAlertRule(rule)));
  const twice = checked.find(({ name }, i) => checked.findIndex((rule) => rule.name === name) < i);
  if (twice) throw new TypeError(`Cannot make alert engine: rule names must differ, got ${twice.name} twice`);
  return checked;
}

/** Whether an alert of one rule means the same under the other. */
export function isSameCourse(a: AlertRule, b: AlertRule): boolean {
  return a === b || JSON.stringify(courseOf(a), keepFunctions) === JSON.stringify(courseOf(b), keepFunctions);
}

function courseOf({ condition, forMs, clear, keepFiringMs = 0, cooldownMs }: AlertRule): unknown {
  return [condition, forMs, clear, keepFiringMs, cooldownMs];
}

function keepFunctions(_: string, value: unknown): unknown {
  return typeof value === "function" ? value.toString() : value;
}

export function isSameLabels(a: Alert["labels"], b: Alert["labels"]): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function dropUndefined<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}
