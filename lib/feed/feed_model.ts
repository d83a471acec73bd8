// This module is browser-safe.
import type { PlatformHealth } from "../base/platform_health.ts";
import type {
  FeedAlert,
  FeedEmotions,
  FeedHello,
  FeedMemory,
  FeedMessage,
  FeedMetrics,
  FeedRun,
  FeedStatus,
} from "./messages.ts";

/** When a part came, reader's clock, epoch ms. */
export interface Received {
  readonly receivedAt: number;
}

/** What a feed has told so far, ready to be drawn. What was never told is absent. */
export interface FeedModel {
  readonly hello?: (FeedHello & Received) | undefined;
  readonly status?: FeedStatus | undefined;
  readonly metrics?: (FeedMetrics & Received) | undefined;
  readonly emotions?: (FeedEmotions & Received) | undefined;
  readonly platforms?: readonly PlatformHealth[] | undefined;
  /** When the platforms came. */
  readonly platformsAt?: number | undefined;
  /** Newest first. */
  readonly alerts: readonly FeedAlert[];
  readonly memory?: (FeedMemory & Received) | undefined;
  readonly run?: (FeedRun & Received) | undefined;
}

/** The model before anything came. */
export const EMPTY_MODEL: FeedModel = { alerts: [] };

const MAX_ALERTS = 500;

/**
 * The model after one more message; the one given is not changed.
 *
 * @param receivedAt When the message came, reader's clock, epoch ms.
 */
export function applyMessage(model: FeedModel, message: FeedMessage, receivedAt: number): FeedModel {
  switch (message.type) {
    case "hello": {
      const hello = { ...message.data, receivedAt };
      // another run of the host: what the one before told holds no more
      return model.hello && model.hello.startedAt !== hello.startedAt
        ? { ...EMPTY_MODEL, hello }
        : { ...model, hello };
    }
    case "snapshot": {
      const { status, metrics, emotions, platforms, alerts, memory, run } = message.data;
      return {
        hello: model.hello,
        status,
        metrics: { ...metrics, receivedAt },
        emotions: emotions ? { ...emotions, receivedAt } : undefined,
        platforms,
        platformsAt: receivedAt,
        alerts: sortAlerts(alerts),
        memory: memory ? { ...memory, receivedAt } : undefined,
        run: run ? { ...run, receivedAt } : undefined,
      };
    }
    case "metrics":
      return { ...model, metrics: { ...message.data, receivedAt } };
    case "emotions":
      return { ...model, emotions: { ...message.data, receivedAt } };
    case "platforms":
      return { ...model, platforms: message.data.platforms, platformsAt: receivedAt };
    case "memory":
      return { ...model, memory: { ...message.data, receivedAt } };
    case "run":
      return { ...model, run: { ...message.data, receivedAt } };
    case "status":
      return { ...model, status: message.data.status };
    case "alert":
      return { ...model, alerts: replaceAlert(model.alerts, message.data) };
  }
}

function replaceAlert(alerts: readonly FeedAlert[], changed: FeedAlert): readonly FeedAlert[] {
  const others = alerts.filter(({ id }) => id !== changed.id);
  // one that went away before it fired, or that a host takes back, is nothing to show
  return changed.state === "inactive" ? others : sortAlerts([...others, changed]);
}

function sortAlerts(alerts: readonly FeedAlert[]): readonly FeedAlert[] {
  const newestFirst = [...alerts].sort((a, b) => b.activeAt - a.activeAt || (a.id < b.id ? -1 : 1));
  if (newestFirst.length <= MAX_ALERTS) return newestFirst;
  // a full list loses what is over before it loses what is going on
  const open = newestFirst.filter(({ state }) => state !== "resolved");
  const kept = new Set([...open, ...newestFirst].slice(0, MAX_ALERTS));
  return newestFirst.filter((alert) => kept.has(alert));
}
