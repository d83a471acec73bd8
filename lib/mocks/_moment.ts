import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";

/** A point in time by both clocks that a client may wait on: the mock's, which can be virtual, and the real one. */
export interface Moment {
  readonly clockMs: number;
  readonly realMs: number;
}

export function momentOf(clock: Clock): Moment {
  return { clockMs: clock.monotonicMs(), realMs: systemClock.monotonicMs() };
}

/** Milliseconds between two moments by the clock that went on further: in favour of the client, whichever it waits on. */
export function elapsedMs(from: Moment, to: Moment): number {
  return Math.max(to.clockMs - from.clockMs, to.realMs - from.realMs);
}
