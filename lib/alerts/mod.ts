/**
 * Alert rules as data, the engine that applies them, and the channels that tell people.
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
export { backtest, type BacktestFiring, type BacktestOptions, type BacktestResult } from "./backtest.ts";
export {
  type AlertChannel,
  type AlertMessage,
  type AlertSource,
  ChannelError,
  type ChannelOptions,
} from "./channel.ts";
export { alertmanagerChannel, type AlertmanagerChannelOptions } from "./channels/alertmanager_channel.ts";
export { discordChannel, type DiscordChannelOptions } from "./channels/discord_channel.ts";
export { type Email, emailChannel, type EmailChannelOptions } from "./channels/email_channel.ts";
export { logChannel, type LogChannelOptions } from "./channels/log_channel.ts";
export { ntfyChannel, type NtfyChannelOptions } from "./channels/ntfy_channel.ts";
export { slackChannel, type SlackChannelOptions } from "./channels/slack_channel.ts";
export { webhookChannel, type WebhookChannelOptions } from "./channels/webhook_channel.ts";
export {
  AlertNotifier,
  type AlertNotifierOptions,
  type AlertNotifierState,
  type ChannelStatus,
} from "./notifier.ts";
export type { DeadLetter, OutboxEntry, SavedOutbox } from "./_outbox.ts";
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
export { DeadMansSwitch, type DeadMansSwitchOptions } from "./dead_mans_switch.ts";
export { defaultAlertRules, defaultInhibitRules, watchdogRule } from "./default_rules.ts";
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
