// This module is browser-safe.
import { exp, log } from "../base/math.ts";

/** Sums of pairs (value before, value now). */
interface PairSums {
  n: number;
  x: number;
  y: number;
  xx: number;
  xy: number;
  yy: number;
}

/** What was learned of one series, as plain data. */
export interface RegimeFitState {
  centre: number | null;
  above: PairSums;
  atFloor: PairSums;
  slope: number;
  mean: number;
  deviation: number;
  floorMean: number;
  floorDeviation: number;
}

const AT_FLOOR = 1e-6;
// Less than a page that rounds to two digits shows.
const LEAST_DEVIATION = 0.002;
const LEAST_PAIRS = 100;

/**
 * Regression of order one of a series that rests at a floor now and then: above the floor a line through the value
 * before, from the floor a mean and a spread of their own. One line for both would be learned from a mixture, and half
 * of a series that mostly rests has no spread at all.
 */
export class RegimeFit {
  readonly #state: RegimeFitState;

  constructor(state: RegimeFitState) {
    this.#state = state;
  }

  static fresh(): RegimeFitState {
    const sums = (): PairSums => ({ n: 0, x: 0, y: 0, xx: 0, xy: 0, yy: 0 });
    return {
      centre: null,
      above: sums(),
      atFloor: sums(),
      slope: 0,
      mean: 0,
      deviation: 0,
      floorMean: 0,
      floorDeviation: 0,
    };
  }

  /** Standard deviation of an innovation above the floor. */
  get spread(): number {
    return this.#state.deviation;
  }

  /** Share of the values it was learned from that were at the floor. */
  get floorShare(): number {
    const { atFloor, above } = this.#state;
    return atFloor.n / Math.max(1, atFloor.n + above.n);
  }

  /** How far a value is from the first that was seen: sums of small numbers lose no digits. */
  deviation(value: number): number {
    return value - (this.#state.centre ?? value);
  }

  learn(before: number, now: number, floor: number): void {
    if (!Number.isFinite(before) || !Number.isFinite(now)) return;
    this.#state.centre ??= before;
    const [x, y] = [this.deviation(before), this.deviation(now)];
    const sums = before <= floor + AT_FLOOR ? this.#state.atFloor : this.#state.above;
    sums.n++;
    sums.x += x;
    sums.y += y;
    sums.xx += x * x;
    sums.xy += x * y;
    sums.yy += y * y;
  }

  /** Ends learning. Returns the slope above the floor, its bias taken off. */
  arm(): number {
    const state = this.#state;
    const { n, x, y, xx, xy, yy } = state.above;
    if (n >= LEAST_PAIRS) {
      const sxx = xx - (x * x) / n;
      const sxy = xy - (x * y) / n;
      const raw = sxx > 0 ? sxy / sxx : 0;
      // M. G. Kendall (1954), Biometrika 41: the estimate is too small by (1 + 3 slope) / n
      state.slope = Math.max(0, Math.min(0.999, raw + (1 + 3 * raw) / n));
      const residual = Math.max(0, yy - (y * y) / n - state.slope * (2 * sxy - state.slope * sxx));
      state.deviation = Math.max(LEAST_DEVIATION, Math.sqrt(residual / (n - 2)));
      state.mean = (y - state.slope * x) / n / (1 - state.slope);
    }
    const rest = state.atFloor;
    if (rest.n >= LEAST_PAIRS) {
      state.floorMean = rest.y / rest.n;
      const spread = Math.max(0, rest.yy / rest.n - state.floorMean ** 2);
      state.floorDeviation = Math.max(LEAST_DEVIATION, Math.sqrt(spread));
    }
    return state.slope;
  }

  /**
   * What is new in a value, in standard deviations; `NaN` where nothing was learned.
   *
   * @param ratio Time since the value before, as a multiple of the usual.
   */
  innovation(before: number, now: number, floor: number, ratio: number): number {
    const state = this.#state;
    if (before <= floor + AT_FLOOR) {
      const isUsual = ratio > 0.5 && ratio < 1.5;
      return state.floorDeviation > 0 && isUsual
        ? (this.deviation(now) - state.floorMean) / state.floorDeviation
        : NaN;
    }
    if (state.deviation === 0) return NaN;
    const isUsual = Math.abs(ratio - 1) < 0.1;
    const slope = isUsual || state.slope === 0 ? state.slope : exp(ratio * log(state.slope));
    // of an Ornstein–Uhlenbeck process whose spread at rest is the one learned
    const spread = isUsual
      ? state.deviation
      : state.deviation * Math.sqrt((1 - slope * slope) / (1 - state.slope * state.slope));
    return (this.deviation(now) - state.mean - slope * (this.deviation(before) - state.mean)) / spread;
  }
}
