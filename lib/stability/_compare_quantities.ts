import { EMOTION_NAMES } from "../emotion/emotional_state.ts";
import type { Estimate } from "../stats/estimate.ts";
import { normalQuantile } from "../stats/_distributions.ts";
import { hodgesLehmannShift } from "../stats/hodges_lehmann_shift.ts";
import { median } from "../stats/median.ts";
import { quantile } from "../stats/quantile.ts";
import {
  differenceOf,
  quantileDifference,
  shareDifference,
  shiftOfBlocks,
  toBlocks,
} from "./_block_statistics.ts";
import type { Observation, RunFigures } from "./_run_figures.ts";
import type { ChangeUnit, RunChange } from "./compare_runs.ts";
import type { StabilityResults } from "./stability_results.ts";

/** How sure, and how large a change must be. */
export interface CompareSettings {
  readonly confidence: number;
  /** Smallest change that matters, as a share. */
  readonly tolerance: number;
  readonly durationMs: number;
  /** How long a platform may take to come back. */
  readonly recoveryLimitMs: number;
}

const BLOCKS = 48;
const LEAST_BLOCK_MS = 600_000;
const MEMORY_BLOCKS = 12;
const WARM_UP_SHARE = 1 / 6;
const HOURS_A_WEEK = 168;
// From one run of a healthy companion to the next, the level of its heap differs by 3 % (standard deviation, measured
// on 30 days of pocket Demi); a line's own interval knows nothing of that.
const REPEATABILITY = 0.03;
const MEMORY_TOLERANCE = 0.15;
const HOUR_MS = 3_600_000;

// Below these nobody cares, however sure the change is.
const LEAST = {
  ms: 25,
  share: 0.005,
  emotion: 0.05,
  collected: 2e6,
  resident: 20e6,
  recoveryMs: 2000,
} as const;

interface Subject {
  readonly quantity: string;
  readonly unit: ChangeUnit;
  readonly before: number | undefined;
  readonly after: number | undefined;
  readonly difference: Estimate | undefined;
  readonly tolerance: number;
  /** Whether more is worse, or only different. */
  readonly isCost: boolean;
}

/** A change with its verdict: `worse` and the like only where the interval leaves out zero and it is large enough. */
export function toChange({ isCost, ...subject }: Subject): RunChange {
  const { difference, tolerance } = subject;
  if (!difference) return { ...subject, verdict: "unclear" };
  const { value, low, high } = difference;
  if (low > 0 && value >= tolerance) return { ...subject, verdict: isCost ? "worse" : "changed" };
  if (high < 0 && -value >= tolerance) return { ...subject, verdict: isCost ? "better" : "changed" };
  return { ...subject, verdict: low > -tolerance && high < tolerance ? "same" : "unclear" };
}

/** How long replies take: the typical one and the slow ones, on all platforms and on each. */
export function compareLatencies(
  a: RunFigures,
  b: RunFigures,
  settings: CompareSettings,
): readonly RunChange[] {
  const platforms = [...a.latencies.keys()].filter((name) => b.latencies.has(name)).sort();
  const changes = compareReplies("replies", allOf(a), allOf(b), [0.5, 0.9, 0.99], settings);
  if (platforms.length < 2) return changes;
  const each = platforms.map((name) =>
    compareReplies(
      `replies on ${name}`,
      a.latencies.get(name)!,
      b.latencies.get(name)!,
      [0.5, 0.9],
      settings,
    ),
  );
  return [...changes, ...each.flat()];
}

function compareReplies(
  what: string,
  a: readonly Observation[],
  b: readonly Observation[],
  probabilities: readonly number[],
  { confidence, tolerance, durationMs }: CompareSettings,
): readonly RunChange[] {
  if (a.length === 0 || b.length === 0) return [];
  const [before, after] = [a, b].map((all) => toBlocks(all, blockOf(durationMs))) as [Blocks, Blocks];
  return probabilities.map((probability) => {
    const [was, is] = [a, b].map((all) =>
      quantile(
        all.map(({ value }) => value),
        probability,
      ),
    ) as [number, number];
    return toChange({
      quantity: `p${probability * 100} of ${what}`,
      unit: "ms",
      before: was,
      after: is,
      difference:
        probability === 0.5
          ? shiftOfBlocks(before, after, confidence)
          : quantileDifference(before, after, probability, confidence),
      tolerance: Math.max(LEAST.ms, tolerance * was),
      isCost: true,
    });
  });
}

type Blocks = readonly (readonly number[])[];

/** Messages without a reply, and looks without an answer. */
export function compareShares(a: RunFigures, b: RunFigures, settings: CompareSettings): readonly RunChange[] {
  const { confidence, durationMs } = settings;
  const compare = (quantity: string, was: readonly Observation[], is: readonly Observation[]): RunChange => {
    const [before, after] = [was, is].map((all) => toBlocks(all, blockOf(durationMs))) as [Blocks, Blocks];
    return toChange({
      quantity,
      unit: "share",
      before: meanOf(was),
      after: meanOf(is),
      difference: shareDifference(before, after, confidence),
      tolerance: LEAST.share,
      isCost: true,
    });
  };
  return [
    compare("messages without a reply", a.failures, b.failures),
    compare("looks without an answer", a.silences, b.silences),
  ];
}

/** Where memory is once it is warm, and how fast it grows. */
export function compareMemory(
  a: RunFigures,
  b: RunFigures,
  [before, after]: readonly [StabilityResults, StabilityResults],
  settings: CompareSettings,
): readonly RunChange[] {
  const isCollected = a.collected.length > 0 && b.collected.length > 0;
  const warm = ({ collected, resident }: RunFigures): readonly Observation[] =>
    (isCollected ? collected : resident).filter(({ atMs }) => atMs >= WARM_UP_SHARE * settings.durationMs);
  const [was, is] = [warm(a), warm(b)];
  if (was.length === 0 || is.length === 0) return [];
  const level = median(was.map(({ value }) => value));
  const { tolerance, confidence, durationMs } = settings;
  const blocks = [was, is].map((all) => toBlocks(all, durationMs / MEMORY_BLOCKS)) as [Blocks, Blocks];
  const least = Math.max(
    isCollected ? LEAST.collected : LEAST.resident,
    Math.max(tolerance, MEMORY_TOLERANCE) * level,
  );
  const changes = [
    toChange({
      quantity: isCollected ? "heap after collections" : "resident memory",
      unit: "bytes",
      before: level,
      after: median(is.map(({ value }) => value)),
      difference: spread(shiftOfBlocks(...blocks, confidence), level),
      tolerance: least,
      isCost: true,
    }),
  ];
  const floor = (REPEATABILITY * level * Math.SQRT2) / (durationMs / HOUR_MS);
  const growth = compareGrowth(before, after, { least, floor, confidence });
  return growth ? [...changes, growth] : changes;
}

function compareGrowth(
  before: StabilityResults,
  after: StabilityResults,
  options: { readonly least: number; readonly floor: number; readonly confidence: number },
): RunChange | undefined {
  const { least, floor, confidence } = options;
  const [was, is] = [growthOf(before), growthOf(after)];
  if (!was || !is || was.series !== is.series) return undefined;
  const [from, to] = [was.slope, is.slope].map((slope) => widened(slope, floor, confidence)) as [
    Estimate,
    Estimate,
  ];
  const difference = differenceOf(from, to);
  const isKnown = Number.isFinite(difference.low) && Number.isFinite(difference.high);
  return toChange({
    quantity: "growth of memory",
    unit: "bytes per hour",
    before: from.value,
    after: to.value,
    difference: isKnown ? difference : undefined,
    tolerance: least / HOURS_A_WEEK,
    isCost: true,
  });
}

function growthOf({ memory }: StabilityResults): { series: string; slope: Estimate } | undefined {
  const decided = memory.leak?.series.find(({ series }) => series === memory.leak?.decidedBy);
  // JSON has no infinity: an end that nothing bounds comes back as null
  const slope = decided?.slopeBytesPerHour as Partial<Record<keyof Estimate, number | null>> | undefined;
  if (!decided || typeof slope?.value !== "number") return undefined;
  const { value, low, high, confidence } = slope;
  return {
    series: decided.series,
    slope: { value, low: low ?? -Infinity, high: high ?? Infinity, confidence: confidence ?? 0.95 },
  };
}

/** A change of level, with what differs from run to run. */
function spread(shift: Estimate | undefined, level: number): Estimate | undefined {
  if (!shift) return undefined;
  const { value, low, high, confidence } = shift;
  const wide = normalQuantile((1 - confidence) / 2) * Math.SQRT2 * REPEATABILITY * level;
  return {
    value,
    low: value - Math.hypot(value - low, wide),
    high: value + Math.hypot(high - value, wide),
    confidence,
  };
}

/** An interval for that confidence, of an error that is at least `floor`. */
function widened(
  { value, low, high, confidence: had }: Estimate,
  floor: number,
  confidence: number,
): Estimate {
  const [z, hadZ] = [normalQuantile((1 - confidence) / 2), normalQuantile((1 - had) / 2)];
  const [below, above] = [value - low, high - value].map((wide) => z * Math.max(wide / hadZ, floor)) as [
    number,
    number,
  ];
  return { value, low: value - below, high: value + above, confidence };
}

/** Where the companion's mood is at home; a change of it is neither better nor worse. */
export function compareEmotions(
  a: RunFigures,
  b: RunFigures,
  settings: CompareSettings,
): readonly RunChange[] {
  const { confidence, durationMs } = settings;
  return EMOTION_NAMES.flatMap((name) => {
    const [was, is] = [a.emotions[name], b.emotions[name]];
    if (was.length === 0 || is.length === 0) return [];
    const blocks = independentBlocks(was, is, durationMs);
    return toChange({
      quantity: name,
      unit: "emotion",
      before: meanOf(was),
      after: meanOf(is),
      difference: blocks && shiftOfBlocks(...blocks, confidence),
      tolerance: LEAST.emotion,
      isCost: false,
    });
  });
}

// A mood lasts for hours: blocks grow until one tells nothing about the next.
const EMOTION_BLOCKS = [48, 32, 24, 16, 12, 8] as const;
const ALIKE = 0.2;

function independentBlocks(
  a: readonly Observation[],
  b: readonly Observation[],
  durationMs: number,
): readonly [Blocks, Blocks] | undefined {
  for (const count of EMOTION_BLOCKS) {
    const blocks = [a, b].map((all) => toBlocks(all, durationMs / count)) as [Blocks, Blocks];
    const alike = blocks.map((each) => likeness(each.map(mean)) + 1 / count);
    if (Math.max(...alike) < ALIKE) return blocks;
  }
  return undefined;
}

/** Correlation of a value with the one before it. */
function likeness(values: readonly number[]): number {
  const centre = mean(values);
  let [products, squares] = [0, 0];
  for (const [index, value] of values.entries()) {
    squares += (value - centre) ** 2;
    if (index > 0) products += (value - centre) * (values[index - 1]! - centre);
  }
  return squares > 0 ? products / squares : 0;
}

/** How long it takes to be back, for each kind of fault. */
export function compareRecoveries(
  a: RunFigures,
  b: RunFigures,
  settings: CompareSettings,
): readonly RunChange[] {
  const { confidence, tolerance, recoveryLimitMs } = settings;
  return [...a.recoveries.keys()]
    .filter((what) => b.recoveries.has(what))
    .sort()
    .map((what) => {
      const [was, is] = [a, b].map(({ recoveries }) =>
        recoveries.get(what)!.map((each) => each ?? recoveryLimitMs),
      ) as [number[], number[]];
      const shift = hodgesLehmannShift(is, was, { confidence });
      return toChange({
        quantity: `recovery after: ${what}`,
        unit: "ms",
        before: median(was),
        after: median(is),
        difference: shift.confidence >= confidence - 1e-9 ? shift : undefined,
        tolerance: Math.max(LEAST.recoveryMs, tolerance * median(was)),
        isCost: true,
      });
    });
}

function allOf({ latencies }: RunFigures): readonly Observation[] {
  return [...latencies.values()].flat();
}

function blockOf(durationMs: number): number {
  return Math.max(LEAST_BLOCK_MS, durationMs / BLOCKS);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

function meanOf(all: readonly Observation[]): number | undefined {
  return all.length === 0 ? undefined : mean(all.map(({ value }) => value));
}
