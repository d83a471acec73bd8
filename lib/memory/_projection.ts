// This module is browser-safe.
import type { Judgement } from "./_judge_series.ts";
import { middle } from "./_order.ts";
import type { Estimate, SeriesVerdict } from "./leak_verdict.ts";

const HORIZON_HOURS = 168;
const YEAR_HOURS = 8766;
const NORMAL_90 = 1.645;
// One day's course is like the last one's, but not to the hour.
const COURSE_SHARE = 0.1;

type Projection = Pick<SeriesVerdict, "inSevenDaysBytes" | "hoursUntil">;

/** Where a series will be in seven days, and when at the limits: on with the growth that has no end, if there is any. */
export function projectGrowth(judgement: Judgement, level: number, limits: readonly number[]): Projection {
  const { slope, slopeDeviation } = judgement;
  if (judgement.verdict === "not-enough-evidence") {
    // the samples bound nothing: an interval would be made up
    const inSevenDaysBytes = { value: level, low: 0, high: Infinity, confidence: 0.9 };
    return { inSevenDaysBytes, hoursUntil: limits.map((limitBytes) => ({ limitBytes, hours: undefined })) };
  }
  const isGrowing = judgement.verdict === "leak" || judgement.verdict === "growing";
  const pace = isGrowing ? slope : 0;
  // what is not growing may turn out to: its slope is uncertain, too
  const paceReach = NORMAL_90 * slopeDeviation;
  const noise = NORMAL_90 * Math.hypot(noiseOf(judgement), COURSE_SHARE * rangeOfLastDay(judgement));
  const reach = Math.hypot(paceReach * HORIZON_HOURS, noise);
  const value = level + pace * HORIZON_HOURS;
  return {
    inSevenDaysBytes: { value, low: Math.max(0, value - reach), high: value + reach, confidence: 0.9 },
    hoursUntil: limits.map((limitBytes) => ({
      limitBytes,
      hours: hoursUntil(limitBytes - level, pace, paceReach),
    })),
  };
}

/** Undefined where it is not reached within a year, even by the fastest growth that is likely. */
function hoursUntil(bytes: number, pace: number, reach: number): Estimate | undefined {
  if (bytes <= 0) return { value: 0, low: 0, high: 0, confidence: 0.9 };
  const at = (speed: number): number => (speed > 0 ? bytes / speed : Infinity);
  if (pace <= 0 || at(pace) > YEAR_HOURS) return undefined;
  return { value: at(pace), low: at(pace + reach), high: at(pace - reach), confidence: 0.9 };
}

/** How far the floor went up and down in the last day, growth taken out. */
function rangeOfLastDay({ floor, slope }: Judgement): number {
  if (!floor) return 0;
  const { hours, values, level, depth } = floor;
  const pace = slope / (level * depth);
  const from = hours.at(-1)! - Math.min(24, floor.span / 2);
  const rest = [...values].flatMap((value, i) => (hours[i]! >= from ? [value - pace * hours[i]!] : []));
  return (Math.max(...rest) - Math.min(...rest)) * level * depth;
}

/** Standard deviation of the floor's points around their course, from their second differences. */
function noiseOf({ floor }: Judgement): number {
  if (!floor || floor.values.length < 4) return 0;
  const { values, level } = floor;
  const seconds: number[] = [];
  for (let i = 2; i < values.length; i++)
    seconds.push(Math.abs(values[i]! - 2 * values[i - 1]! + values[i - 2]!));
  return (middle(seconds) * 1.4826 * level) / Math.sqrt(6);
}
