// This module is browser-safe.
import type { AlertRule, ThresholdCondition } from "./alert_rule.ts";
import type { InhibitRule } from "./silence.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const SEVEN_DAYS_SECONDS = 7 * 24 * 3600;

/** The last value, if it is not older than half a minute, above a threshold. */
function above(
  metric: string,
  threshold: number,
  labels?: Readonly<Record<string, string>>,
): ThresholdCondition {
  return { metric, fn: "last", windowMs: 30 * SECOND, op: ">", threshold, ...(labels && { labels }) };
}

/** A leak, not mere growth, reaches the limit within seven days. */
function reachesLimit(limit: string): ThresholdCondition {
  return {
    metric: "demi_memory_time_to_limit_seconds",
    labels: { limit },
    fn: "last",
    windowMs: 30 * SECOND,
    op: "<",
    threshold: SEVEN_DAYS_SECONDS,
  };
}

// A platform says often how it is; what it said a quarter of a minute ago is no news of it.
const platformDown: ThresholdCondition = {
  metric: "demi_platform_up",
  fn: "last",
  windowMs: 15 * SECOND,
  op: "<",
  threshold: 1,
};

/** What an owner wants to be told of; a starting point to filter and to spread into rules of one's own. */
export const defaultAlertRules: readonly AlertRule[] = Object.freeze([
  {
    name: "high_memory_usage",
    level: "warning",
    condition: above("demi_memory_usage_ratio", 0.8),
    forMs: MINUTE,
    clear: 0.75,
    cooldownMs: 10 * MINUTE,
    message: "Memory is at {{value}} of its limit, above {{threshold}}",
  },
  {
    name: "critical_memory_usage",
    level: "critical",
    condition: above("demi_memory_usage_ratio", 0.9),
    forMs: 15 * SECOND,
    clear: 0.87,
    cooldownMs: 5 * MINUTE,
    message: "Memory is at {{value}} of its limit, above {{threshold}}",
  },
  {
    name: "memory_warning_8gb",
    level: "warning",
    condition: above("process_resident_memory_bytes", 8e9),
    forMs: MINUTE,
    clear: 7.5e9,
    cooldownMs: 10 * MINUTE,
    message: "The process holds {{value}} of memory, more than {{threshold}}",
  },
  {
    name: "memory_critical_10gb",
    level: "critical",
    condition: above("process_resident_memory_bytes", 10e9),
    forMs: 15 * SECOND,
    clear: 9.5e9,
    cooldownMs: 5 * MINUTE,
    message: "The process holds {{value}} of memory, more than {{threshold}}",
  },
  {
    // judged once a minute: five verdicts agree before it fires, ten before it is over
    name: "memory_leak_suspected",
    level: "warning",
    condition: above("demi_memory_leak_per_hour_bytes", 0),
    forMs: 5 * MINUTE,
    keepFiringMs: 10 * MINUTE,
    cooldownMs: 6 * HOUR,
    message: "Memory leaks: {{series}} grows by {{value}} an hour, without an end in sight",
  },
  {
    name: "memory_limit_predicted",
    level: "critical",
    condition: { any: [reachesLimit("V8 heap"), reachesLimit("10 GB")] },
    forMs: 5 * MINUTE,
    keepFiringMs: 10 * MINUTE,
    cooldownMs: 6 * HOUR,
    message: "Memory leaks so fast that its limit, {{limit}}, is reached in {{value}}",
  },
  {
    name: "high_cpu_usage",
    level: "warning",
    condition: { metric: "demi_cpu_usage_ratio", fn: "avg", windowMs: MINUTE, op: ">", threshold: 0.85 },
    forMs: MINUTE,
    clear: 0.75,
    cooldownMs: 15 * MINUTE,
    message: "The process took {{value}} of all cores in the last minute, above {{threshold}}",
  },
  {
    name: "high_response_time_p90",
    level: "warning",
    condition: above("demi_response_time_p90_seconds", 5),
    forMs: 30 * SECOND,
    clear: 4,
    cooldownMs: 10 * MINUTE,
    message: "One answer in ten takes longer than {{value}}, above {{threshold}}",
  },
  {
    // a reconnect of 2 s is no outage, and an outage is to be seen within 10 s
    name: "platform_unhealthy",
    level: "warning",
    condition: platformDown,
    forMs: 4 * SECOND,
    cooldownMs: 5 * MINUTE,
    message: "Platform {{platform}} is not working",
  },
  {
    name: "platform_offline_extended",
    level: "critical",
    condition: platformDown,
    forMs: 5 * MINUTE,
    cooldownMs: 5 * MINUTE,
    message: "Platform {{platform}} stays offline",
  },
  {
    name: "extreme_loneliness",
    level: "info",
    condition: above("demi_emotion", 0.9, { emotion: "loneliness" }),
    forMs: MINUTE,
    clear: 0.85,
    cooldownMs: 60 * MINUTE,
    message: "Loneliness is at {{value}}, above {{threshold}}",
  },
  {
    // a quarrel drives it there for up to half an hour, several times on a busy day: an hour is no quarrel
    name: "extreme_frustration",
    level: "info",
    condition: above("demi_emotion", 0.9, { emotion: "frustration" }),
    forMs: HOUR,
    clear: 0.85,
    cooldownMs: 60 * MINUTE,
    message: "Frustration is at {{value}}, above {{threshold}}",
  },
  {
    // between two looks, half a second, there is no time for the interactions that could do it; over with the next
    // look, it cannot be waited for
    name: "emotional_anomaly",
    level: "warning",
    condition: {
      any: [above("demi_emotion_change", 0.5), above("demi_emotion_out_of_bounds", 0)],
    },
    forMs: 0,
    cooldownMs: 30 * MINUTE,
    message: "Emotion {{emotion}} did what no interaction can do: it jumped by more than 0.5, or left 0 to 1",
  },
  {
    // read twice a second: a companion that restarts fails for seconds
    name: "companion_unreadable",
    level: "warning",
    condition: {
      metric: "demi_source_errors_total",
      fn: "increase",
      windowMs: MINUTE,
      op: ">",
      threshold: 10,
    },
    forMs: 30 * SECOND,
    cooldownMs: 15 * MINUTE,
    message: "What the companion says of its {{source}} cannot be read: nothing is known of it",
  },
  {
    // a night without a word changes nothing, and is none of this
    name: "emotional_state_frozen",
    level: "warning",
    condition: {
      all: [
        {
          metric: "demi_emotion_last_updated_timestamp_seconds",
          fn: "unchanged",
          windowMs: 70 * MINUTE,
          op: ">=",
          threshold: 3600,
        },
        { metric: "demi_platform_messages_total", fn: "increase", windowMs: HOUR, op: ">", threshold: 5 },
      ],
    },
    forMs: 0,
    cooldownMs: 6 * HOUR,
    message: "The emotional state has stood still for {{value}}, although messages were answered",
  },
  {
    // of milliseconds the same one comes by itself again and again
    name: "platform_latency_frozen",
    level: "info",
    condition: {
      all: [
        {
          metric: "demi_platform_latency_seconds",
          fn: "unchanged",
          windowMs: 20 * MINUTE,
          op: ">=",
          threshold: 900,
        },
        above("demi_platform_latency_seconds", 0.02),
        { metric: "demi_platform_up", fn: "last", windowMs: 15 * SECOND, op: "==", threshold: 1 },
      ],
    },
    forMs: 0,
    cooldownMs: 6 * HOUR,
    message: "The latency of {{platform}} has been the same for {{value}}: nobody measures it",
  },
] satisfies AlertRule[]);

/**
 * An alert that is there as long as somebody looks, for a receiver that minds when it is not: a route of Alertmanager to a dead man's
 * switch. Not among the default rules.
 */
export const watchdogRule: AlertRule = Object.freeze<AlertRule>({
  name: "watchdog",
  level: "info",
  condition: { always: true },
  forMs: 0,
  cooldownMs: 0,
  message: "Alerts are being looked at",
});

const consequence = (source: string, target: string, equal: readonly string[] = []): InhibitRule => ({
  source: [{ label: "alertname", op: "=", value: source }],
  target: [{ label: "alertname", op: "=", value: target }],
  equal,
});

/** Which of the {@linkcode defaultAlertRules} say no more than others do while these fire. */
export const defaultInhibitRules: readonly InhibitRule[] = Object.freeze([
  consequence("critical_memory_usage", "high_memory_usage"),
  consequence("memory_critical_10gb", "memory_warning_8gb"),
  consequence("memory_limit_predicted", "memory_leak_suspected"),
  consequence("platform_offline_extended", "platform_unhealthy", ["platform"]),
]);
