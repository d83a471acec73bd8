// This module is browser-safe.
import type { Clock } from "../base/clock.ts";

/** Epoch milliseconds that never go back, whatever is done to the clock of the day: growth needs durations. */
export function steadyTime(clock: Clock): () => number {
  const epochMs = clock.now();
  const startMs = clock.monotonicMs();
  return () => epochMs + clock.monotonicMs() - startMs;
}
