// This module is browser-safe.
import { quantileOfSorted } from "../stats/quantile.ts";
import type { FloorCells } from "./_floor_cells.ts";
import { middle, quantileOf, sorted } from "./_order.ts";
import { findJumps, findRestarts } from "./_restarts.ts";
import { findSawtooth, type Sawtooth } from "./_sawtooth.ts";

/** What a process really holds, as some dozens of points: garbage and bursts left out. */
export interface Floor {
  /** Hours since the first sample. */
  readonly hours: Float64Array;
  /** As a share of {@linkcode Floor.level}. */
  readonly values: Float64Array;
  /** Steps of the grid to the point before; more than 1 where points were left out. */
  readonly gaps: Float64Array;
  /** Positions of the first point of each run but the first. */
  readonly cuts: readonly number[];
  /** When those runs began, in hours. */
  readonly cutHours: readonly number[];
  /** Bytes that count as 1. */
  readonly level: number;
  /** Hours from the first sample to the last. */
  readonly span: number;
  readonly sawtooth: Sawtooth | undefined;
  /** Points left out as bursts. */
  readonly masked: number;
  /** What the values have to be multiplied by to be the floor: teeth too fast to be seen grow with the heap. */
  readonly depth: number;
}

/** Points at most; so many parts the window has. */
const PARTS = 64;
const MOST_PARTS = 160;
const PARTS_A_RUN = 4;
const SAMPLES_A_PART = 8;
/** Restarts that nobody told of and that are believed; more of them are something else. */
const MOST_GUESSED = 6;

interface Points {
  readonly hours: number[];
  readonly values: number[];
  /** Where the floor is below each value, as a share of it. */
  readonly depths: number[];
}

/**
 * @param knownRestarts When the process was started anew, epoch ms; undefined where nobody told: then sudden falls
 * that last are taken for restarts.
 */
export function findFloor(cells: FloorCells, knownRestarts: readonly number[] | undefined): Floor {
  const { lows } = cells;
  const span = (cells.lastMs - cells.startMs) / 3_600_000;
  const sawtooth = findSawtooth(knownRestarts ? withoutRestarts(cells, knownRestarts) : lows);
  const hoursAt = (cell: number): number => (cells.indexOf(cell) * cells.widthMs) / 3_600_000 - 1e-9;
  const restarts =
    knownRestarts?.map((at) => (at - cells.startMs) / 3_600_000 - 1e-9).filter((at) => at > 0) ??
    findRestarts(lows, sawtooth).map(hoursAt);
  const edges = [...restarts, ...findJumps(lows, sawtooth).map(hoursAt)].sort((a, b) => a - b);
  const parts = partsOf(cells, knownRestarts ? restarts.length + 1 : 1);
  const points =
    sawtooth && sawtooth.count < PARTS * 8
      ? pointsOfValleys(cells, sawtooth.valleys, { edges, parts, span })
      : pointsOfParts(cells, { edges, parts, span }, knownRestarts ?? []);
  trimShortRuns(points, restarts);
  const hours = Float64Array.from(points.hours);
  const level = quantileOf(points.values, 0.3) || Math.max(1, ...points.values);
  const values = Float64Array.from(points.values, (value) => value / level);
  const runs = cutsOf(hours, restarts);
  const kept = keepFloor(values, knownRestarts || runs.length <= MOST_GUESSED ? runs : []);
  const cuts = cutsOf(pick(hours, kept), restarts);
  return {
    hours: pick(hours, kept),
    values: pick(values, kept),
    gaps: Float64Array.from(kept, (index, i) => (i === 0 ? 1 : index - kept[i - 1]!)),
    cuts,
    cutHours: cuts.map((cut) => restarts.findLast((at) => at <= hours[kept[cut]!]!) ?? hours[kept[cut]!]!),
    level,
    span,
    sawtooth,
    masked: hours.length - kept.length,
    depth: points.depths.length > 0 ? middle(points.depths) : 1,
  };
}

/** The lows with each run set upon the one before: what falls then is garbage, and no restart. */
export function withoutRestarts(cells: FloorCells, restarts: readonly number[]): Float64Array {
  const joined = Float64Array.from(cells.lows);
  const edges = restarts
    .filter((at) => at > cells.startMs)
    .map((at) => Math.floor((at - cells.startMs) / cells.widthMs));
  let [next, offset] = [0, 0];
  for (let cell = 0; cell < joined.length; cell++) {
    const own = joined[cell]!;
    if (next < edges.length && cells.indexOf(cell) >= edges[next]!) {
      if (cell > 0) offset = joined[cell - 1]! - own;
      while (next < edges.length && cells.indexOf(cell) >= edges[next]!) next++;
    }
    joined[cell] = own + offset;
  }
  return joined;
}

/** Parts of the window; of few samples each is a part. */
function partsOf(cells: FloorCells, runs: number): number {
  const { samples, size } = cells;
  // two parts a run look like a day's course where a process is restarted each night
  const most = Math.max(PARTS, Math.min(MOST_PARTS, PARTS_A_RUN * runs));
  if (samples >= SAMPLES_A_PART * 24) return Math.min(most, Math.floor(samples / SAMPLES_A_PART));
  return size >= 48 ? Math.min(24, Math.floor(size / 2)) : cells.indexOf(size - 1) + 1;
}

interface Grid {
  /** Hours at which a part ends early: nothing is averaged over a restart or a jump. */
  readonly edges: readonly number[];
  readonly parts: number;
  readonly span: number;
}

// The mean of the lows: where no teeth stand out, it has less noise than any low quantile.
function pointsOfParts(cells: FloorCells, { edges, parts }: Grid, restarts: readonly number[]): Points {
  const points: Points = { hours: [], values: [], depths: [] };
  const last = cells.indexOf(cells.size - 1) + 1;
  const mixed = new Set(restarts.map((at) => Math.floor((at - cells.startMs) / cells.widthMs)));
  let [sum, time, weight, count, edge, part] = [0, 0, 0, 0, 0, 1];
  let group: number[] = [];
  const end = (): void => {
    if (count > 0) {
      points.hours.push(time / weight);
      points.values.push(sum / count);
      const low = group.length >= 6 ? quantileOf(group, 0.1) : 0;
      if (low > 0) points.depths.push(low / (sum / count)); // external memory may be nothing at all for hours
    }
    [sum, time, weight, count] = [0, 0, 0, 0];
    group = [];
  };
  for (let cell = 0; cell < cells.size; cell++) {
    const index = cells.indexOf(cell);
    const hours = (index * cells.widthMs) / 3_600_000;
    if (index >= (last * part) / parts) {
      end();
      while (index >= (last * part) / parts) part++;
    }
    if (edge < edges.length && hours >= edges[edge]!) {
      end();
      while (edge < edges.length && hours >= edges[edge]!) edge++;
    }
    if (mixed.has(index) && cells.countOf(cell) > 1) continue; // of two runs at once
    sum += cells.lows[cell]!;
    group.push(cells.lows[cell]!);
    count++;
    time += cells.hoursOf(cell) * cells.countOf(cell);
    weight += cells.countOf(cell);
  }
  end();
  return points;
}

function pointsOfValleys(
  cells: FloorCells,
  valleys: readonly number[],
  { edges, parts, span }: Grid,
): Points {
  const points: Points = { hours: [], values: [], depths: [] };
  const isFew = valleys.length <= parts * 1.5;
  let [from, edge] = [0, 0];
  const end = (to: number): void => {
    if (to <= from) return;
    const group = valleys.slice(from, to);
    points.hours.push(group.reduce((total, cell) => total + cells.lowHoursOf(cell), 0) / group.length);
    points.values.push(quantileOfSorted(sorted(group.map((cell) => cells.lows[cell]!)), 0.35));
    from = to;
  };
  let part = 1;
  for (const [i, cell] of valleys.entries()) {
    const hours = cells.lowHoursOf(cell);
    if (isFew) {
      end(i);
      continue;
    }
    if (hours > (span * part) / parts) {
      end(i);
      while (hours > (span * part) / parts) part++;
    }
    if (edge < edges.length && hours >= edges[edge]!) {
      end(i);
      while (edge < edges.length && hours >= edges[edge]!) edge++;
    }
  }
  end(valleys.length);
  return points;
}

/** Leaves out what little there is before an early restart, or after a late one: too little for a run. */
function trimShortRuns({ hours, values }: Points, restarts: readonly number[]): void {
  const late = hours.findIndex((hour) => hour >= (restarts.at(-1) ?? Infinity));
  if (late > 0 && late >= hours.length - 1) {
    hours.length = late;
    values.length = late;
  }
  const early = hours.findIndex((hour) => hour >= (restarts[0] ?? -Infinity));
  if (restarts.length > 0 && early === 1) {
    hours.shift();
    values.shift();
  }
}

function cutsOf(hours: Float64Array, restarts: readonly number[]): readonly number[] {
  const cuts: number[] = [];
  for (const at of restarts) {
    const index = hours.findIndex((hour) => hour >= at);
    if (index > 1 && index < hours.length - 1 && index > (cuts.at(-1) ?? -1) + 1) cuts.push(index);
  }
  return cuts;
}

const pick = (values: Float64Array, kept: readonly number[]): Float64Array =>
  Float64Array.from(kept, (index) => values[index]!);

/** Positions that are no burst: what stands above the floor around it for a short while. */
function keepFloor(values: Float64Array, cuts: readonly number[]): readonly number[] {
  const all = [...values.keys()];
  const count = values.length;
  if (count <= 12) return all;
  const reach = Math.max(1, Math.round(count * 0.05));
  const bounds = [0, ...cuts, count];
  const above = new Float64Array(count);
  for (let run = 0; run + 1 < bounds.length; run++) {
    const [from, to] = [bounds[run]!, bounds[run + 1]!];
    const part = values.subarray(from, to);
    const open = opening(part, Math.min(reach, Math.floor(part.length / 4)));
    for (let i = 0; i < part.length; i++) above[from + i] = part[i]! - open[i]!;
  }
  const rest = quantileOf(above, 0.6) + 1e-6;
  const isBurst = above.map((height) => (height > Math.max(6 * rest, 0.01) ? 1 : 0));
  // what lasts to the end of a run may be a step as well, or growth
  for (const end of bounds.slice(1)) for (let i = end - 1; i >= 0 && isBurst[i] === 1; i--) isBurst[i] = 0;
  const bursts = isBurst.reduce((total, value) => total + value, 0);
  if (bursts === 0 || bursts >= 0.45 * count) return all;
  const raised = Math.max(2.5 * rest, 0.004);
  return all.filter((i) => {
    if (isBurst[i] === 1) return false;
    const beside = isBurst[i - 1] === 1 || isBurst[i + 1] === 1;
    return !(beside && above[i]! > raised);
  });
}

/** Morphological opening: what is narrower than the window is cut off. */
function opening(values: Float64Array, reach: number): Float64Array {
  const slide = (source: Float64Array, choose: (a: number, b: number) => number): Float64Array =>
    source.map((value, i) => {
      let chosen = value;
      const to = Math.min(source.length - 1, i + reach);
      for (let j = Math.max(0, i - reach); j <= to; j++) chosen = choose(chosen, source[j]!);
      return chosen;
    });
  return slide(slide(values, Math.min), Math.max);
}
