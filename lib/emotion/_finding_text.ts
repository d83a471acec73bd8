// This module is browser-safe.
import { formatDuration } from "../base/format.ts";
import type { EmotionDeviation, EmotionFindingKind, EmotionSample } from "./emotion_finding.ts";

/** What a sentence is made of. */
export interface TextParts {
  readonly kind: EmotionFindingKind;
  readonly deviations: readonly EmotionDeviation[];
  readonly before: EmotionSample | undefined;
  readonly after: EmotionSample;
  readonly since: number;
  readonly cause: string | undefined;
  readonly note: string | undefined;
}

const MOST_NAMED = 4;

/** One sentence for the owner. */
export function toMessage(parts: TextParts): string {
  const { deviations, after, since, note } = parts;
  const named = deviations.slice(0, MOST_NAMED).map((deviation) => describe(parts, deviation));
  const rest = deviations.length - named.length;
  const subject = named.length > 0 ? named.join("; ") + (rest > 0 ? `; and ${rest} more` : "") : whole(parts);
  const where = after.platform === undefined ? "" : ` on ${after.platform}`;
  const lasted = after.timestamp - since;
  const when = `seen at ${toTime(after.timestamp)}${where}, since ${toTime(since)} (${formatDuration(lasted)})`;
  return `${TITLES[parts.kind]}: ${subject}; ${note === undefined ? "" : `${note}; `}${when}`;
}

const TITLES: Readonly<Record<EmotionFindingKind, string>> = {
  "not-a-number": "An emotion is no number",
  "out-of-bounds": "An emotion left its bounds",
  "floor-broken": "An emotion fell through its floor",
  jump: "An emotion jumped further than its cause allows",
  "change-without-cause": "An emotion changed without a cause",
  "reaction-off-model": "An emotion did not react as its cause makes it",
  stuck: "An emotion is stuck",
  "frozen-source": "The state is frozen",
  "decay-off-model": "Decay is not as the profile says",
  drift: "An emotion drifts",
  oscillation: "An emotion goes up and down by itself",
  "platforms-disagree": "Platforms show different emotions at one moment",
  "momentum-lost": "Momentum is gone although nothing spent it",
  "older-state": "An older state came back",
  "foreign-state": "The state was replaced by one that it cannot have come to",
};

function describe(parts: TextParts, { emotion, seen, low, high, diagnosis }: EmotionDeviation): string {
  const before = parts.before?.values[emotion];
  const came = before === undefined || parts.kind === "drift" ? "" : `from ${show(before)} `;
  const because = parts.cause === undefined ? "" : ` after '${parts.cause}'`;
  const expected = low === undefined || high === undefined ? "" : `, expected ${span(low, high)}${because}`;
  const says = diagnosis === undefined ? "" : ` (${diagnosis})`;
  return `${emotion} went ${came}to ${show(seen)}${expected}${says}`;
}

function whole({ kind, after }: TextParts): string {
  if (kind === "frozen-source") {
    return `it says that it is of ${toTime(after.lastUpdated ?? after.timestamp)}, and did not age since although time passed`;
  }
  return "the state as a whole";
}

function span(low: number, high: number): string {
  return high - low < 5e-7 ? show((low + high) / 2) : `${show(low)} to ${show(high)}`;
}

function show(value: number | string): string {
  return typeof value === "string" ? value : String(Number(value.toPrecision(6)));
}

/** How to see it again. */
export function toSeeAgain({ kind, deviations, before, after, cause }: TextParts): string {
  const [first] = deviations;
  const emotion = first?.emotion ?? "the state";
  const waited = before === undefined ? "" : formatDuration(after.timestamp - before.timestamp);
  switch (kind) {
    case "not-a-number":
    case "out-of-bounds":
    case "floor-broken":
      return `read the state${cause === undefined ? "" : ` after '${cause}'`} and look at ${emotion}`;
    case "jump":
    case "reaction-off-model":
    case "change-without-cause":
      return `start from the values in 'before', let ${cause === undefined ? "nothing" : `'${cause}'`} happen for ${waited}, read ${emotion}`;
    case "frozen-source":
      return "read the state twice, 10 min apart, and compare its lastUpdated";
    case "platforms-disagree":
      return "read the state on each platform within a second and compare";
    case "momentum-lost":
      return `drive ${emotion} beyond its top, wait ${waited} or restart, read its momentum`;
    case "older-state":
    case "foreign-state":
      return `set the values in 'before', do what was done in those ${waited} (restart, reconnect, another user), read the state`;
    default:
      return `set the values in 'before', say nothing${before === undefined ? "" : ` for ${waited}`}, read ${emotion}; the more ticks, the clearer`;
  }
}

function toTime(epochMs: number): string {
  return Math.abs(epochMs) <= 8.64e15 ? new Date(epochMs).toISOString() : String(epochMs);
}
