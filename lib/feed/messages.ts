// This module is browser-safe.
import type { Alert, AlertLevel, AlertState } from "../alerts/alert.ts";
import type { PlatformHealth } from "../base/platform_health.ts";
import type { EmotionName } from "../emotion/emotional_state.ts";

/** Version of the feed that this library speaks. A reader ignores message types and fields that it does not know. */
export const FEED_VERSION = 1;

/** Overall state: the worst of the firing alerts (`critical`, `warning`), or `ok`; `unknown` before the first look. */
export type FeedStatus = "ok" | "warning" | "critical" | "unknown";

/** Something the viewer may ask the host to do; a `POST` to `links.actions` + `/` + `id` with the Bearer token. */
export interface FeedAction {
  readonly id: string;
  /** Text of the button. */
  readonly label: string;
  readonly description?: string | undefined;
}

/** First message of every connection: who sends, and where the rest is. */
export interface FeedHello {
  readonly version: typeof FEED_VERSION;
  /** The companion's name. */
  readonly name: string;
  /** When the sending process started, epoch ms. A new value means that it was restarted. */
  readonly startedAt: number;
  /** The host's clock when this was sent, epoch ms: a reader corrects ages by it. */
  readonly time: number;
  /** A `metrics` message comes about this often; three times as long without any means stale. */
  readonly intervalMs: number;
  /** Addresses relative to the feed's own. */
  readonly links?:
    | { readonly history?: string | undefined; readonly actions?: string | undefined }
    | undefined;
  readonly actions?: readonly FeedAction[] | undefined;
}

/**
 * Current values by sample key: the metric's name, with labels where it has any, in alphabetical order, as
 * `demi_platform_up{platform="discord"}` (see `sampleKey`). Always the whole set: a value that is not in it is not
 * known, which is not the same as 0.
 */
export interface FeedMetrics {
  readonly time: number;
  readonly values: Readonly<Record<string, number>>;
}

/** The emotional state: any named values in 0 to 1, Demi's nine by default. */
export interface FeedEmotions {
  readonly time: number;
  readonly values: Readonly<Partial<Record<EmotionName, number>> & Record<string, number>>;
  readonly momentum?: Readonly<Record<string, number>> | undefined;
  /** The time of the state itself, epoch ms. */
  readonly lastUpdated: number;
}

export interface FeedPlatforms {
  readonly time: number;
  readonly platforms: readonly PlatformHealth[];
}

/** One alert, after a change of its state. */
export type FeedAlert = Alert;
export type FeedAlertState = AlertState;
export type FeedAlertLevel = AlertLevel;

/** Everything a reader needs to draw the page: sent after `hello`, and again to a reader that fell behind. */
export interface FeedSnapshot {
  readonly time: number;
  readonly status: FeedStatus;
  readonly metrics: FeedMetrics;
  readonly emotions?: FeedEmotions | undefined;
  readonly platforms: readonly PlatformHealth[];
  /** Alerts that are pending, firing or recovering, and those resolved within the last hour. */
  readonly alerts: readonly FeedAlert[];
}

/** What is sent by type: the `event:` field of the stream names the type, `data:` holds the JSON of the payload. */
export interface FeedPayloads {
  readonly hello: FeedHello;
  readonly snapshot: FeedSnapshot;
  readonly metrics: FeedMetrics;
  readonly emotions: FeedEmotions;
  readonly platforms: FeedPlatforms;
  readonly alert: FeedAlert;
  readonly status: { readonly time: number; readonly status: FeedStatus };
}

export type FeedMessageType = keyof FeedPayloads;

/** A message with its type. */
export type FeedMessage = {
  [T in FeedMessageType]: { readonly type: T; readonly data: FeedPayloads[T] };
}[FeedMessageType];
