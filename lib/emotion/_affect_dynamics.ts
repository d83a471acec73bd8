// This module is browser-safe.

/** How one emotion moves, in the measures of research on affect. */
export interface EmotionDynamics {
  readonly emotion: string;
  /** Looks that counted. */
  readonly samples: number;
  /** Mean: where it is at home. `undefined` without a look. */
  readonly homeBase: number | undefined;
  /** Standard deviation. */
  readonly variability: number | undefined;
  /** Correlation of a look with the one before: how much it resists change. `undefined` where it never moved. */
  readonly inertia: number | undefined;
  /** Mean of the squared differences between looks, and its root. */
  readonly mssd: number | undefined;
  readonly rmssd: number | undefined;
}

/** Running sums, as plain data. */
export interface DynamicsState {
  centre: number;
  n: number;
  sum: number;
  squares: number;
  pairs: number;
  x: number;
  y: number;
  xx: number;
  yy: number;
  xy: number;
  last: number | null;
}

export function freshDynamics(): DynamicsState {
  return { centre: 0, n: 0, sum: 0, squares: 0, pairs: 0, x: 0, y: 0, xx: 0, yy: 0, xy: 0, last: null };
}

/** @param isRegular Whether the look came about as long after the one before as usual: only such are compared. */
export function noteDynamics(state: DynamicsState, value: number, isRegular: boolean): void {
  if (!Number.isFinite(value)) {
    state.last = null;
    return;
  }
  if (state.n === 0) state.centre = value;
  const y = value - state.centre;
  state.n++;
  state.sum += y;
  state.squares += y * y;
  if (state.last !== null && isRegular) {
    const x = state.last;
    state.pairs++;
    state.x += x;
    state.y += y;
    state.xx += x * x;
    state.yy += y * y;
    state.xy += x * y;
  }
  state.last = y;
}

/**
 * @see P. Kuppens, Z. Oravecz, F. Tuerlinckx (2011), J. Personality and Social Psychology 99(6), 1042–1060,
 * doi:10.1037/a0020962; S. Jahng, P. K. Wood, T. J. Trull (2008), Psychological Methods 13(4), 354–375
 */
export function toDynamics(emotion: string, state: DynamicsState): EmotionDynamics {
  const { n, sum, squares, pairs, x, y, xx, yy, xy, centre } = state;
  const variance = n > 1 ? Math.max(0, (squares - (sum * sum) / n) / (n - 1)) : undefined;
  const spreadX = xx - (x * x) / pairs;
  const spreadY = yy - (y * y) / pairs;
  const isMoving = pairs > 1 && spreadX > 1e-12 && spreadY > 1e-12;
  const mssd = pairs > 0 ? Math.max(0, (xx - 2 * xy + yy) / pairs) : undefined;
  return {
    emotion,
    samples: n,
    homeBase: n > 0 ? centre + sum / n : undefined,
    variability: variance === undefined ? undefined : Math.sqrt(variance),
    inertia: isMoving ? (xy - (x * y) / pairs) / Math.sqrt(spreadX * spreadY) : undefined,
    mssd,
    rmssd: mssd === undefined ? undefined : Math.sqrt(mssd),
  };
}
