// This module is browser-safe.
import { log } from "./math.ts";

/** Position of a {@linkcode SeededRandom}, four unsigned 32-bit numbers, to save and go on from. */
export type RandomState = readonly [number, number, number, number];

// Mixes a text into four 32-bit words: FNV-1a over its UTF-16 units, then a finaliser per word.
function hashToState(text: string): RandomState {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ (text.charCodeAt(i) & 0xff), 0x0100_0193);
    hash = Math.imul(hash ^ (text.charCodeAt(i) >>> 8), 0x0100_0193);
  }
  const word = (): number => {
    hash = (hash + 0x9e37_79b9) | 0;
    let mixed = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  return [word(), word(), word(), (word() | 1) >>> 0]; // never all zero
}

/**
 * Seeded random numbers (xoshiro128**), the same sequence on every runtime. Each concern takes a
 * {@linkcode SeededRandom.stream} of its own, so that a draw added in one does not move the others.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { SeededRandom } from "demi-health/base";
 *
 * const faults = new SeededRandom(7).stream("faults");
 * const again = new SeededRandom(7).stream("faults");
 * assert.equal(faults.next(), again.next());
 * ```
 *
 * @see D. Blackman, S. Vigna (2021), ACM TOMS 47(4), doi:10.1145/3460772
 */
export class SeededRandom {
  readonly #seed: string;
  #s0 = 0;
  #s1 = 0;
  #s2 = 0;
  #s3 = 0;

  /** @param seed Any number or text; different seeds give unrelated sequences. */
  constructor(seed: number | string) {
    this.#seed = String(seed);
    this.restore(hashToState(this.#seed));
  }

  /** A generator of its own for a named concern. Depends on the seed and the name, not on what was drawn before. */
  stream(name: string): SeededRandom {
    return new SeededRandom(`${this.#seed}\u0000${name}`);
  }

  /** The position, to be given to {@linkcode SeededRandom.restore} later. */
  get state(): RandomState {
    return [this.#s0 >>> 0, this.#s1 >>> 0, this.#s2 >>> 0, this.#s3 >>> 0];
  }

  /**
   * Goes on from a saved position.
   *
   * @throws {RangeError} If the state is not four unsigned 32-bit numbers, or all zero.
   */
  restore(state: RandomState): void {
    const valid = state.length === 4 && state.every((word) => word >>> 0 === word);
    if (!valid || state.every((word) => word === 0)) {
      throw new RangeError(
        `Cannot restore random state: it must be four unsigned 32-bit numbers, not all 0, got ${JSON.stringify(state)}`,
      );
    }
    [this.#s0, this.#s1, this.#s2, this.#s3] = state;
  }

  /** An unsigned 32-bit integer. */
  nextUint32(): number {
    const product = Math.imul(this.#s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = this.#s1 << 9;
    this.#s2 ^= this.#s0;
    this.#s3 ^= this.#s1;
    this.#s1 ^= this.#s2;
    this.#s0 ^= this.#s3;
    this.#s2 ^= t;
    this.#s3 = (this.#s3 << 11) | (this.#s3 >>> 21);
    return result;
  }

  /** A number in [0, 1) with 53 random bits. */
  next(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    if (!(Number.isSafeInteger(min) && Number.isSafeInteger(max) && min <= max)) {
      throw new RangeError(
        `Cannot draw integer: 'min' and 'max' must be integers, min <= max, got ${min} and ${max}`,
      );
    }
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the items, each as likely as the other. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError("Cannot pick item: 'items' must not be empty");
    return items[this.integer(0, items.length - 1)]!;
  }

  /** A normally distributed number (polar method of Marsaglia). */
  normal(mean = 0, standardDeviation = 1): number {
    let x: number;
    let square: number;
    do {
      x = 2 * this.next() - 1;
      const y = 2 * this.next() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    return mean + standardDeviation * x * Math.sqrt((-2 * log(square)) / square);
  }

  /** An exponentially distributed number with the given mean: the gaps of a Poisson process. */
  exponential(mean: number): number {
    return -mean * log(1 - this.next());
  }
}
