// This module is browser-safe.

/** Options of {@linkcode RecentValues}. */
export interface RecentValuesOptions {
  /**
   * Age from which a value no longer counts.
   *
   * @default {300_000}
   */
  windowMs?: number | undefined;
  /**
   * At most so many values are kept; when more come in, the oldest go first and the window shrinks to what is left.
   *
   * @default {2048}
   */
  capacity?: number | undefined;
}

/** The values of a recent stretch of time, in bounded memory. Adding one allocates nothing. */
export class RecentValues {
  readonly #windowMs: number;
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  #next = 0;

  /** @throws {RangeError} If `windowMs` is not above 0, or `capacity` no count. */
  constructor(options: RecentValuesOptions = {}) {
    const { windowMs = 300_000, capacity = 2048 } = options;
    if (!(windowMs > 0)) throw new RangeError(`Cannot keep values: 'windowMs' must be > 0, got ${windowMs}`);
    if (!(Number.isSafeInteger(capacity) && capacity >= 1)) {
      throw new RangeError(`Cannot keep values: 'capacity' must be an integer >= 1, got ${capacity}`);
    }
    this.#windowMs = windowMs;
    this.#times = new Float64Array(capacity).fill(NaN);
    this.#values = new Float64Array(capacity);
  }

  add(time: number, value: number): void {
    this.#times[this.#next] = time;
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#times.length;
  }

  /** The values of the window that ends at `now`, in ascending order. */
  sortedAt(now: number): Float64Array {
    // one from after `now` was added before the clock was set back; it would not age for as long as that
    const inWindow = (_: number, i: number): boolean =>
      this.#times[i]! > now - this.#windowMs && this.#times[i]! <= now;
    return this.#values.filter(inWindow).sort();
  }
}
