// This module is browser-safe.
import { median } from "../stats/median.ts";
import { rangeOf } from "./_order.ts";
import { findCycles } from "./_sawtooth.ts";

/** Falls of a series that are no restarts: a queue that was emptied, a log that was turned over. */
export interface OwnFalls {
  readonly count: number;
  /** Middle of their heights, bytes. */
  readonly bytes: number;
}

const STEEP = 0.6;
const FLOOR_RISE = 0.25;
/** How much higher than ever before it must have risen since the last fall to be something else. */
const HIGHER = 1.5;
const LEAST_SHARE = 0.18;

/**
 * What a program lets go of by itself, where that explains the growth since: it fell back to where it had been, steeply, and has
 * not risen since by much more than it had before. Undefined where it does not.
 *
 * @param lows Without the falls of restarts.
 */
export function explainingFalls(lows: Float64Array): OwnFalls | undefined {
  const range = rangeOf(lows);
  for (let share = 0.7; share > LEAST_SHARE; share *= Math.SQRT1_2) {
    const { count, sharpFalls, valleys } = findCycles(lows, share * range);
    if (count === 0) continue;
    if (sharpFalls <= STEEP) return undefined;
    const bottoms = valleys.map((at) => lows[at]!);
    const heights = valleys.map((at, i) => highest(lows, valleys[i - 1] ?? 0, at) - lows[at]!);
    const last = valleys.at(-1)!;
    const bytes = median(heights);
    const from = count > 1 ? bottoms[0]! : lows[0]!;
    const hasRisen = bottoms.at(-1)! - from > FLOOR_RISE * bytes;
    const since = highest(lows, last, lows.length - 1) - lows[last]!;
    return hasRisen || since > HIGHER * Math.max(...heights) ? undefined : { count, bytes };
  }
  return undefined;
}

function highest(lows: Float64Array, from: number, to: number): number {
  let most = -Infinity;
  for (let at = from; at <= to; at++) most = Math.max(most, lows[at]!);
  return most;
}
