/**
 * Alert rules as data, and the engine that applies them. Browser-safe.
 *
 * @module
 */
export {
  type Alert,
  type AlertChange,
  alertId,
  type AlertLevel,
  type AlertState,
  receiverLabels,
} from "./alert.ts";
export { AlertEngine, type AlertEngineOptions } from "./alert_engine.ts";
export type {
  AbsentCondition,
  AlertCondition,
  AlertFunction,
  AlertOperator,
  AlertRule,
  AllCondition,
  AlwaysCondition,
  AnomalyCondition,
  AnyCondition,
  FunctionCondition,
  FunctionFinding,
  NotCondition,
  SeriesSelector,
  ThresholdCondition,
} from "./alert_rule.ts";
export { defaultAlertRules, defaultInhibitRules } from "./default_rules.ts";
export { type AlertEngineState, type SavedAlert } from "./_engine_state.ts";
export type { LabelMatcher } from "./matcher.ts";
export { type MetricReader, type MetricSeries } from "./metric_reader.ts";
export { parseAlertRule, type ParseAlertRuleOptions } from "./parse_alert_rule.ts";
export type { InhibitRule, Silence } from "./silence.ts";
export {
  type AlertInput,
  type AlertProgress,
  type AlertStep,
  INACTIVE,
  skipTime,
  stepAlert,
} from "./step_alert.ts";
export { type PrometheusRules, toPrometheusRules } from "./to_prometheus_rules.ts";
