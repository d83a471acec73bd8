import { median } from "../stats/median.ts";
import type { ChartPoint } from "./downsample.ts";
import type { GatheredRows } from "./_gathered_rows.ts";

// So much longer than usual between two rows is a gap.
const GAP_FACTOR = 3;
const STEPS_LOOKED_AT = 101;

let gaps = new Uint8Array(1024);

/**
 * At most `most` points that draw the rows: each sample is one, each rollup its lowest and its highest, a gap a `null`. Of more
 * the same are left out as by `downsample`; in columns, and in plain loops, it is several times as fast.
 */
export function toChartPoints(rows: GatheredRows, most: number): readonly ChartPoint[] {
  if (rows.count === 0) return [];
  return markGaps(rows) <= most ? allPoints(rows) : extremes(rows, Math.floor(most / 2));
}

/** Notes before which rows there is a gap. @returns How many points all would be. */
function markGaps({ times, min, max, steps, count }: GatheredRows): number {
  if (gaps.length < count) gaps = new Uint8Array(2 * count);
  const usual = usualStep({ times, steps, count });
  let total = 0;
  let end = Infinity;
  let before = 0;
  for (let i = 0; i < count; i++) {
    const time = times[i]!;
    const step = steps[i]!;
    const own = step === 0 ? usual : step;
    const isGap = time - end > GAP_FACTOR * (own > before ? own : before);
    gaps[i] = isGap ? 1 : 0;
    total += (isGap ? 1 : 0) + (min[i] === max[i] ? 1 : 2);
    end = time + step;
    before = own;
  }
  return total;
}

/** The median of steps between samples, of some of them where there are many. */
function usualStep({ times, steps, count }: Pick<GatheredRows, "times" | "steps" | "count">): number {
  let first = 0;
  while (first < count && steps[first] !== 0) first++;
  const every = Math.max(1, Math.floor((count - first) / STEPS_LOOKED_AT));
  const found: number[] = [];
  for (let i = first + 1; i < count; i += every) found.push(times[i]! - times[i - 1]!);
  return found.length === 0 ? 0 : median(found);
}

function allPoints({ times, min, max, steps, count }: GatheredRows): readonly ChartPoint[] {
  const points: ChartPoint[] = [];
  for (let i = 0; i < count; i++) {
    const [time, step] = [times[i]!, steps[i]!];
    if (gaps[i] === 1) points.push([(times[i - 1]! + steps[i - 1]! + time) / 2, null]);
    // which of a rollup's two comes first is not known; a chart's column is the same either way
    if (min[i] === max[i]) points.push([time + step / 2, min[i]!]);
    else points.push([time + step / 4, min[i]!], [time + (3 * step) / 4, max[i]!]);
  }
  return points;
}

/** Of each of so many equal stretches of time the lowest and the highest. */
function extremes({ times, min, max, steps, count }: GatheredRows, stretches: number): readonly ChartPoint[] {
  const points: ChartPoint[] = [];
  const start = times[0]! + steps[0]! / 4;
  const width = (times[count - 1]! + steps[count - 1]! - start) / stretches || 1;
  let stretch = -1;
  let end = start;
  let lowAt = 0;
  let low = 0;
  let highAt = 0;
  let high = 0;
  let gapAt = 0;
  let hasGap = false;
  for (let i = 0; i < count; i++) {
    const time = times[i]!;
    const step = steps[i]!;
    const lowest = min[i]!;
    const highest = max[i]!;
    // the empty stretch in between is what pays for a gap's point
    if (gaps[i] === 1) {
      gapAt = (times[i - 1]! + steps[i - 1]! + time) / 2;
      hasGap = true;
    }
    if (time + step * 0.25 < end) {
      if (lowest < low) {
        low = lowest;
        lowAt = time + step * 0.25;
      }
      // the last of equal ones, so that a flat line keeps both of its ends
      if (highest >= high) {
        high = highest;
        highAt = time + step * 0.75;
      }
    } else {
      const next = Math.min(stretches - 1, Math.floor((time + step * 0.25 - start) / width));
      if (stretch >= 0) {
        pushExtremes(points, lowAt, low, highAt, high);
        if (hasGap && next > stretch + 1) points.push([gapAt, null]);
      }
      stretch = next;
      end = stretch === stretches - 1 ? Infinity : start + (stretch + 1) * width;
      lowAt = time + step * 0.25;
      low = lowest;
      highAt = time + step * 0.75;
      high = highest;
    }
    hasGap = false;
  }
  pushExtremes(points, lowAt, low, highAt, high);
  return points;
}

function pushExtremes(points: ChartPoint[], lowAt: number, low: number, highAt: number, high: number): void {
  if (low === high && lowAt === highAt) points.push([lowAt, low]);
  else if (lowAt <= highAt) points.push([lowAt, low], [highAt, high]);
  else points.push([highAt, high], [lowAt, low]);
}
