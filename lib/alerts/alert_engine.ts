// This module is browser-safe.
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";
import { type Alert, type AlertChange, alertId, receiverLabels } from "./alert.ts";
import type { AlertRule } from "./alert_rule.ts";
import { evaluateCondition, type Finding } from "./_condition.ts";
import { defaultAlertRules, defaultInhibitRules } from "./default_rules.ts";
import { type AlertEngineState, parseEngineState } from "./_engine_state.ts";
import type { MetricReader } from "./metric_reader.ts";
import { matchesAll, parseMatchers } from "./matcher.ts";
import { type InhibitRule, isActive, isInhibited, isOver, parseSilence, type Silence } from "./silence.ts";
import { advanceAlert, type AlertInput, type AlertProgress, decideNotice, skipTime } from "./step_alert.ts";
import {
  checkRules,
  isSameCourse,
  isSameLabels,
  toAlert,
  toSaved,
  toTracked,
  track,
  type Tracked,
} from "./_tracked_alert.ts";

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
  /**
   * Which alerts are a consequence of which.
   *
   * @default {defaultInhibitRules}
   */
  inhibit?: readonly InhibitRule[] | undefined;
  /** Told when a rule's metrics cannot be read, once until they can, and of a listener that throws. */
  onError?: ((error: unknown) => void) | undefined;
}

/** An alert on its way through one evaluation: where it stood, and where it stands. */
interface Step {
  readonly rule: AlertRule;
  readonly one: Tracked;
  readonly before: AlertProgress;
  readonly next: AlertProgress;
  readonly input: AlertInput;
}

// After a restart data comes in one by one; what is absent for so long is not held against a restored alert.
const RESTORE_GRACE_MS = 60_000;
// After a resolve that people were told of, an alert that is back at once is told of only if it stays so long.
const LEAST_COOLDOWN_MS = 60_000;
const FIRES: ReadonlySet<string> = new Set(["firing", "recovering", "no-data"]);
const MOST_SILENCES = 1000;

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
  #rules: readonly AlertRule[];
  readonly #inhibit: readonly InhibitRule[];
  #silences: readonly Silence[] = [];
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
   * @throws {TypeError} If a rule is not one, or two have the same name; or a matcher of an inhibition is none.
   * @throws {RangeError} If a time is negative.
   */
  constructor(options: AlertEngineOptions) {
    const { reader, rules = defaultAlertRules, clock = systemClock, onError = console.error } = options;
    const { noDataMs = 300_000, resolvedMs = 3_600_000 } = options;
    for (const [name, value] of Object.entries({ noDataMs, resolvedMs })) {
      if (!(value >= 0))
        throw new RangeError(`Cannot make alert engine: '${name}' must be >= 0, got ${value}`);
    }
    this.#rules = checkRules(rules);
    this.#inhibit = (options.inhibit ?? defaultInhibitRules).map(({ source, target, equal }) => ({
      source: parseMatchers(source, "inhibit alerts"),
      target: parseMatchers(target, "inhibit alerts"),
      equal,
    }));
    this.#tracked = new Map(this.#rules.map((rule) => [rule, new Map<string, Tracked>()]));
    this.#reader = reader;
    this.#clock = clock;
    this.#noDataMs = noDataMs;
    this.#resolvedMs = resolvedMs;
    this.#onError = onError;
  }

  get rules(): readonly AlertRule[] {
    return this.#rules;
  }

  /**
   * Other rules from now on. Alerts go on where their rule is what it was, but for what only people see of it: message, level,
   * labels, group, runbook. Alerts of a rule whose condition or times have changed begin anew; those of rules that are gone are gone.
   *
   * @throws {TypeError} If a rule is not one, or two have the same name; the rules stand as they were.
   */
  setRules(rules: readonly AlertRule[]): void {
    const next = checkRules(rules);
    const before = new Map([...this.#tracked].map(([rule, group]) => [rule.name, { rule, group }]));
    this.#tracked = new Map(
      next.map((rule) => {
        const old = before.get(rule.name);
        return [rule, old && isSameCourse(old.rule, rule) ? old.group : new Map<string, Tracked>()];
      }),
    );
    this.#rules = next;
  }

  /** Silences that are in force, or will be. */
  get silences(): readonly Silence[] {
    const now = this.#clock.now();
    return this.#silences.filter((silence) => !isOver(silence, now));
  }

  /**
   * Has nobody told that alerts fire which the matchers match, for a while. That one is over is told all the same, if its firing was.
   *
   * @param silence Its `id` is made where it has none; `from` is now unless it says so.
   * @throws {TypeError} If it is no silence; the message names the field.
   * @throws {RangeError} If there are too many.
   */
  silence(silence: Omit<Silence, "id" | "from"> & Partial<Pick<Silence, "id" | "from">>): Silence {
    const now = this.#clock.now();
    const made = parseSilence({ id: crypto.randomUUID(), from: now, ...silence });
    const others = this.#silences.filter((other) => other.id !== made.id && !isOver(other, now));
    if (others.length >= MOST_SILENCES) {
      throw new RangeError(
        `Cannot silence alerts: there must be at most ${MOST_SILENCES} silences, got one more`,
      );
    }
    this.#silences = [...others, made];
    return made;
  }

  /** Ends a silence; false if there is none with this id. */
  unsilence(id: string): boolean {
    const left = this.#silences.filter((silence) => silence.id !== id);
    const isThere = left.length < this.#silences.length;
    this.#silences = left;
    return isThere;
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
    const steps = this.#rules.flatMap((rule) => this.#advanceRule(rule, now));
    // what is a consequence of what is known only when all have taken their step
    const firing = this.alerts.filter(({ state }) => FIRES.has(state)).map(receiverLabels);
    const silences = this.#silences.filter((silence) => isActive(silence, now));
    const changes = steps.flatMap((step) => this.#finish(step, firing, silences, now) ?? []);
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
    return { version: 1, alerts, silences: this.silences };
  }

  /**
   * Goes on from what another engine's {@linkcode AlertEngine.toJSON} gave. Time that nobody looked does not count
   * toward any duration but the cooldown. Alerts of rules that are no longer there are dropped.
   *
   * @throws {TypeError} If it is not such a state; the alerts stand as they were.
   */
  restore(state: unknown): void {
    const { alerts, silences = [] } = parseEngineState(state);
    const groups = new Map(this.#rules.map((rule) => [rule, new Map<string, Tracked>()]));
    const byName = new Map(this.#rules.map((rule) => [rule.name, rule]));
    for (const saved of alerts) {
      const rule = byName.get(saved.rule);
      if (rule) groups.get(rule)?.set(alertId(rule.name, saved.labels), toTracked(saved));
    }
    this.#tracked = groups;
    this.#silences = silences.map(parseSilence);
    this.#graceUntil = this.#clock.now() + RESTORE_GRACE_MS;
  }

  #advanceRule(rule: AlertRule, now: number): Step[] {
    const findings = this.#find(rule, now);
    const group = this.#tracked.get(rule)!;
    const ids = new Set([...group.keys(), ...(findings?.keys() ?? [])]);
    return [...ids].flatMap((id) => {
      const finding = findings?.get(id);
      const one = group.get(id) ?? (finding?.condition === "met" ? track(group, id, finding) : undefined);
      return (one && this.#advance(rule, one, findings ? (finding ?? "absent") : "error", now)) ?? [];
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

  #advance(
    rule: AlertRule,
    one: Tracked,
    found: Finding | "absent" | "error",
    now: number,
  ): Step | undefined {
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
    const before = one.progress;
    const input = this.#inputOf(rule, condition);
    one.progress = advanceAlert(before, input, now);
    return { rule, one, before, next: one.progress, input };
  }

  #finish(
    { rule, one, before, next, input }: Step,
    firing: readonly Alert["labels"][],
    silences: readonly Silence[],
    now: number,
  ): AlertChange | undefined {
    const { isSilenced, isInhibited: wasInhibited } = one;
    if (FIRES.has(next.state) && (silences.length > 0 || firing.length > 1)) {
      const own = receiverLabels(toAlert(rule, one));
      const labels = firing.find((other) => isSameLabels(other, own)) ?? own;
      one.isSilenced = silences.some(({ matchers }) => matchesAll(matchers, labels));
      one.isInhibited = isInhibited(labels, firing, this.#inhibit);
    } else {
      one.isSilenced = one.isInhibited = false;
    }
    const isSuppressed = one.isSilenced || one.isInhibited;
    const { progress, notify } = decideNotice(before, next, { ...input, isSuppressed }, now);
    one.progress = progress;
    if (progress.state === "inactive" && !(now < (progress.quietUntil ?? 0))) {
      this.#tracked.get(rule)?.delete(alertId(rule.name, one.labels));
    }
    const isSame =
      progress.state === before.state &&
      Boolean(progress.flapping) === Boolean(before.flapping) &&
      one.isSilenced === isSilenced &&
      one.isInhibited === wasInhibited;
    return isSame && !notify ? undefined : { alert: toAlert(rule, one), previous: before.state, notify };
  }

  #inputOf(rule: AlertRule, condition: AlertInput["condition"]): AlertInput {
    const { forMs, keepFiringMs = 0, cooldownMs } = rule;
    return {
      condition,
      forMs,
      keepFiringMs,
      cooldownMs: Math.max(cooldownMs, LEAST_COOLDOWN_MS),
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
