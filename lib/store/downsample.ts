// This module is browser-safe.

/** A point of a chart: `null` where there is a gap. Times are epoch ms. */
export type ChartPoint = readonly [time: number, value: number | null];

/**
 * At most `count` points that draw the same line: of each of `count / 2` equal stretches of time the lowest and the
 * highest, in their order, so that no spike is lost. A gap stays, as one point with `null`, where it is wider than
 * a stretch. Returns the points as they are when there are no more than `count`. Time O(n).
 *
 * @example A spike survives
 * ```ts
 * import assert from "node:assert/strict";
 * import { downsample } from "demi-health/store";
 *
 * const points = Array.from({ length: 1000 }, (_, i) => [i, i === 500 ? 99 : 1] as const);
 * const drawn = downsample(points, 10);
 * assert.ok(drawn.length <= 10);
 * assert.ok(drawn.some(([time, value]) => time === 500 && value === 99));
 * ```
 *
 * @param points Ordered by time; not modified.
 * @param count At least 2.
 * @throws {RangeError} If `count` is not an integer of at least 2.
 */
export function downsample(points: readonly ChartPoint[], count: number): readonly ChartPoint[] {
  if (!(Number.isSafeInteger(count) && count >= 2)) {
    throw new RangeError(`Cannot downsample: 'count' must be an integer >= 2, got ${count}`);
  }
  if (points.length <= count) return points;
  const start = points[0]![0];
  const stretches = Math.floor(count / 2);
  const width = (points.at(-1)![0] - start) / stretches || 1;
  const stretchOf = (time: number): number => Math.min(stretches - 1, Math.floor((time - start) / width));

  const result: ChartPoint[] = [];
  let current: Extremes | undefined;
  let gapAt: number | undefined;
  for (const [time, value] of points) {
    if (value === null) {
      gapAt ??= time;
      continue;
    }
    const stretch = stretchOf(time);
    if (current?.stretch === stretch) {
      extend(current, time, value);
    } else {
      if (current) append(result, current);
      // the empty stretch in between is what pays for the point
      if (gapAt !== undefined && current && stretch > current.stretch + 1) result.push([gapAt, null]);
      current = { stretch, minAt: time, min: value, maxAt: time, max: value };
    }
    gapAt = undefined;
  }
  if (current) append(result, current);
  return result;
}

interface Extremes {
  readonly stretch: number;
  minAt: number;
  min: number;
  maxAt: number;
  max: number;
}

function extend(extremes: Extremes, time: number, value: number): void {
  if (value < extremes.min) {
    extremes.min = value;
    extremes.minAt = time;
  }
  // the last of equal ones, so that a flat line keeps both of its ends
  if (value >= extremes.max) {
    extremes.max = value;
    extremes.maxAt = time;
  }
}

function append(result: ChartPoint[], { minAt, min, maxAt, max }: Extremes): void {
  if (minAt < maxAt) result.push([minAt, min], [maxAt, max]);
  else if (minAt > maxAt) result.push([maxAt, max], [minAt, min]);
  else result.push([minAt, min]);
}
