/** Seconds from a duration that came from outside. */
export function toSeconds(durationMs: number, what: string): number {
  if (durationMs >= 0 && durationMs < Infinity) return durationMs / 1000;
  throw new RangeError(`Cannot observe ${what}: it must be finite and >= 0 ms, got ${durationMs}`);
}
