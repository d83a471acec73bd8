// This module is browser-safe.
import type { FeedMemory, FeedMemoryLimit, FeedMemorySeries } from "../lib/feed/messages.ts";
import { formatBytes, formatDuration, formatNumber, formatRatio, isKnown, type Locale } from "./_format.ts";
import type { Tone } from "./_icons.ts";
import { isBounded } from "./_leak_chart.ts";

const HOUR_MS = 3_600_000;
const UNKNOWN = "not known yet";

const WORDS: Readonly<Record<string, string>> = {
  healthy: "No leak",
  growing: "Growing",
  leak: "Leak",
  "not-enough-evidence": "Not enough evidence yet",
};

const SERIES: Readonly<Record<string, string>> = {
  postGc: "heap after full collections",
  heapUsed: "heap in use",
  external: "memory outside the heap",
  arrayBuffers: "array buffers",
  rss: "resident memory",
};

/** A figure with what is to be said of its certainty. */
export interface Figure {
  readonly label: string;
  readonly value: string;
  readonly detail: string;
  readonly isKnown: boolean;
}

// What comes from a feed may be of a later version: a word that is not known here is shown as it is.

/** The verdict in a word or two. */
export function verdictWord(verdict: string): string {
  return Object.hasOwn(WORDS, verdict) ? WORDS[verdict]! : verdict;
}

/** What a series is, within a sentence. */
export function seriesName(series: string): string {
  return Object.hasOwn(SERIES, series) ? SERIES[series]! : series;
}

export function verdictTone({ verdict, severity }: Pick<FeedMemory, "verdict" | "severity">): Tone {
  if (verdict === "healthy") return "ok";
  if (verdict === "growing") return "info";
  if (verdict === "leak") return severity === "warning" ? "warning" : "critical";
  return "unknown";
}

/** Growth, the level in seven days, and the way to each limit. */
export function leakFigures(memory: FeedMemory, locale?: Locale): readonly Figure[] {
  const { series, verdict } = memory;
  if (!series) return [];
  const knows = verdict !== "not-enough-evidence";
  return [
    known("Growth", knows ? growthOf(series, locale) : undefined),
    known("In seven days", knows ? inSevenDays(series, locale) : undefined),
    ...series.hoursUntil.map((limit) => limitFigure(limit, knows, locale)),
  ];
}

type Said = readonly [value: string, detail: string];

function known(label: string, said: Said | undefined): Figure {
  return { label, value: said?.[0] ?? UNKNOWN, detail: said?.[1] ?? "", isKnown: said !== undefined };
}

function growthOf({ slopeBytesPerHour: slope }: FeedMemorySeries, locale: Locale): Said | undefined {
  if (!isBounded(slope)) return undefined;
  const low = formatBytes(slope.low, locale);
  const high = formatBytes(slope.high, locale);
  const interval = `${formatRatio(slope.confidence, locale)}: ${low} to ${high} an hour`;
  const isNone = slope.low <= 0 && slope.high >= 0;
  return [isNone ? "none to be seen" : `${formatBytes(slope.value, locale)} an hour`, interval];
}

function inSevenDays({ inSevenDaysBytes: week }: FeedMemorySeries, locale: Locale): Said | undefined {
  if (!week) return undefined;
  const share = formatRatio(week.confidence, locale);
  const low = isKnown(week.low) ? formatBytes(week.low, locale) : formatBytes(0, locale);
  const detail = isKnown(week.high)
    ? `${share}: ${low} to ${formatBytes(week.high, locale)}`
    : `${share}: ${low} or more`;
  return [formatBytes(week.value, locale), detail];
}

function limitFigure({ limitBytes, label, hours }: FeedMemoryLimit, knows: boolean, locale: Locale): Figure {
  const size = formatBytes(limitBytes, locale);
  const name = label ? `${label}, ${size}` : size;
  if (!knows) return known(name, undefined);
  if (!hours) return known(name, ["not within a year", ""]);
  if (hours.value <= 0) return known(name, ["reached", ""]);
  const at = (value: number): string => formatDuration(value * HOUR_MS, "narrow", locale);
  const share = formatRatio(hours.confidence, locale);
  const low = at(hours.low ?? 0);
  const detail = isKnown(hours.high) ? `${share}: ${low} to ${at(hours.high)}` : `${share}: ${low} or more`;
  return known(name, [`in ${at(hours.value)}`, detail]);
}

/** What the verdict is about, how sure it is, and what it was made from. */
export function aboutText({ verdict, decidedBy, series }: FeedMemory, locale?: Locale): string {
  if (!decidedBy || !series) return "";
  const sure = verdict === "not-enough-evidence" ? "" : `, ${sureText(series.confidence, locale)}`;
  return `${capitalize(seriesName(decidedBy))}${sure}. ${lookedText(series, locale)}`.trim();
}

// nothing is known for certain from figures alone
function sureText(confidence: number, locale: Locale): string {
  return confidence > 0.99
    ? `more than ${formatRatio(0.99, locale)} sure`
    : `${formatRatio(confidence, locale)} sure`;
}

function lookedText({ looked }: FeedMemorySeries, locale: Locale): string {
  if (!looked) return "";
  const count = (number: number, one: string, many: string): string =>
    `${formatNumber(number, locale)} ${number === 1 ? one : many}`;
  const parts = [
    `${count(looked.samples, "sample", "samples")} in ${formatDuration(looked.hours * HOUR_MS, "long", locale)}`,
    ...(looked.collections > 0 ? [count(looked.collections, "collection seen", "collections seen")] : []),
    ...(looked.restarts > 0 ? [count(looked.restarts, "restart", "restarts")] : []),
  ];
  return `Judged from ${parts.join(", ")}.`;
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The reasons that say more than what is still needed, which is told apart. */
export function reasonsOf({ evidence, needs }: FeedMemory): readonly string[] {
  return needs === "" ? evidence : evidence.filter((reason) => !reason.includes(needs));
}

/** The picture in a few sentences. */
export function describeLeak(memory: FeedMemory, locale?: Locale): string {
  const { series, verdict, decidedBy } = memory;
  const word = verdictWord(verdict);
  if (!series || !decidedBy) return `${word}.`;
  const first = series.floor[0];
  const course = first ? `from ${formatBytes(first[1], locale)} to ` : "";
  const figures = leakFigures(memory, locale)
    .filter((figure) => figure.isKnown)
    .map(({ label, value, detail }) => `${label}: ${value}${detail ? ` (${detail})` : ""}.`);
  const level = `${course}${formatBytes(series.levelBytes, locale)}`;
  return `${word}. Floor of the ${seriesName(decidedBy)}: ${level}. ${figures.join(" ")}`.trim();
}
