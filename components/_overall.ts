// This module is browser-safe.
import type { FeedAlert, FeedStatus } from "../lib/feed/messages.ts";
import { formatDuration, formatTime, type Locale } from "./_format.ts";
import { groupAlerts } from "./_alert_groups.ts";
import { statusTone, type Tone } from "./_icons.ts";

/** State of the connection to a feed. */
export type ConnectionState = "connecting" | "live" | "stale" | "disconnected" | "unauthorized";

/** The answer of the first glance: a tone, a word, a sentence. */
export interface Overall {
  readonly tone: Tone;
  readonly word: string;
  readonly sentence: string;
}

const WORDS: Readonly<Record<FeedStatus, string>> = {
  ok: "Well",
  warning: "Needs a look",
  critical: "Not well",
  unknown: "Not known yet",
};

/** What the page may claim of the companion: once the feed is not live, only what it was. */
export function overall(
  connection: ConnectionState,
  status: FeedStatus | undefined,
  alerts: readonly FeedAlert[],
  lastReceivedAt: number | undefined,
  now: number,
  locale?: Locale,
): Overall {
  if (connection === "live") return liveOverall(status ?? "unknown", alerts, now);
  if (status === undefined || lastReceivedAt === undefined) {
    const waiting = connection === "connecting";
    return {
      tone: "unknown",
      word: waiting ? "Connecting" : "Not known",
      sentence: "Nothing has been received.",
    };
  }
  const was = WORDS[status]?.toLowerCase() ?? status;
  return {
    tone: "unknown",
    word: "Not known",
    sentence: `Last seen ${formatTime(lastReceivedAt, now, locale)}: ${was}.`,
  };
}

function liveOverall(status: FeedStatus, alerts: readonly FeedAlert[], now: number): Overall {
  const firing = groupAlerts(alerts, now).active.filter(
    ({ state }) => state === "firing" || state === "recovering",
  );
  const worst = firing[0];
  const others = firing.length - 1;
  const more = others > 0 ? ` And ${others} more.` : "";
  const calm = status === "unknown" ? "No look has been taken yet." : "No alert fires.";
  return {
    tone: statusTone(status),
    word: WORDS[status] ?? status,
    sentence: worst ? `${worst.message}${more}` : calm,
  };
}

/** The connection in words: what a live region may say, and the part that changes each second. */
export interface ConnectionText {
  readonly tone: Tone;
  readonly text: string;
  readonly age: string;
}

/** @param since Since when the connection has been in this state, epoch ms of the reader's clock. */
export function connectionText(
  state: ConnectionState,
  since: number,
  now: number,
  locale?: Locale,
): ConnectionText {
  const age = formatDuration(now - since, "narrow", locale);
  if (state === "live") return { tone: "ok", text: "Live", age: "" };
  if (state === "connecting") return { tone: "unknown", text: "Connecting", age: "" };
  if (state === "stale") return { tone: "warning", text: "Stale: no news since", age };
  if (state === "unauthorized")
    return { tone: "critical", text: "Unauthorized: the feed asks for a token", age: "" };
  const time = formatTime(since, now, locale);
  return { tone: "critical", text: `Disconnected since ${time}, retrying`, age: "" };
}
