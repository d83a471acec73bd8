// This module is browser-safe.
import type { FeedEstimate, FeedMemory, FeedMemorySeries, FeedPoint } from "../lib/feed/messages.ts";
import { alignSeries, type ChartPoint, type ChartTable } from "./_chart_data.ts";
import { isKnown } from "./_format.ts";

const HOUR_MS = 3_600_000;
/** How far a verdict foretells. */
export const WEEK_HOURS = 168;
// a feed's slope is told with 95 %, its projection with 90 %
const REACH_90_OF_95 = 1.645 / 1.96;
const PROJECTION_STEPS = 28;

/** `near`: as far into the future as into the past. `week`: seven days. */
export type LeakHorizon = "near" | "week";

/** What there is to draw. The columns are named by {@linkcode LEAK_COLUMNS}. */
export interface LeakChart {
  readonly table: ChartTable;
  readonly from: number;
  readonly to: number;
}

/** Columns of a {@linkcode LeakChart}, in their order. */
export const LEAK_COLUMNS = [
  "samples",
  "trend",
  "trendLow",
  "trendHigh",
  "floor",
  "projection",
  "projectionLow",
  "projectionHigh",
] as const;

/** Where memory is at a time, as a verdict foretells it; ends that nothing bounds are left out. */
export interface Foretold {
  readonly value: number;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

/** The verdict as lines; `undefined` where there is nothing to draw. */
export function toLeakChart(memory: FeedMemory, horizon: LeakHorizon): LeakChart | undefined {
  const { series, time } = memory;
  if (!series) return undefined;
  const from = Math.min(...[...series.floor, ...series.samples].map(([at]) => at));
  if (!Number.isFinite(from)) return undefined;
  const hours = Math.min(WEEK_HOURS, horizon === "week" ? Infinity : Math.max(1, (time - from) / HOUR_MS));
  const knows = memory.verdict !== "not-enough-evidence";
  const trend = knows ? trendLines(series, time) : [[], [], []];
  const projection = knows ? projectionLines(series, time, hours) : [[], [], []];
  return {
    table: alignSeries([series.samples, ...trend, series.floor, ...projection]),
    from,
    to: time + (knows && isBounded(series.inSevenDaysBytes) ? hours * HOUR_MS : 0),
  };
}

/** The horizon that shows most: what was looked at for less than a day would be a sliver beside a week. */
export function defaultHorizon({ series }: FeedMemory): LeakHorizon {
  return (series?.looked?.hours ?? 0) >= 24 ? "week" : "near";
}

/**
 * Where memory will be some hours after the verdict. The interval of a projection has two parts, the noise of the
 * floor and the uncertainty of the slope, of which only the second grows with time.
 */
export function foretell(series: FeedMemorySeries, hours: number): Foretold | undefined {
  const week = series.inSevenDaysBytes;
  if (!week) return undefined;
  const value = series.levelBytes + ((week.value - series.levelBytes) * hours) / WEEK_HOURS;
  if (!isBounded(week)) return { value };
  // the lower end may have been cut off at 0
  const whole = Math.max(0, week.high - week.value);
  const slope = series.slopeBytesPerHour;
  const half = isBounded(slope) ? ((slope.high - slope.low) / 2) * REACH_90_OF_95 : 0;
  const ofSlope = Math.min(whole, half * WEEK_HOURS);
  const reach = Math.hypot((ofSlope * hours) / WEEK_HOURS, Math.sqrt(whole ** 2 - ofSlope ** 2));
  return { value, low: Math.max(0, value - reach), high: value + reach };
}

function projectionLines(series: FeedMemorySeries, time: number, hours: number): ChartPoint[][] {
  const lines: [ChartPoint[], ChartPoint[], ChartPoint[]] = [[], [], []];
  for (let step = 0; step <= PROJECTION_STEPS; step++) {
    const ahead = (hours * step) / PROJECTION_STEPS;
    const at = Math.round(time + ahead * HOUR_MS);
    const foretold = foretell(series, ahead);
    if (!foretold || !isBounded(foretold)) continue;
    lines[0].push([at, foretold.value]);
    lines[1].push([at, foretold.low]);
    lines[2].push([at, foretold.high]);
  }
  return lines;
}

/** The slope, and the two that bound it, through the middle of the stretch that they hold for. */
function trendLines({ slopeBytesPerHour, floor }: FeedMemorySeries, time: number): ChartPoint[][] {
  if (!isBounded(slopeBytesPerHour) || floor.length < 3) return [[], [], []];
  const { value, low, high } = slopeBytesPerHour;
  const stretch = straightEnd(floor, value, time);
  const from = stretch[0]![0];
  const middle = (from + time) / 2;
  const center = median(stretch.map(([at, bytes]) => bytes - (value * (at - middle)) / HOUR_MS));
  const lineOf = (slope: number): ChartPoint[] =>
    [from, middle, time].map((at) => [at, center + (slope * (at - middle)) / HOUR_MS]);
  const [first, second] = [lineOf(low), lineOf(high)];
  const lower = first.map(([at, a], i): ChartPoint => [at, Math.min(a!, second[i]![1]!)]);
  const upper = first.map(([at, a], i): ChartPoint => [at, Math.max(a!, second[i]![1]!)]);
  return [lineOf(value), lower, upper];
}

/**
 * The end of the floor that goes along a line of this slope: a leak that began late, or a step, came after what was
 * before, and a line through both would be a line through neither. At least a third.
 */
function straightEnd(floor: readonly FeedPoint[], slope: number, time: number): readonly FeedPoint[] {
  const rest = floor.map(([at, bytes]) => bytes - (slope * (at - time)) / HOUR_MS);
  let start = Math.floor((floor.length * 2) / 3);
  const center = median(rest.slice(start));
  const spread = median(rest.slice(start).map((value) => Math.abs(value - center)));
  const growth = (Math.abs(slope) * (time - floor[0]![0])) / HOUR_MS;
  const near = Math.max(5 * spread, 0.1 * growth, 0.002 * center);
  while (start > 0 && Math.abs(rest[start - 1]! - center) <= near) start--;
  return floor.slice(start);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

type Bounded<T> = T & { readonly low: number; readonly high: number };

/** Whether both ends of the interval are known: a host may leave them out, or say `null`. */
export function isBounded<T extends FeedEstimate | Foretold>(
  estimate: T | null | undefined,
): estimate is Bounded<T> {
  return isKnown(estimate?.low) && isKnown(estimate?.high);
}
