// This module is browser-safe.

/**
 * The last `capacity` items, oldest first. Pushing costs O(1); when full, the oldest is lost.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { RingBuffer } from "demi-health/base";
 *
 * const last = new RingBuffer<number>(2);
 * for (const n of [1, 2, 3]) last.push(n);
 * assert.deepEqual([...last], [2, 3]);
 * ```
 */
export class RingBuffer<T> implements Iterable<T> {
  readonly capacity: number;
  readonly #items: T[] = [];
  #start = 0;

  /** @throws {RangeError} If `capacity` is not an integer of at least 1. */
  constructor(capacity: number) {
    if (!(Number.isSafeInteger(capacity) && capacity >= 1)) {
      throw new RangeError(`Cannot make ring buffer: 'capacity' must be an integer >= 1, got ${capacity}`);
    }
    this.capacity = capacity;
  }

  get length(): number {
    return this.#items.length;
  }

  /** Appends an item and returns the one that it displaced, if any. */
  push(item: T): T | undefined {
    if (this.#items.length < this.capacity) {
      this.#items.push(item);
      return undefined;
    }
    const displaced = this.#items[this.#start];
    this.#items[this.#start] = item;
    this.#start = (this.#start + 1) % this.capacity;
    return displaced;
  }

  /** The item at `index`, 0 the oldest; a negative index counts from the newest, -1. */
  at(index: number): T | undefined {
    const length = this.#items.length;
    const position = index < 0 ? length + index : index;
    if (position < 0 || position >= length) return undefined;
    return this.#items[(this.#start + position) % length];
  }

  clear(): void {
    this.#items.length = 0;
    this.#start = 0;
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let i = 0; i < this.#items.length; i++) yield this.#items[(this.#start + i) % this.#items.length]!;
  }
}
