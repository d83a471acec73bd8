// This module is browser-safe.
import { rangeOf, spreadAroundZero } from "./_order.ts";
import type { Sawtooth } from "./_sawtooth.ts";

const CLEAR = 5;
const SHARE = 0.2;
const BURST_REACH = 0.12;

/**
 * Positions where the level falls suddenly and stays down, as after a restart that nobody told of: the first cell of
 * each new run. The end of a burst, which began as suddenly not long before, is none.
 */
export function findRestarts(lows: Float64Array, sawtooth: Sawtooth | undefined): number[] {
  const rises = shiftOf(lows, widthOf(lows, sawtooth), 1);
  const found = findSteps(lows, sawtooth, -1).filter((step) => !endsBurst(lows, rises, step));
  const cells = found.map(({ at }) => at);
  for (const at of fallsOfValleys(lows, sawtooth)) {
    if (cells.every((known) => Math.abs(known - at) >= lows.length * 0.03)) cells.push(at);
  }
  return cells.sort((a, b) => a - b);
}

/** Positions where the level rises suddenly and stays up for a while. */
export function findJumps(lows: Float64Array, sawtooth: Sawtooth | undefined): number[] {
  return findSteps(lows, sawtooth, 1).map(({ at }) => at);
}

interface Step {
  readonly at: number;
  readonly size: number;
}

// The difference of the means before and after, where it is largest; it must happen within two steps.
function findSteps(lows: Float64Array, sawtooth: Sawtooth | undefined, sign: 1 | -1): readonly Step[] {
  const count = lows.length;
  const width = widthOf(lows, sawtooth);
  if (width < 3 || count < 6 * width) return [];
  const shift = shiftOf(lows, width, sign);
  const least = Math.max(
    CLEAR * spreadAroundZero(shift.subarray(width, count - width + 1)),
    SHARE * rangeOf(lows, 0.02),
    Number.MIN_VALUE,
  );
  const steps: Step[] = [];
  for (let at = width; at <= count - width; at++) {
    if (shift[at]! < least || !isPeak(shift, at, width)) continue;
    const edge = edgeNear(lows, at, sign);
    if (edge.size >= 0.5 * shift[at]!) steps.push({ at: edge.at, size: shift[at]! });
  }
  return steps;
}

/** Cells on each side that the means are taken over: more than a tooth, where there are teeth. */
function widthOf({ length }: Float64Array, sawtooth: Sawtooth | undefined): number {
  const period = sawtooth ? length / sawtooth.count : 0;
  return Math.min(Math.floor(length / 10), Math.max(4, Math.round(length * 0.015), Math.ceil(period * 1.5)));
}

function shiftOf(lows: Float64Array, width: number, sign: 1 | -1): Float64Array {
  const sums = new Float64Array(lows.length + 1);
  for (let i = 0; i < lows.length; i++) sums[i + 1] = sums[i]! + lows[i]!;
  const shift = new Float64Array(lows.length + 1);
  for (let at = width; at <= lows.length - width; at++) {
    shift[at] = (sign * (sums[at + width]! - 2 * sums[at]! + sums[at - width]!)) / width;
  }
  return shift;
}

function isPeak(shift: Float64Array, at: number, width: number): boolean {
  const value = shift[at]!;
  for (let other = at - width; other <= at + width; other++) {
    const beside = shift[other] ?? 0;
    if (beside > value || (beside === value && other < at)) return false;
  }
  return true;
}

function edgeNear(lows: Float64Array, at: number, sign: 1 | -1): Step {
  let edge: Step = { at, size: 0 };
  for (let i = Math.max(1, at - 2); i <= Math.min(lows.length - 1, at + 2); i++) {
    const one = sign * (lows[i]! - lows[i - 1]!);
    if (one > edge.size) edge = { at: i, size: one };
    const two = i > 1 ? sign * (lows[i]! - lows[i - 2]!) : 0;
    if (two > edge.size * 1.3) edge = { at: i, size: two };
  }
  return edge;
}

function endsBurst(lows: Float64Array, rises: Float64Array, { at, size }: Step): boolean {
  for (let i = Math.max(1, at - Math.round(lows.length * BURST_REACH)); i < at - 1; i++) {
    const edge = Math.max(lows[i]! - lows[i - 1]!, i > 1 ? lows[i]! - lows[i - 2]! : 0);
    if (rises[i]! > 0.45 * size && edge > 0.4 * size) return true;
  }
  return false;
}

// Where the teeth are long, a restart is a valley that is far below the one before.
function fallsOfValleys(lows: Float64Array, sawtooth: Sawtooth | undefined): readonly number[] {
  if (!sawtooth || sawtooth.count < 8) return [];
  const floor = Float64Array.from(sawtooth.valleys, (at) => lows[at]!);
  const changes = floor.subarray(1).map((value, i) => value - floor[i]!);
  const least = Math.max(4 * spreadAroundZero(changes), 0.45 * rangeOf(floor, 0.03));
  const reach = Math.ceil(floor.length * BURST_REACH);
  const found: number[] = [];
  for (let i = 0; i < changes.length; i++) {
    if (-changes[i]! < least) continue;
    const before = changes.subarray(Math.max(0, i - reach), i);
    if (before.every((change) => change <= -0.4 * changes[i]!)) found.push(sawtooth.valleys[i + 1]!);
  }
  return found.length <= 5 ? found : [];
}
