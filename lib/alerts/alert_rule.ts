// This module is browser-safe.
import type { Labels } from "../metrics/sample_key.ts";
import type { AlertLevel } from "./alert.ts";

/** What is made of the samples in a window; `jump` is the largest absolute difference between two neighbours. */
export type AlertFunction = "last" | "avg" | "min" | "max" | "jump";

export type AlertOperator = ">" | ">=" | "<" | "<=" | "==" | "!=";

/** Holds for a series while the function of its samples compares so with the threshold. */
export interface ThresholdCondition {
  /** Name of the metric. */
  readonly metric: string;
  /** Labels that a series must have. Each series that has them is an alert of its own. */
  readonly labels?: Labels | undefined;
  readonly fn: AlertFunction;
  /** How far back samples count. For `last`: how old the last one may be before there is no data. */
  readonly windowMs: number;
  readonly op: AlertOperator;
  readonly threshold: number;
}

/** Holds for labels while any of the conditions holds for a series with them. */
export interface AnyCondition {
  readonly any: readonly ThresholdCondition[];
}

export type AlertCondition = ThresholdCondition | AnyCondition;

/** When to say what, as data. */
export interface AlertRule {
  /** Unique, in the letters of a metric name. */
  readonly name: string;
  readonly level: AlertLevel;
  readonly condition: AlertCondition;
  /** How long the condition must hold before the alert fires; 0 for at once. */
  readonly forMs: number;
  /**
   * Hysteresis: a firing alert recovers only when the value no longer compares so with this threshold. Only for a
   * single condition that has an order. Default: the condition's own threshold.
   */
  readonly clear?: number | undefined;
  /**
   * How long the condition must be gone before the alert resolves.
   *
   * @default {0}
   */
  readonly keepFiringMs?: number | undefined;
  /** How long after an alert that people were told of they are not told of it again. */
  readonly cooldownMs: number;
  /** Sentence for people, with `{{value}}`, `{{threshold}}` and any label by its name, such as `{{platform}}`. */
  readonly message: string;
  /** Where it says what to do. */
  readonly runbook?: string | undefined;
}

/** The single conditions of a condition. */
export function toThresholds(condition: AlertCondition): readonly ThresholdCondition[] {
  return "any" in condition ? condition.any : [condition];
}
