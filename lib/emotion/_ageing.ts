// This module is browser-safe.
import type { ResolvedProfile } from "./_resolved_profile.ts";

/** Between which values each emotion is, by place. */
export interface Hull {
  readonly low: number[];
  readonly high: number[];
}

/** What is known of one tick's idleness: neither time is exact, as a look comes some time after what it sees. */
export interface TickIdleness {
  readonly mayBeActive: boolean;
  readonly mayBeIdle: boolean;
  /** How long nobody has spoken, at least and at most. */
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Lets one tick pass over a hull, in place. A tick keeps order, so the ends of a span stay its ends. */
export function ageHull(profile: ResolvedProfile, hull: Hull, idleness: TickIdleness): void {
  const { mayBeActive, mayBeIdle } = idleness;
  const least = mayBeIdle ? growth(profile, idleness.leastMs) : 0;
  const most = mayBeIdle ? growth(profile, idleness.mostMs) : 0;
  for (let i = 0; i < profile.size; i++) {
    const [low, high] = [hull.low[i]!, hull.high[i]!];
    const drift = profile.drifts[i]!;
    if (drift === 0 || !mayBeIdle) {
      hull.low[i] = clamp(profile, i, decayed(profile, i, low));
      hull.high[i] = clamp(profile, i, decayed(profile, i, high));
      continue;
    }
    const suspends = drift > 0 && profile.source.decay?.idle?.risingAlsoDecays === false;
    const [bottom, top] = suspends ? [low, high] : [decayed(profile, i, low), decayed(profile, i, high)];
    let newLow = bottom + drift * (drift > 0 ? least : most);
    let newHigh = top + drift * (drift > 0 ? most : least);
    if (mayBeActive) {
      newLow = Math.min(newLow, decayed(profile, i, low));
      newHigh = Math.max(newHigh, decayed(profile, i, high));
    }
    hull.low[i] = clamp(profile, i, newLow);
    hull.high[i] = clamp(profile, i, newHigh);
  }
}

/** By what the idle drift is multiplied. */
function growth(profile: ResolvedProfile, idleMs: number): number {
  const idle = profile.source.decay?.idle;
  if (!idle) return 0;
  return 1 + (idle.peakFactor - 1) * Math.max(0, Math.min(1, idleMs / idle.peakAfterMs));
}

function decayed(profile: ResolvedProfile, i: number, value: number): number {
  const high = profile.source.decay?.high;
  const rate = high && value > high.above ? profile.rates[i]! * high.factor : profile.rates[i]!;
  return value - rate * (value - profile.bases[i]!);
}

/** A value within the floor and the top. */
export function clamp(profile: ResolvedProfile, i: number, value: number): number {
  return Math.min(profile.max, Math.max(profile.floors[i]!, value));
}
