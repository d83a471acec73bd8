// This module is browser-safe.
import { AlertEngine } from "./alert_engine.ts";
import type { AlertRule } from "./alert_rule.ts";
import type { MetricReader } from "./metric_reader.ts";

/** Which stretch of time to try a rule on. */
export interface BacktestOptions {
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  /** How often the rule would have been looked at. @default {15_000} */
  readonly stepMs?: number | undefined;
}

/** One time that an alert would have fired. */
export interface BacktestFiring {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Epoch ms. The end is missing of what fires at the end of the stretch. */
  readonly from: number;
  readonly to?: number | undefined;
  /** The sentence that people would have read. */
  readonly message: string;
  /** Whether people would have been told: not within its cooldown. */
  readonly notified: boolean;
}

/** When a rule would have fired. */
export interface BacktestResult {
  readonly firings: readonly BacktestFiring[];
  /** How often people would have been told that it fires, a week. */
  readonly noticesPerWeek: number;
  /** How long any alert of it would have fired, as a share of the time, 0…1. */
  readonly firingRatio: number;
  readonly steps: number;
}

const WEEK_MS = 604_800_000;
const MOST_STEPS = 1_000_000;

/**
 * When a rule would have fired on samples of the past, each step looked at as the engine does. Where a store has only rollups left, their
 * means stand for the samples.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { backtest, defaultAlertRules } from "demi-health/alerts";
 * import { MetricsStore } from "demi-health/store";
 *
 * await using store = await MetricsStore.open();
 * const from = Date.now() - 3_600_000;
 * for (let i = 0; i < 240; i++) store.append(from + i * 15_000, { "demi_memory_usage_ratio": i < 100 ? 0.5 : 0.85 });
 * const [rule] = defaultAlertRules; // high_memory_usage: above 80 % for a minute
 * const { firings } = backtest(rule!, store, { from, to: from + 3_600_000 });
 * assert.equal(firings[0]?.from, from + 104 * 15_000);
 * ```
 *
 * @throws {TypeError} If the rule is none.
 * @throws {RangeError} If the stretch has no length, or more than a million steps.
 * @throws Whatever the reader throws.
 */
export function backtest(
  rule: AlertRule,
  reader: MetricReader,
  { from, to, stepMs = 15_000 }: BacktestOptions,
): BacktestResult {
  const steps = Math.floor((to - from) / stepMs) + 1;
  if (!(to > from && stepMs > 0 && steps <= MOST_STEPS)) {
    throw new RangeError(
      `Cannot backtest: from < to and 1 to ${MOST_STEPS} steps must hold, got ${from}, ${to} and ${stepMs} ms`,
    );
  }
  const failures: unknown[] = [];
  const onError = (error: unknown): void => void failures.push(error);
  const engine = new AlertEngine({ reader, rules: [rule], inhibit: [], onError });
  const firings: BacktestFiring[] = [];
  const open = new Map<string, number>();
  let [notices, firingSteps] = [0, 0];
  for (let i = 0; i < steps; i++) {
    const now = from + i * stepMs;
    const changes = engine.evaluate(now);
    if (failures.length > 0) throw failures[0];
    for (const { alert, previous, notify } of changes) {
      const { id, labels, message, state } = alert;
      if (notify && state === "firing") notices++;
      const at = open.get(id);
      if (state === "firing" && at === undefined && previous !== "error") {
        open.set(id, firings.push({ id, labels, from: now, message, notified: notify }) - 1);
      } else if (state === "firing" && at !== undefined && notify) {
        firings[at] = { ...firings[at]!, notified: true };
      } else if (state === "resolved" && at !== undefined) {
        firings[at] = { ...firings[at]!, to: now };
        open.delete(id);
      }
    }
    if (open.size > 0) firingSteps++;
  }
  return {
    firings,
    noticesPerWeek: (notices * WEEK_MS) / (to - from),
    firingRatio: firingSteps / steps,
    steps,
  };
}
