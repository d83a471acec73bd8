// This module is browser-safe.
import type { Floor } from "./_floor.ts";
import { middle } from "./_order.ts";
import { senSlope } from "./_trend_shape.ts";

/** A floor that grew and does so no more. */
export interface Standstill {
  readonly hours: number;
  /** Slope since, as a share of the level per hour, and what it may be off. */
  readonly slope: number;
  readonly deviation: number;
}

const LEAST_SPAN_HOURS = 72;
const LEAST_HOURS = 24;
const LEAST_SHARE = 1 / 8;
const LEAST_POINTS = 7;
const STOPPED = 0.15;
const CLEAR = 4;

/**
 * The end of a window in which a floor stood that had grown before: a leak that was mended, or work that has ceased.
 *
 * @param pace Growth per hour before, as a share of the level.
 */
export function findStandstill({ hours, values, span, cuts }: Floor, pace: number): Standstill | undefined {
  if (span < LEAST_SPAN_HOURS || cuts.length > 0) return undefined;
  const length = Math.max(LEAST_HOURS, LEAST_SHARE * span);
  const from = hours.findIndex((hour) => hour >= hours.at(-1)! - length);
  const [x, y] = [hours.subarray(from), values.subarray(from)];
  if (x.length < LEAST_POINTS) return undefined;
  const slope = senSlope(x, y);
  const center = middle(y);
  const noise = 1.4826 * middle(y.map((value) => Math.abs(value - center)));
  const expected = pace * (x.at(-1)! - x[0]!);
  if (Math.abs(slope) > STOPPED * pace || expected < CLEAR * noise) return undefined;
  const deviation = noise / ((x.at(-1)! - x[0]!) * Math.sqrt(x.length / 12));
  return { hours: x.at(-1)! - x[0]!, slope, deviation };
}
