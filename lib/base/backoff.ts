// This module is browser-safe.
import type { SeededRandom } from "./random.ts";

/** Options of {@linkcode Backoff}. */
export interface BackoffOptions {
  /** First delay. @default {1000} */
  initialMs?: number | undefined;
  /** Longest delay. @default {30_000} */
  maxMs?: number | undefined;
  /** Growth from one delay to the next. @default {2} */
  factor?: number | undefined;
  /** Share of each delay that is random, 0 to 1: keeps many clients from coming back at the same moment. @default {0.5} */
  jitterRatio?: number | undefined;
  /** Source of the random share. @default {Math.random} */
  random?: Pick<SeededRandom, "next"> | undefined;
}

/**
 * Growing delays between attempts.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Backoff } from "demi-health/base";
 *
 * const backoff = new Backoff({ initialMs: 100, maxMs: 300, jitterRatio: 0 });
 * assert.deepEqual([backoff.next(), backoff.next(), backoff.next()], [100, 200, 300]);
 * ```
 */
export class Backoff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #factor: number;
  readonly #jitterRatio: number;
  readonly #random: Pick<SeededRandom, "next">;
  #attempts = 0;

  /** @throws {RangeError} If an option is out of its range. */
  constructor(options: BackoffOptions = {}) {
    const { initialMs = 1000, maxMs = 30_000, factor = 2, jitterRatio = 0.5 } = options;
    const { random = { next: Math.random } } = options;
    if (!(initialMs >= 0 && maxMs >= initialMs)) {
      throw new RangeError(
        `Cannot make backoff: 0 <= 'initialMs' <= 'maxMs' must hold, got ${initialMs} and ${maxMs}`,
      );
    }
    if (!(factor >= 1)) throw new RangeError(`Cannot make backoff: 'factor' must be >= 1, got ${factor}`);
    if (!(jitterRatio >= 0 && jitterRatio <= 1)) {
      throw new RangeError(`Cannot make backoff: 'jitterRatio' must be in [0, 1], got ${jitterRatio}`);
    }
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
    this.#factor = factor;
    this.#jitterRatio = jitterRatio;
    this.#random = random;
  }

  /** Number of delays given since the start or the last {@linkcode Backoff.reset}. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The next delay in milliseconds: between `(1 - jitterRatio)` of the full one and the full one. */
  next(): number {
    // ** gives the same bits everywhere only for small integers' squares and cubes; a product does always
    let full = this.#initialMs;
    for (let i = 0; i < this.#attempts && full < this.#maxMs; i++) full *= this.#factor;
    full = Math.min(full, this.#maxMs);
    this.#attempts++;
    return full * (1 - this.#jitterRatio * this.#random.next());
  }

  /** Starts again with the first delay, after a success. */
  reset(): void {
    this.#attempts = 0;
  }
}
