// This module is browser-safe.
import type { Floor } from "./_floor.ts";
import { middle } from "./_order.ts";

/** How a trend runs, by robust slopes alone: a second opinion on what the models say. */
export interface TrendShape {
  /** Slope of the last half as a share of the whole: near 0 on a plateau. */
  readonly late: number;
  /** Slope that is left without the two largest jumps, as a share of the whole. */
  readonly withoutSteps: number;
}

const SKIPPED = 0.15;

/** The first 15 % are left out: that is where processes warm up. */
export function describeTrend({ hours, values }: Floor): TrendShape {
  const begin = hours[0]! + SKIPPED * (hours.at(-1)! - hours[0]!);
  const from = Math.max(
    0,
    hours.findIndex((hour) => hour >= begin),
  );
  const [x, y] = [hours.subarray(from), values.subarray(from)];
  if (x.length < 6) return { late: 0, withoutSteps: 0 };
  const whole = senSlope(x, y);
  if (whole <= 0) return { late: 0, withoutSteps: 0 };
  const half = x.length >> 1;
  const level = withoutJumps(y, 0.25 * whole * (x.at(-1)! - x[0]!));
  return {
    late: senSlope(x.subarray(half), y.subarray(half)) / whole,
    withoutSteps: senSlope(x, level) / whole,
  };
}

/** Middle of the slopes of all pairs. @see P. K. Sen (1968), doi:10.1080/01621459.1968.10480934 */
export function senSlope(x: Float64Array, y: Float64Array): number {
  const slopes = new Float64Array((x.length * (x.length - 1)) / 2);
  let next = 0;
  for (let i = 0; i < x.length; i++) {
    for (let j = i + 1; j < x.length; j++) slopes[next++] = (y[j]! - y[i]!) / (x[j]! - x[i]!);
  }
  return middle(slopes);
}

function withoutJumps(values: Float64Array, least: number): Float64Array {
  const level = Float64Array.from(values);
  for (let round = 0; round < 2; round++) {
    const jumps: number[] = [];
    let [largest, at] = [0, -1];
    for (let i = 3; i <= level.length - 3; i++) {
      const jump = middle(level.subarray(i, i + 3)) - middle(level.subarray(i - 3, i));
      jumps.push(jump);
      if (jump > largest) [largest, at] = [jump, i];
    }
    const usual = middle(jumps);
    const spread = 1.4826 * middle(jumps.map((jump) => Math.abs(jump - usual)));
    if (at < 0 || largest - usual < Math.max(6 * spread, least)) break;
    for (let i = at; i < level.length; i++) level[i]! -= largest - usual;
  }
  return level;
}
