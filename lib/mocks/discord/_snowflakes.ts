import type { Clock } from "../../base/clock.ts";

const DISCORD_EPOCH_MS = 1_420_070_400_000;

/**
 * Ids as Discord makes them: milliseconds since 2015 in the high bits, then a sequence number, always growing, so
 * that a comparison of ids is one of time.
 *
 * @see https://discord.com/developers/docs/reference#snowflakes
 */
export class SnowflakeSource {
  readonly #clock: Clock;
  #last = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  next(): string {
    const elapsedMs = Math.max(0, Math.trunc(this.#clock.now()) - DISCORD_EPOCH_MS);
    const earliest = BigInt(elapsedMs) << 22n;
    this.#last = earliest > this.#last ? earliest : this.#last + 1n;
    return this.#last.toString();
  }
}

/** Whether id `a` is of a later moment than id `b`. */
export function isLaterId(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}
