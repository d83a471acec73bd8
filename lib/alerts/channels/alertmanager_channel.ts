import { receiverLabels } from "../alert.ts";
import { type AlertChannel, type AlertMessage, type ChannelOptions } from "../channel.ts";
import { checkUrl, post } from "./_post.ts";

/** Options of {@linkcode alertmanagerChannel}. */
export interface AlertmanagerChannelOptions extends ChannelOptions {
  /** Of Alertmanager, such as `http://127.0.0.1:9093`. */
  readonly url: string;
  /** How often what fires is sent again. Alertmanager takes an alert for resolved that it has not heard of for four times that. @default {60_000} */
  readonly repeatMs?: number | undefined;
}

const MISSED = 4;

/** Alerts for a Prometheus Alertmanager, version 2 of its API: it groups, silences and routes them with those of others. */
export function alertmanagerChannel(options: AlertmanagerChannelOptions): AlertChannel {
  const { name = "alertmanager", url, repeatMs = 60_000, ...rest } = options;
  const target = new URL("api/v2/alerts", `${checkUrl(name, url).replace(/\/$/, "")}/`).href;
  return {
    maxPerMinute: 600,
    ...rest,
    name,
    repeatMs,
    send: async (message: AlertMessage, signal) => {
      const body = message.alerts.map((alert) => {
        const { message: summary, runbook, state, activeAt, firedAt = activeAt, resolvedAt } = alert;
        const isOver = state === "resolved";
        const end = isOver ? (resolvedAt ?? message.time) : message.time + MISSED * repeatMs;
        return {
          labels: {
            ...receiverLabels(alert),
            instance: message.source.name,
            ...(message.isTest && { test: "true" }),
          },
          annotations: { summary, ...(runbook && { runbook_url: runbook }) },
          startsAt: new Date(firedAt).toISOString(),
          endsAt: new Date(Math.max(end, firedAt + 1)).toISOString(),
          ...(message.source.url && { generatorURL: message.source.url }),
        };
      });
      await post({ channel: name, url: target, body, signal });
    },
  };
}
