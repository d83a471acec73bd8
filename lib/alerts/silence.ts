// This module is browser-safe.
import type { Labels } from "../metrics/sample_key.ts";
import { type LabelMatcher, matchesAll, parseMatchers } from "./matcher.ts";

/**
 * Alerts that nobody is to be told of for a while; they are shown all the same. The labels of an alert are those of its series and its
 * rule, and `alertname`, `severity` and `group`.
 */
export interface Silence {
  readonly id: string;
  readonly matchers: readonly LabelMatcher[];
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  /** A maintenance window that comes again: from its beginning to the next one. */
  readonly repeatMs?: number | undefined;
  /** Why, and who. */
  readonly comment: string;
  readonly createdBy?: string | undefined;
}

/** Alerts that are a consequence of others: while a source fires, targets with the same values of `equal` are told to nobody. */
export interface InhibitRule {
  readonly source: readonly LabelMatcher[];
  readonly target: readonly LabelMatcher[];
  /** Labels that must be the same, or missing, in both. @default {[]} */
  readonly equal?: readonly string[] | undefined;
}

/** Whether a silence is in force at a time. */
export function isActive({ from, to, repeatMs }: Silence, now: number): boolean {
  if (now < from) return false;
  const into = repeatMs === undefined ? now - from : (now - from) % repeatMs;
  return into < to - from;
}

/** Whether a silence will never be in force again. */
export function isOver({ to, repeatMs }: Silence, now: number): boolean {
  return repeatMs === undefined && now >= to;
}

/** Whether one of the alerts is why this one is there. An alert that is both source and target is not inhibited by its like. */
export function isInhibited(
  labels: Labels,
  firing: readonly Labels[],
  rules: readonly InhibitRule[],
): boolean {
  return rules.some(({ source, target, equal = [] }) => {
    if (!matchesAll(target, labels)) return false;
    const isSource = matchesAll(source, labels);
    return firing.some(
      (other) =>
        other !== labels &&
        matchesAll(source, other) &&
        !(isSource && matchesAll(target, other)) &&
        equal.every((name) => (labels[name] ?? "") === (other[name] ?? "")),
    );
  });
}

/** @throws {TypeError} If it is no silence; the message names the field. */
export function parseSilence(input: unknown): Silence {
  const silence = (input ?? {}) as Record<string, unknown>;
  const { id, from, to, repeatMs, comment, createdBy } = silence;
  const check = (valid: boolean, field: string, expected: string): void => {
    if (valid) return;
    const got = JSON.stringify(silence[field]) ?? String(silence[field]);
    throw new TypeError(`Cannot silence alerts: '${field}' must be ${expected}, got ${got}`);
  };
  const matchers = parseMatchers(silence["matchers"], "silence alerts");
  check(typeof id === "string" && id !== "", "id", "a text");
  check(Number.isFinite(from), "from", "a finite number");
  check(
    Number.isFinite(to) && (to as number) > (from as number),
    "to",
    `a finite number > from, ${String(from)}`,
  );
  const lasts = (to as number) - (from as number);
  check(
    repeatMs === undefined || (repeatMs as number) >= lasts,
    "repeatMs",
    `at least ${lasts}, how long it lasts`,
  );
  check(typeof comment === "string", "comment", "a text");
  check(createdBy === undefined || typeof createdBy === "string", "createdBy", "a text");
  return { ...(silence as unknown as Silence), matchers };
}
