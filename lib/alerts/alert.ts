// This module is browser-safe.
import { type Labels, sampleKey } from "../metrics/sample_key.ts";

/** How bad it is. */
export type AlertLevel = "info" | "warning" | "critical";

/**
 * Where an alert stands. `pending`: its condition holds, not yet long enough. `recovering`: it fires with its condition
 * gone, not yet long enough. `no-data`: it fired, and its series is gone, which is no recovery. `error`: its metrics
 * cannot be read, so that nobody knows. `resolved`: it fired, and is over.
 */
export type AlertState = "inactive" | "pending" | "firing" | "recovering" | "resolved" | "no-data" | "error";

/** One alert: a rule met by the series with these labels. */
export interface Alert {
  /** Rule and labels: the same for all states of one alert. */
  readonly id: string;
  readonly rule: string;
  readonly level: AlertLevel;
  readonly state: AlertState;
  readonly labels: Labels;
  /** One sentence for people, plain text. */
  readonly message: string;
  /** The value that was compared, in the metric's unit, and the limit. */
  readonly value?: number | undefined;
  readonly threshold?: number | undefined;
  /** Since when the condition has held; when it began to fire; when it resolved. Epoch ms. */
  readonly activeAt: number;
  readonly firedAt?: number | undefined;
  readonly resolvedAt?: number | undefined;
  readonly acknowledged?: boolean | undefined;
  /** False while it fires within the cooldown of the time before: shown, but nobody is called for it. */
  readonly notified?: boolean | undefined;
  /** Somebody asked not to be told of it for now. */
  readonly silenced?: boolean | undefined;
  /** It is a consequence of another alert that fires. */
  readonly inhibited?: boolean | undefined;
  /** It begins to fire again and again. */
  readonly flapping?: boolean | undefined;
  /** Alerts of one group are told of together. */
  readonly group?: string | undefined;
  /** Labels of its rule. */
  readonly ruleLabels?: Labels | undefined;
  /** Where it says what to do. */
  readonly runbook?: string | undefined;
}

/** What silences, inhibition and receivers see of an alert: all its labels, and `alertname`, `severity` and `group`. */
export function receiverLabels({ rule, level, labels, group = rule, ruleLabels }: ReceiverAlert): Labels {
  return { ...ruleLabels, ...labels, alertname: rule, severity: level, group };
}

type ReceiverAlert = Pick<Alert, "rule" | "level" | "labels" | "group" | "ruleLabels">;

/** An alert that took a step. */
export interface AlertChange {
  readonly alert: Alert;
  /** Its state before. The same as now when only a notice is due or a flag has changed. */
  readonly previous: AlertState;
  /**
   * Whether people are to be told. Not within the cooldown after an alert that they were told of: then when the
   * cooldown is over, if it fires still. A resolve is told of if the firing was.
   */
  readonly notify: boolean;
}

/**
 * Id of a rule's alert for these labels.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { alertId } from "demi-health/alerts";
 *
 * assert.equal(alertId("platform_unhealthy", { platform: "discord" }), `platform_unhealthy{platform="discord"}`);
 * ```
 */
export function alertId(rule: string, labels: Labels): string {
  return sampleKey(rule, labels);
}
