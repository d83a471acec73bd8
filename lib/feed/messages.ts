// This module is browser-safe.
import type { Alert, AlertLevel, AlertState } from "../alerts/alert.ts";
import type { PlatformHealth } from "../base/platform_health.ts";
import type { EmotionName } from "../emotion/emotional_state.ts";
import type { LeakSeverity, LeakState } from "../memory/leak_verdict.ts";
import type { MemorySeries } from "../memory/sample.ts";

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

/** A point of a line. */
export type FeedPoint = readonly [time: number, value: number];

/** A number with the interval that holds the truth in a share `confidence` of all cases. */
export interface FeedEstimate {
  readonly value: number;
  /** Lower end; left out when nothing bounds it, as JSON has no infinity. */
  readonly low?: number | undefined;
  /** Upper end; left out when nothing bounds it. */
  readonly high?: number | undefined;
  /** 0…1 */
  readonly confidence: number;
}

/** When a size will be reached. */
export interface FeedMemoryLimit {
  readonly limitBytes: number;
  /** What the limit is, where its size does not say it. */
  readonly label?: string | undefined;
  /** Left out when it is not reached within a year; and when nothing is known, see {@linkcode FeedMemory.verdict}. */
  readonly hours?: FeedEstimate | undefined;
}

/** What is known of the series that decided a verdict on memory. Sizes are bytes. */
export interface FeedMemorySeries {
  /** Probability that the verdict is right, 0…1. */
  readonly confidence: number;
  /** Where the floor is now. */
  readonly levelBytes: number;
  /** Growth without an end. */
  readonly slopeBytesPerHour?: FeedEstimate | undefined;
  /** The same as a share of the level (0.01 = 1 %). */
  readonly slopeRatioPerHour?: FeedEstimate | undefined;
  /** Where it will be in seven days. */
  readonly inSevenDaysBytes?: FeedEstimate | undefined;
  readonly hoursUntil: readonly FeedMemoryLimit[];
  /** What the verdict is made from; hours are the span of the samples, collections those that can be seen in them. */
  readonly looked?:
    | {
        readonly samples: number;
        readonly hours: number;
        readonly collections: number;
        readonly restarts: number;
      }
    | undefined;
  /** What is left when garbage and bursts are gone; at most 64 points from a host of ours, 1000 from any. */
  readonly floor: readonly FeedPoint[];
  /** Samples behind the floor; at most 240 points from a host of ours, 1000 from any. */
  readonly samples: readonly FeedPoint[];
}

/** A function whose objects come to stay. */
export interface FeedMemorySite {
  readonly functionName: string;
  readonly file: string;
  /** From 1; 0 where there is none. */
  readonly line: number;
  /** What it came to hold more. */
  readonly bytes: number;
  /** Part of the growth of all, 0…1. */
  readonly share: number;
}

/** Whether memory leaks, as of `time`. Told whenever it was judged, about once a minute. */
export interface FeedMemory {
  readonly time: number;
  readonly verdict: LeakState;
  readonly severity: LeakSeverity;
  /** The series that decided; left out without samples, as `series` is. */
  readonly decidedBy?: MemorySeries | undefined;
  readonly series?: FeedMemorySeries | undefined;
  /** What is missing for a firmer answer, in a sentence; else empty. */
  readonly needs: string;
  /** The reasons, a sentence each, the weightiest first. */
  readonly evidence: readonly string[];
  /** Where memory comes to stay, the most growing first; left out by a host that does not look. */
  readonly sites?: readonly FeedMemorySite[] | undefined;
}

/** How a stability run stands. `died`: its process is gone, and did not end it; it can go on from its last checkpoint. */
export type FeedRunState = "starting" | "running" | "died" | "failed" | "stopped" | "finished";

/** What a run has shown of one requirement so far; before its end it is never `healthy`. */
export interface FeedRunVerdict {
  readonly name: string;
  readonly outcome: "healthy" | "defect" | "not-enough-evidence";
}

/** How far a stability run is. */
export interface FeedRun {
  /** When the run told this, epoch ms of the host's clock: a run that died told it some time ago. */
  readonly time: number;
  readonly name: string;
  readonly mode: "virtual" | "system";
  readonly state: FeedRunState;
  /** On the run's clock. */
  readonly elapsedMs: number;
  readonly durationMs: number;
  /** Real time left; left out where it is not known. */
  readonly leftMs?: number | undefined;
  /** Seconds of the run in a second of real time. */
  readonly speed?: number | undefined;
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  readonly rssBytes?: number | undefined;
  /** How many in all. */
  readonly findings: number;
  /** The last few, one sentence each. */
  readonly latestFindings: readonly string[];
  /** Those that are on. */
  readonly faults: readonly string[];
  readonly verdicts: readonly FeedRunVerdict[];
}

/** Everything a reader needs to draw the page: sent after `hello`, and again to a reader that fell behind. */
export interface FeedSnapshot {
  readonly time: number;
  readonly status: FeedStatus;
  readonly metrics: FeedMetrics;
  readonly emotions?: FeedEmotions | undefined;
  readonly platforms: readonly PlatformHealth[];
  /** Alerts that are pending, firing or recovering, and those resolved within the last hour. */
  readonly alerts: readonly FeedAlert[];
  /** The newest verdict; left out before the first, and by a host that gives none. */
  readonly memory?: FeedMemory | undefined;
  /** Left out by a host that follows no stability run. */
  readonly run?: FeedRun | undefined;
}

/** What is sent by type: the `event:` field of the stream names the type, `data:` holds the JSON of the payload. */
export interface FeedPayloads {
  readonly hello: FeedHello;
  readonly snapshot: FeedSnapshot;
  readonly metrics: FeedMetrics;
  readonly emotions: FeedEmotions;
  readonly platforms: FeedPlatforms;
  readonly alert: FeedAlert;
  readonly memory: FeedMemory;
  readonly run: FeedRun;
  readonly status: { readonly time: number; readonly status: FeedStatus };
}

export type FeedMessageType = keyof FeedPayloads;

/** A message with its type. */
export type FeedMessage = {
  [T in FeedMessageType]: { readonly type: T; readonly data: FeedPayloads[T] };
}[FeedMessageType];
