// This module is browser-safe.
import { formatBytes } from "../base/format.ts";
import { type Floor, findFloor, withoutRestarts } from "./_floor.ts";
import type { FloorCells } from "./_floor_cells.ts";
import { growthOf, leakLogOdds, repeatedLogOdds, slopeRatioOf } from "./_leak_odds.ts";
import { chooseModel, type ModelChoice } from "./_model_choice.ts";
import { explainingFalls } from "./_own_falls.ts";
import { fewFalls } from "./_sawtooth.ts";
import { findStandstill } from "./_standstill.ts";
import { describeTrend, type TrendShape } from "./_trend_shape.ts";
import type { LeakState } from "./leak_verdict.ts";

/** What a series says. */
export interface Judgement {
  readonly verdict: LeakState;
  readonly confidence: number;
  /** Growth without an end, bytes per hour, and its standard deviation. */
  readonly slope: number;
  readonly slopeDeviation: number;
  readonly growthRatio: number;
  /** It grew, but by less than counts as a leak. */
  readonly isSmall: boolean;
  readonly floor: Floor | undefined;
  readonly choice: ModelChoice | undefined;
  readonly needs: string;
  /** Hours that it has stood at the end, where it had grown before. */
  readonly stoodHours?: number | undefined;
}

const MIN_SAMPLES = 12;
const CLOCK_SLACK = 0.975; // by a clock that is a little fast
const MIN_POINTS = 8;
const MIN_GROWTH = 0.012;
const FEW_POINTS = 32;
const MIN_SLOPE_RATIO = 2.2;
const LEAK_ODDS = 0.8;
const REPEATED_ODDS = 2.15;
const GROWING_ODDS = -1.5;
// Beside the regression's standard deviation: shapes that no model has, of 3 % of the slope.
const SHAPE_ERROR = 0.03;
const LEAST_PART = 0.3;

/** What is known of a series beside its samples. */
export interface SeriesFacts {
  /** When the process was started anew, epoch ms; undefined where nobody told. */
  readonly restarts: readonly number[] | undefined;
  /** Whether it holds garbage, and falls when that is collected. */
  readonly isCollected: boolean;
  /** Whether it is looked at again and again, so that each look must be surer. */
  readonly isRepeated: boolean;
  /** Hours below which nothing is said. */
  readonly minHours: number;
  /** Growth in the window below which it is no leak. */
  readonly minGrowthBytes: number;
}

/** What is missing before anything can be said, in a sentence; empty where nothing is. */
function missingFor(cells: FloorCells, { isCollected, minHours }: SeriesFacts): string {
  const hours = (cells.lastMs - cells.startMs) / 3_600_000;
  if (cells.samples < MIN_SAMPLES) return `${MIN_SAMPLES - cells.samples} more samples`;
  if (hours < CLOCK_SLACK * minHours) {
    return `${Math.ceil((minHours - hours) * 60)} more minutes: ${minHours} h at least`;
  }
  if (!isCollected || cells.samples <= 60) return "";
  if (cells.fallRatio < 0.02) {
    return "a fall: it has never fallen, and a heap that was never collected looks the same; give figures taken right after a full garbage collection";
  }
  if (cells.riseRatio > 0.85 && cells.fallsAreScavenges) {
    return "a full garbage collection: so far only the young generation was collected";
  }
  return "";
}

export function judgeSeries(cells: FloorCells, facts: SeriesFacts): Judgement {
  const { restarts, isCollected, isRepeated } = facts;
  const missing = missingFor(cells, facts);
  if (missing !== "") return undecided(missing);
  const floor = findFloor(cells, restarts);
  if (floor.values.length < MIN_POINTS) {
    return undecided(
      `${MIN_POINTS - floor.values.length} more collections, to know the floor between them`,
      floor,
    );
  }
  const evenness = floor.sawtooth?.evenness ?? 1;
  if (isCollected && cells.riseRatio > 0.96 && evenness < 0.6) {
    return undecided("more full garbage collections: those so far are few and of all sizes", floor);
  }
  const choice = chooseModel(floor);
  const ratio = growthOf(choice, floor);
  const shape = describeTrend(floor);
  const reasons = { floor, choice, shape };
  const odds = leakLogOdds(reasons);
  const grown = grownBytes(floor, ratio);
  const isSmall = grown > 0 && grown <= facts.minGrowthBytes;
  const isClear =
    slopeRatioOf(choice) > MIN_SLOPE_RATIO &&
    ratio > MIN_GROWTH &&
    grown > facts.minGrowthBytes &&
    choice.margin > -12;
  const pace = Math.min(choice.pace, fastest(floor, choice)) * floor.level * floor.depth;
  const result = {
    slope: pace,
    slopeDeviation: Math.hypot(1.5 * choice.paceDeviation * floor.level * floor.depth, SHAPE_ERROR * pace),
    growthRatio: ratio,
    isSmall,
    floor,
    choice,
  };
  if (!isClear || odds < GROWING_ODDS) {
    return { ...result, verdict: "healthy", confidence: 1 - toProbability(isClear ? odds : -4), needs: "" };
  }
  const doubt =
    odds < LEAK_ODDS
      ? `${moreHours(floor)}: growth so weak may come to an end`
      : doubtOf(choice, floor, shape);
  if (doubt !== "")
    return { ...result, verdict: "growing", confidence: toProbability(-Math.abs(odds)), needs: doubt };
  const few = floor.sawtooth ? 0 : fewFalls(cells.lows) / floor.level;
  if (few > ratio && floor.cuts.length === 0) {
    return {
      ...undecided("more full garbage collections: the few so far are larger than the growth", floor),
      choice,
    };
  }
  if (isRepeated) {
    const sure = repeatedLogOdds(odds, reasons);
    if (sure < REPEATED_ODDS) {
      const needs = `${moreHours(floor)}: many a warm-up looks like this at first`;
      return { ...result, verdict: "growing", confidence: toProbability(-Math.abs(odds)), needs };
    }
  }
  const unsure = unsureOf(result, cells, facts);
  if (unsure) return { ...result, ...unsure, verdict: "growing", confidence: toProbability(-Math.abs(odds)) };
  return { ...result, verdict: "leak", confidence: toProbability(odds), needs: "" };
}

/** What speaks against growth without an end where all models are for it. */
function unsureOf(
  { floor, choice }: Growth,
  cells: FloorCells,
  { restarts }: SeriesFacts,
): Pick<Judgement, "needs"> | (Growth & Pick<Judgement, "needs" | "stoodHours">) | undefined {
  // of a series whose restarts are not known a fall is one, most likely
  const falls = restarts && explainingFalls(withoutRestarts(cells, restarts));
  if (falls) {
    const times = falls.count === 1 ? "once" : `${falls.count} times`;
    return {
      needs: `growth past what it let go of before: ${times} it fell back by ${formatBytes(falls.bytes)}`,
    };
  }
  const stood = findStandstill(floor, choice.pace);
  if (stood) {
    const bytes = floor.level * floor.depth;
    return {
      slope: stood.slope * bytes,
      slopeDeviation: stood.deviation * bytes,
      floor,
      choice,
      stoodHours: stood.hours,
      needs: "growth that goes on: it may have been mended, or there may have been nothing to do",
    };
  }
  return undefined;
}

interface Growth {
  readonly slope: number;
  readonly slopeDeviation: number;
  readonly floor: Floor;
  readonly choice: ModelChoice;
}

/** What growth without an end came to; a curve may foretell more than there was. */
export function grownBytes({ values, level, depth }: Floor, growthRatio: number): number {
  return Math.min(growthRatio, Math.max(...values) - Math.min(...values)) * level * depth;
}

/** No pace that would have come to more than there was, had it gone on for a part of the window, or of its longest run. */
function fastest({ values, hours, cutHours, span }: Floor, { growthShare }: ModelChoice): number {
  const bounds = [hours[0]!, ...cutHours, hours.at(-1)!];
  const runs = bounds.slice(1).map((end, i) => end - bounds[i]!);
  const length = Math.min(span * growthShare, Math.max(...runs));
  return (Math.max(...values) - Math.min(...values)) / (LEAST_PART * length);
}

function doubtOf(choice: ModelChoice, floor: Floor, { late }: TrendShape): string {
  const { slowMargin, dailyMargin, margin } = choice;
  if (floor.cuts.length === 0 && floor.values.length < FEW_POINTS && late < -0.2 && margin < 3) {
    return `${moreHours(floor)}: in the second half it did not go on`;
  }
  if (slowMargin < -4) return `${moreHours(floor)}: it slows down, as a warm-up does`;
  if (dailyMargin < -8) return "a whole day, 26 hours at least: it runs as a day's course does";
  return "";
}

function moreHours({ span }: Floor): string {
  return `${Math.max(1, Math.ceil(span))} more hours`;
}

function undecided(needs: string, floor?: Floor): Judgement {
  return {
    verdict: "not-enough-evidence",
    confidence: 0.5,
    slope: 0,
    slopeDeviation: 0,
    growthRatio: 0,
    isSmall: false,
    floor,
    choice: undefined,
    needs,
  };
}

function toProbability(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}
