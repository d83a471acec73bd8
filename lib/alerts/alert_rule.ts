// This module is browser-safe.
import type { Labels } from "../metrics/sample_key.ts";
import type { WindowFunction } from "../metrics/window_function.ts";
import type { AlertLevel } from "./alert.ts";
import type { MetricReader } from "./metric_reader.ts";

/** What is made of the samples in a window; see {@linkcode WindowFunction}. */
export type AlertFunction = WindowFunction;

export type AlertOperator = ">" | ">=" | "<" | "<=" | "==" | "!=";

/** Which series. */
export interface SeriesSelector {
  /** Name of the metric. */
  readonly metric: string;
  /** Labels that a series must have. Each series that has them is an alert of its own. */
  readonly labels?: Labels | undefined;
}

/** Holds for a series while the function of its samples compares so with the threshold. */
export interface ThresholdCondition extends SeriesSelector {
  readonly fn: AlertFunction;
  /** Which quantile, 0…1; of `quantile` only. */
  readonly quantile?: number | undefined;
  /** How far ahead to look; of `predict` only. */
  readonly aheadMs?: number | undefined;
  /** How far back samples count. For `last`: how old the last one may be before there is no data. */
  readonly windowMs: number;
  readonly op: AlertOperator;
  readonly threshold: number;
}

/** Holds while no series of the metric with these labels has a sample in the window. Its alert has these labels. */
export interface AbsentCondition {
  readonly absent: SeriesSelector & { readonly windowMs: number };
}

/**
 * Holds for a series while the mean of its window is further than so many robust standard deviations (from the median absolute
 * deviation and the tenths, and more where these are known from few windows only) from the median of what came before: of
 * `baselineMs`, in windows of the same length, or, where there is a season, in the windows at the same time of the seasons before,
 * as far as `baselineMs` reaches. Without at least eight such windows, or five with a season, it has no data. Of normal noise 3
 * deviations alarm in 0.04 % of all looks with 30 windows, 0.25 % with 8; 5 in none of 20,000 with 30.
 */
export interface AnomalyCondition {
  readonly anomaly: SeriesSelector & {
    readonly windowMs: number;
    readonly baselineMs: number;
    readonly seasonMs?: number | undefined;
    readonly deviations: number;
    /** Least difference that matters, in the metric's unit: a series that hardly moves deviates easily. @default {0} */
    readonly least?: number | undefined;
  };
}

/** Holds for labels while any of the conditions holds for them. */
export interface AnyCondition {
  readonly any: readonly AlertCondition[];
}

/**
 * Holds for the labels of the first condition while it holds for them, and each other condition holds for labels that do not
 * contradict them: `platform="discord"` goes with `platform="discord",kind="text"` and with none, not with `platform="android"`.
 */
export interface AllCondition {
  readonly all: readonly AlertCondition[];
}

/** Holds while the condition does for no labels that do not contradict those of an {@linkcode AllCondition} that it is part of. */
export interface NotCondition {
  readonly not: AlertCondition;
}

/** Holds always: an alert that is there as long as somebody looks, for a receiver that minds when it is not. */
export interface AlwaysCondition {
  readonly always: true;
}

/** Whatever a program can tell. Not for a rule that is kept as JSON. */
export interface FunctionCondition {
  readonly evaluate: (reader: MetricReader, now: number) => Iterable<FunctionFinding>;
}

/** What a {@linkcode FunctionCondition} says of one set of labels. Labels of which it says nothing have no data. */
export interface FunctionFinding {
  readonly labels?: Labels | undefined;
  readonly isMet: boolean;
  readonly value?: number | undefined;
  readonly threshold?: number | undefined;
}

export type AlertCondition =
  | ThresholdCondition
  | AbsentCondition
  | AnomalyCondition
  | AnyCondition
  | AllCondition
  | NotCondition
  | AlwaysCondition
  | FunctionCondition;

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
  /** Alerts of one group are told of together. @default The rule's name */
  readonly group?: string | undefined;
  /** Labels of its alerts besides those of their series, for silences, inhibition and receivers. They are not part of an alert's id. */
  readonly labels?: Labels | undefined;
  /**
   * Sentence for people, with `{{value}}`, `{{threshold}}` and any label by its name, such as `{{platform}}`. What an alert does not have is
   * a dash.
   */
  readonly message: string;
  /** Where it says what to do. */
  readonly runbook?: string | undefined;
}
