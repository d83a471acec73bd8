// This module is browser-safe.
import { middle, rangeOf } from "./_order.ts";

/** Rises and falls of a series by at least a threshold. */
export interface Cycles {
  readonly count: number;
  /** Share of the falls of which more than 60 % happens within two steps. */
  readonly sharpFalls: number;
  /** The same of the rises. */
  readonly sharpRises: number;
  /** Lower quartile of the falls as a share of the upper one: 1 for equal ones. */
  readonly evenness: number;
  /** Positions of the valleys. */
  readonly valleys: readonly number[];
  readonly threshold: number;
}

/** A garbage collector's sawtooth, or undefined where none stands out. */
export type Sawtooth = Cycles;

const SHARP = 0.6;
const MIN_CYCLES = 7;
const HALF_OCTAVE = Math.SQRT1_2;

/** The cycles of a series, in one pass. */
export function findCycles(values: Float64Array, threshold: number): Cycles {
  const valleys: number[] = [];
  const falls: number[] = [];
  let [high, highAt, low, lowAt] = [values[0] ?? 0, 0, Infinity, -1];
  let [sharpFalls, sharpRises, rises] = [0, 0, 0];
  let isFalling = false;
  for (let at = 1; at < values.length; at++) {
    const value = values[at]!;
    if (!isFalling) {
      if (value > high) [high, highAt] = [value, at];
      if (high - value < threshold) continue;
      if (lowAt >= 0) {
        rises++;
        if (steepest(values, lowAt, highAt, 1) > SHARP * (high - values[lowAt]!)) sharpRises++;
      }
      isFalling = true;
      [low, lowAt] = [value, at];
      continue;
    }
    if (value < low) [low, lowAt] = [value, at];
    if (value - low < threshold) continue;
    falls.push(high - low);
    if (steepest(values, highAt, lowAt, -1) > SHARP * (high - low)) sharpFalls++;
    valleys.push(lowAt);
    isFalling = false;
    [high, highAt] = [value, at];
  }
  falls.sort((a, b) => a - b);
  const count = falls.length;
  const quartile = (share: number): number => falls[Math.min(count - 1, Math.floor(count * share))] ?? 0;
  return {
    count,
    sharpFalls: count > 0 ? sharpFalls / count : 0,
    sharpRises: rises > 0 ? sharpRises / rises : 0,
    evenness: count > 0 ? quartile(0.25) / quartile(0.75) : 0,
    valleys,
    threshold,
  };
}

/** The largest change in that direction within two steps of a stretch. */
function steepest(values: Float64Array, from: number, to: number, sign: 1 | -1): number {
  let most = 0;
  for (let at = from + 1; at <= to; at++) {
    most = Math.max(most, sign * (values[at]! - values[at - 1]!));
    if (at > from + 1) most = Math.max(most, sign * (values[at]! - values[at - 2]!));
  }
  return most;
}

/**
 * The sawtooth of a series. Noise has more cycles the smaller the threshold; a sawtooth as many over a wide stretch of
 * thresholds, and one side of its teeth is steep.
 */
export function findSawtooth(lows: Float64Array): Sawtooth | undefined {
  const range = rangeOf(lows);
  const ladder: Cycles[] = [];
  for (let share = 0.7; share > 0.01 && ladder.length < 14; share *= HALF_OCTAVE) {
    ladder.push(findCycles(lows, share * range));
    if (ladder.at(-1)!.count > lows.length / 5) break;
  }
  for (let rung = 0; rung + 2 < ladder.length; rung++) {
    const [cycles, finer, finest] = [ladder[rung]!, ladder[rung + 1]!, ladder[rung + 2]!];
    if (!isSawtooth(cycles, finer, finest)) continue;
    const isFinerToo = finer.count > cycles.count && (finer.sharpFalls > 0.7 || cycles.sharpFalls <= 0.7);
    return isFinerToo ? finer : cycles;
  }
  return undefined;
}

function isSawtooth(cycles: Cycles, finer: Cycles, finest: Cycles): boolean {
  const { count, sharpFalls, sharpRises, evenness } = cycles;
  if (count < MIN_CYCLES || evenness <= 0.3) return false;
  const isSteady = count >= 0.7 * finest.count;
  const isClear = count >= 10 && evenness > 0.7 && count >= 0.85 * finer.count;
  if (!isSteady && !isClear) return false;
  if (sharpFalls > 0.7 && sharpRises < 0.3) return true;
  return count >= 10 && (sharpFalls > 0.7 || sharpRises > 0.7);
}

/**
 * Height of a few steep falls, too few to know the floor between them; 0 where there are none. A heap that was
 * collected once or twice looks so.
 */
export function fewFalls(lows: Float64Array): number {
  const range = rangeOf(lows);
  for (let share = 0.7; share > 0.1; share *= HALF_OCTAVE) {
    const { count, sharpFalls, sharpRises, threshold } = findCycles(lows, share * range);
    if (count < 1 || count >= MIN_CYCLES || sharpFalls <= SHARP || sharpRises >= 0.5) continue;
    // noise has more of them the smaller they may be
    if (findCycles(lows, 0.5 * threshold).count < MIN_CYCLES) return threshold;
  }
  return 0;
}

// Three semi-spaces of 16 MiB: the most that a scavenge frees by default.
const YOUNG_GENERATION_BYTES = 48e6;

/**
 * Whether the large ones of a raw series' falls are all of one size, and small, as those of V8's young generation: they
 * say nothing of the old one. So do few.
 */
export function areScavenges(falls: readonly number[]): boolean {
  const ordered = falls.toSorted((a, b) => b - a);
  const large = ordered.filter((fall) => fall > 0.5 * ordered[Math.min(3, ordered.length - 1)]!);
  if (large.length < 6) return true;
  const center = middle(large);
  const spread = middle(large.map((fall) => Math.abs(fall - center)));
  return spread < 0.06 * center && center < YOUNG_GENERATION_BYTES;
}
