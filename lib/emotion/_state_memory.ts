// This module is browser-safe.
import { ageHull, type Hull } from "./_ageing.ts";
import type { ResolvedProfile } from "./_resolved_profile.ts";

/** A state as it was. */
export interface RememberedState {
  readonly time: number;
  readonly values: readonly number[];
}

/** Rings of states: the last changes, one a tick, one an hour. */
export interface MemoryState {
  changes: RememberedState[];
  ticks: RememberedState[];
  hours: RememberedState[];
}

const CHANGES = 64;
const TICKS = 36;
const HOURS = 48;
const HOUR_MS = 3_600_000;
// A state that was saved between two that are remembered is near one of them, not equal to it.
const NEAR = 0.03;
// Ageing draws all states together: only one that is met exactly is that one.
const NEAR_AGED = 0.005;
// Less than this is no other state, but the current one a little later.
const CHANGED = 0.1;
const OLDEST_AGED_MS = 24 * HOUR_MS;

/** Remembers what states were, so that one that comes back is known for what it is. */
export class StateMemory {
  readonly state: MemoryState;
  readonly #profile: ResolvedProfile;

  constructor(profile: ResolvedProfile, state: MemoryState = { changes: [], ticks: [], hours: [] }) {
    this.#profile = profile;
    this.state = state;
  }

  /** Keeps a state that is in order. */
  remember(time: number, values: readonly number[], isChanged: boolean): void {
    const tickMs = this.#profile.source.decay?.tickMs ?? 300_000;
    const { changes, ticks, hours } = this.state;
    const entry = { time, values: [...values] };
    if (isChanged) keep(changes, entry, CHANGES);
    if (time - (ticks.at(-1)?.time ?? -Infinity) >= tickMs) keep(ticks, entry, TICKS);
    if (time - (hours.at(-1)?.time ?? -Infinity) >= HOUR_MS) keep(hours, entry, HOURS);
  }

  /**
   * The latest state before `time` that `values` are, as it was or as it had to become since then unattended.
   * What is nearer to `current` is no older state. O(states × ticks), for the rare moment in which nothing else explains a state.
   */
  find(time: number, values: readonly number[], current: readonly number[]): RememberedState | undefined {
    if (values.every((value, i) => Math.abs(value - current[i]!) <= CHANGED * this.#profile.span))
      return undefined;
    const { changes, ticks, hours } = this.state;
    const fromCurrent = distance(values, current);
    const known = [...changes, ...ticks, ...hours].filter(
      (entry) => entry.time < time && distance(entry.values, current) > 0.5 * fromCurrent,
    );
    const byAge = known.sort((a, b) => b.time - a.time);
    return (
      byAge.find(
        (entry) =>
          isNear(entry.values, values, this.#profile.span) &&
          distance(entry.values, values) < 0.5 * fromCurrent,
      ) ?? byAge.find((entry) => this.#becomes(entry, time, values))
    );
  }

  #becomes(entry: RememberedState, time: number, values: readonly number[]): boolean {
    const tickMs = this.#profile.source.decay?.tickMs;
    if (tickMs === undefined || time - entry.time > OLDEST_AGED_MS) return false;
    const hull: Hull = { low: [...entry.values], high: [...entry.values] };
    for (let tick = 1; tick <= (time - entry.time) / tickMs; tick++) {
      ageHull(this.#profile, hull, {
        mayBeActive: false,
        mayBeIdle: true,
        leastMs: 0,
        mostMs: tick * tickMs,
      });
    }
    return values.every(
      (value, i) =>
        value >= hull.low[i]! - NEAR_AGED * this.#profile.span &&
        value <= hull.high[i]! + NEAR_AGED * this.#profile.span,
    );
  }
}

function isNear(one: readonly number[], other: readonly number[], span: number): boolean {
  return one.every((value, i) => Math.abs(value - other[i]!) <= NEAR * span);
}

function distance(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, i) => sum + Math.abs(value - other[i]!), 0);
}

function keep<T>(list: T[], entry: T, most: number): void {
  list.push(entry);
  if (list.length > most) list.shift();
}
