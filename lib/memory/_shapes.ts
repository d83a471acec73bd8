// This module is browser-safe.

/** A curve over time with one parameter, a share of the window; for a step the position of its first point. */
export type ShapeKind = "saturation" | "logarithm" | "ramp" | "hinge" | "step";

/** Where a shape stands. */
export interface ShapeBasis {
  /** Hours that it depends on: since the first sample, or since the last restart. */
  readonly hours: Float64Array;
  /** Hours that count as 1 for the parameter. */
  readonly span: number;
}

/**
 * Values of a shape.
 *
 * - `saturation`: 1 − e^(−t/τ), a cache that fills, a warm-up;
 * - `logarithm`: log(1 + t/r), ever slower and never at its end;
 * - `ramp`: grows evenly up to its parameter, then stays;
 * - `hinge`: 0 up to its parameter, then grows without end;
 * - `step`: 0, then 1.
 */
export function drawShape(kind: ShapeKind, parameter: number, { hours, span }: ShapeBasis): Float64Array {
  const at = parameter * span;
  switch (kind) {
    case "saturation":
      return hours.map((hour) => 1 - Math.exp(-Math.max(0, hour) / at));
    case "logarithm":
      return hours.map((hour) => Math.log1p(hour / at));
    case "ramp":
      return hours.map((hour) => Math.min(hour, at));
    case "hinge":
      return hours.map((hour) => Math.max(0, hour - at));
    case "step":
      return hours.map((_, index) => (index >= parameter ? 1 : 0));
  }
}

/** Time constants of saturations, as shares of the window: the slowest has reached 98 % at its end. */
export const SATURATIONS: readonly number[] = [
  0.006, 0.012, 0.02, 0.03, 0.045, 0.065, 0.09, 0.125, 0.17, 0.25,
];
/** Scales of logarithmic warm-ups, log(1 + t/r). */
export const LOGARITHMS: readonly number[] = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.07];
export const RAMPS: readonly number[] = Array.from({ length: 13 }, (_, i) => 0.1 + 0.045 * i);
export const HINGES: readonly number[] = Array.from({ length: 13 }, (_, i) => 0.1 + 0.05 * i);

/** What a logarithm of that scale grows in the second half of the window, in units of its coefficient. */
export function lateGrowthOf(scale: number): number {
  return Math.log1p(1 / scale) - Math.log1p(0.5 / scale);
}
