// This module is browser-safe.
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";
import { type Alert, type AlertChange, alertId } from "./alert.ts";
import type { AlertRule } from "./alert_rule.ts";
import { evaluateCondition, type Finding } from "./_condition.ts";
import { defaultAlertRules } from "./default_rules.ts";
import { type AlertEngineState, parseEngineState, type SavedAlert } from "./_engine_state.ts";
import type { MetricReader } from "./metric_reader.ts";
import { parseAlertRule } from "./parse_alert_rule.ts";
import { type AlertInput, type AlertProgress, INACTIVE, skipTime, stepAlert } from "./step_alert.ts";
import { renderTemplate } from "./_template.ts";

/** Options of {@linkcode AlertEngine}. */
export interface AlertEngineOptions {
  /** Where the rules find their samples. */
  reader: MetricReader;
  /** @default {defaultAlertRules} */
  rules?: readonly AlertRule[] | undefined;
  /** @default {systemClock} */
  clock?: Clock | undefined;
  /**
   * How long a firing alert whose series is gone is held as `no-data` before it resolves.
   *
   * @default {300_000}
   */
  noDataMs?: number | undefined;
  /**
   * How long a resolved alert stays in the list.
   *
   * @default {3_600_000}
   */
  resolvedMs?: number | undefined;
  /** Told when a rule's metrics cannot be read, once until they can, and of a listener that throws. */
  onError?: ((error: unknown) => void) | undefined;
}

interface Tracked {
  readonly labels: Alert["labels"];
  progress: AlertProgress;
  /** What the condition found when it was met last: of what the message speaks. */
  metric: string;
  value: number | undefined;
  threshold: number | undefined;
  /** When it was looked at last, before a restart that has not seen its data yet. */
  suspendedAt: number | undefined;
}

// After a restart data comes in one by one; what is absent for so long is not held against a restored alert.
const RESTORE_GRACE_MS = 60_000;

/**
 * Applies alert rules to samples. It has no timer: the host calls {@linkcode AlertEngine.evaluate} after each round of
 * samples. Each set of labels that meets a rule is an alert of its own.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { AlertEngine } from "demi-health/alerts";
 *
 * const labels = { emotion: "loneliness" };
 * const reader = {
 *   select: (metric: string, _: unknown, from: number, to: number) =>
 *     metric === "demi_emotion" ? [{ labels, points: [[to, 0.95] as const] }] : [],
 * };
 * const engine = new AlertEngine({ reader });
 * engine.evaluate(0);
 * const [change] = engine.evaluate(60_000);
 * assert.equal(change?.alert.id, `extreme_loneliness{emotion="loneliness"}`);
 * assert.equal(change?.alert.state, "firing");
 * ```
 */
export class AlertEngine {
  readonly rules: readonly AlertRule[];
  readonly #reader: MetricReader;
  readonly #clock: Clock;
  readonly #noDataMs: number;
  readonly #resolvedMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Set<(change: AlertChange) => void>();
  readonly #failing = new Set<AlertRule>();
  #tracked: ReadonlyMap<AlertRule, Map<string, Tracked>>;
  #evaluatedAt: number | undefined;
  #graceUntil = -Infinity;

  /**
   * @throws {TypeError} If a rule is not one, or two have the same name.
   * @throws {RangeError} If a time is negative.
   */
  constructor(options: AlertEngineOptions) {
    const { reader, rules = defaultAlertRules, clock = systemClock, onError = console.error } = options;
    const { noDataMs = 300_000, resolvedMs = 3_600_000 } = options;
    for (const [name, value] of Object.entries({ noDataMs, resolvedMs })) {
      if (!(value >= 0))
        throw new RangeError(`Cannot make alert engine: '${name}' must be >= 0, got ${value}`);
    }
    this.rules = Object.freeze(rules.map((rule) => parseAlertRule(rule)));
    const twice = this.rules.find(({ name }, i) => this.rules.findIndex((rule) => rule.name === name) < i);
    if (twice)
      throw new TypeError(`Cannot make alert engine: rule names must differ, got ${twice.name} twice`);
    this.#tracked = new Map(this.rules.map((rule) => [rule, new Map<string, Tracked>()]));
    this.#reader = reader;
    this.#clock = clock;
    this.#noDataMs = noDataMs;
    this.#resolvedMs = resolvedMs;
    this.#onError = onError;
  }

  /** All alerts that are not inactive, in the order of the rules. */
  get alerts(): readonly Alert[] {
    const all = [...this.#tracked].flatMap(([rule, group]) =>
      [...group].map(([, one]) => toAlert(rule, one)),
    );
    return all.filter(({ state }) => state !== "inactive");
  }

  /**
   * Looks at all rules and returns what changed; listeners are told the same. Never throws: a rule whose metrics
   * cannot be read puts its alerts into the state `error`.
   *
   * @param now Epoch ms. Default: the clock's.
   */
  evaluate(now: number = this.#clock.now()): readonly AlertChange[] {
    const changes = this.rules.flatMap((rule) => this.#evaluateRule(rule, now));
    this.#evaluatedAt = now;
    for (const change of changes) this.#tell(change);
    return changes;
  }

  /** Calls `listener` with every change from now on; returns the function that ends it. */
  subscribe(listener: (change: AlertChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Marks an alert as seen by somebody, until it resolves; false if there is none with this id that is not over. */
  acknowledge(id: string): boolean {
    for (const [rule, group] of this.#tracked) {
      const one = group.get(id);
      if (!one || one.progress.state === "inactive" || one.progress.state === "resolved") continue;
      one.progress = { ...one.progress, acknowledged: true };
      this.#tell({ alert: toAlert(rule, one), previous: one.progress.state, notify: false });
      return true;
    }
    return false;
  }

  /** Everything that {@linkcode AlertEngine.restore} needs, as plain data. */
  toJSON(): AlertEngineState {
    const seenAt = this.#evaluatedAt ?? this.#clock.now();
    const alerts = [...this.#tracked].flatMap(([rule, group]) =>
      [...group.values()].map((one) => toSaved(rule, one, seenAt)),
    );
    return { version: 1, alerts };
  }

  /**
   * Goes on from what another engine's {@linkcode AlertEngine.toJSON} gave. Time that nobody looked does not count
   * toward any duration but the cooldown. Alerts of rules that are no longer there are dropped.
   *
   * @throws {TypeError} If it is not such a state; the alerts stand as they were.
   */
  restore(state: unknown): void {
    const { alerts } = parseEngineState(state);
    const groups = new Map(this.rules.map((rule) => [rule, new Map<string, Tracked>()]));
    const byName = new Map(this.rules.map((rule) => [rule.name, rule]));
    for (const saved of alerts) {
      const rule = byName.get(saved.rule);
      if (rule) groups.get(rule)?.set(alertId(rule.name, saved.labels), toTracked(saved));
    }
    this.#tracked = groups;
    this.#graceUntil = this.#clock.now() + RESTORE_GRACE_MS;
  }

  #evaluateRule(rule: AlertRule, now: number): AlertChange[] {
    const findings = this.#find(rule, now);
    const group = this.#tracked.get(rule)!;
    const ids = new Set([...group.keys(), ...(findings?.keys() ?? [])]);
    return [...ids].flatMap((id) => {
      const finding = findings?.get(id);
      const one = group.get(id) ?? (finding?.condition === "met" ? track(group, id, finding) : undefined);
      const change = one && this.#step(rule, one, findings ? (finding ?? "absent") : "error", now);
      if (one?.progress.state === "inactive" && !(now < (one.progress.quietUntil ?? 0))) group.delete(id);
      return change ? [change] : [];
    });
  }

  #find(rule: AlertRule, now: number): Map<string, Finding> | undefined {
    try {
      const findings = evaluateCondition(rule, this.#reader, now);
      this.#failing.delete(rule);
      return findings;
    } catch (error) {
      if (!this.#failing.has(rule)) this.#report(error);
      this.#failing.add(rule);
      return undefined;
    }
  }

  #step(
    rule: AlertRule,
    one: Tracked,
    found: Finding | "absent" | "error",
    now: number,
  ): AlertChange | undefined {
    const condition = typeof found === "string" ? found : found.condition;
    if (one.suspendedAt !== undefined) {
      if (typeof found === "string" && now < this.#graceUntil) return undefined;
      one.progress = skipTime(one.progress, Math.max(0, now - one.suspendedAt));
      one.suspendedAt = undefined;
    }
    if (typeof found !== "string" && condition === "met") {
      one.metric = found.metric;
      one.value = found.value;
      one.threshold = found.threshold;
    }
    const previous = one.progress.state;
    const { progress, notify } = stepAlert(one.progress, this.#inputOf(rule, condition), now);
    one.progress = progress;
    return progress.state === previous && !notify
      ? undefined
      : { alert: toAlert(rule, one), previous, notify };
  }

  #inputOf(rule: AlertRule, condition: AlertInput["condition"]): AlertInput {
    const { forMs, keepFiringMs = 0, cooldownMs } = rule;
    return {
      condition,
      forMs,
      keepFiringMs,
      cooldownMs,
      noDataMs: this.#noDataMs,
      resolvedMs: this.#resolvedMs,
    };
  }

  #tell(change: AlertChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  #report(error: unknown): void {
    try {
      this.#onError(error);
    } catch (failure) {
      console.error(failure);
    }
  }
}

function track(
  group: Map<string, Tracked>,
  id: string,
  { labels, metric, value, threshold }: Finding,
): Tracked {
  const one: Tracked = { labels, metric, value, threshold, progress: INACTIVE, suspendedAt: undefined };
  group.set(id, one);
  return one;
}

function toAlert(rule: AlertRule, { labels, progress, metric, value, threshold }: Tracked): Alert {
  const { state, activeAt, firedAt, resolvedAt, acknowledged } = progress;
  const notified = firedAt === undefined ? undefined : progress.notified;
  const message = renderTemplate(rule.message, { metric, labels, value, threshold });
  const { name, level } = rule;
  const known = { value, threshold, activeAt, firedAt, resolvedAt, acknowledged, notified };
  return dropUndefined({ id: alertId(name, labels), rule: name, level, state, labels, message, ...known });
}

function toSaved(rule: AlertRule, one: Tracked, seenAt: number): SavedAlert {
  const { labels, metric, value, threshold, progress, suspendedAt = seenAt } = one;
  const finite = Number.isFinite(value) ? value : undefined; // JSON has no other numbers
  const saved = { rule: rule.name, labels, metric, value: finite, threshold, seenAt: suspendedAt };
  return dropUndefined({ ...saved, progress: dropUndefined(progress) });
}

function toTracked({ labels, metric, value, threshold, progress, seenAt }: SavedAlert): Tracked {
  return { labels, metric, value, threshold, progress, suspendedAt: seenAt };
}

function dropUndefined<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}
