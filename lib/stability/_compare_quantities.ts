import { EMOTION_NAMES } from "../emotion/emotional_state.ts";
import type { Estimate } from "../stats/estimate.ts";
import { hodgesLehmannShift } from "../stats/hodges_lehmann_shift.ts";
import { median } from "../stats/median.ts";
import { quantile } from "../stats/quantile.ts";
import { cutIntoBlocks, quantileDifference, shareDifference, shiftOfBlocks } from "./_block_statistics.ts";
import type { Observation, RunFigures } from "./_run_figures.ts";
import type { ChangeUnit, RunChange } from "./compare_runs.ts";

/** How sure, and how large a change must be. */
export interface CompareSettings {
  readonly confidence: number;
  /** Smallest change that matters, as a share. */
  readonly tolerance: number;
  readonly durationMs: number;
  /** How long a platform may take to come back. */
  readonly recoveryLimitMs: number;
}

const BLOCK_COUNTS = [48, 32, 24, 16, 12] as const;
const LEAST_BLOCK_MS = 300_000;
const EMOTION_BLOCK_COUNTS = [48, 32, 24, 16, 12, 8] as const;
const HOUR_MS = 3_600_000;

// Below these nobody cares, however sure the change is.
const LEAST = {
  ms: 25,
  share: 0.01,
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
  const blocking = cutIntoBlocks(a, b, {
    durationMs,
    counts: BLOCK_COUNTS,
    leastMs: LEAST_BLOCK_MS,
    reduce: median,
  });
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
          ? shiftOfBlocks(blocking, median, confidence)
          : quantileDifference(blocking, probability, confidence),
      tolerance: Math.max(LEAST.ms, tolerance * was),
      isCost: true,
    });
  });
}

/** Messages without a reply, and looks without an answer. */
export function compareShares(a: RunFigures, b: RunFigures, settings: CompareSettings): readonly RunChange[] {
  const { confidence, durationMs } = settings;
  const compare = (quantity: string, was: readonly Observation[], is: readonly Observation[]): RunChange => {
    const cut = { durationMs, counts: BLOCK_COUNTS, leastMs: LEAST_BLOCK_MS, reduce: mean };
    return toChange({
      quantity,
      unit: "share",
      before: meanOf(was),
      after: meanOf(is),
      difference: shareDifference(cutIntoBlocks(was, is, cut), confidence),
      tolerance: LEAST.share,
      isCost: true,
    });
  };
  return [
    compare("messages without a reply", a.failures, b.failures),
    compare("looks without an answer", a.silences, b.silences),
  ];
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
    const cut = { durationMs, counts: EMOTION_BLOCK_COUNTS, leastMs: HOUR_MS, reduce: mean };
    return toChange({
      quantity: name,
      unit: "emotion",
      before: meanOf(was),
      after: meanOf(is),
      difference: shiftOfBlocks(cutIntoBlocks(was, is, cut), mean, confidence),
      tolerance: LEAST.emotion,
      isCost: false,
    });
  });
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

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

function meanOf(all: readonly Observation[]): number | undefined {
  return all.length === 0 ? undefined : mean(all.map(({ value }) => value));
}
