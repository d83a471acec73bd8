// A float64's upper half: sign, exponent, and 20 bits of its fraction. Positive numbers are in the order of it.
const CONVERTED = new Float64Array(1);
const HALVES = new Uint32Array(CONVERTED.buffer);
// The upper half is the second one where numbers are little-endian, which they are wherever Node, Deno and Bun run.
const UPPER = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;
const MOST_CELLS = 4096;
const FINEST_SHIFT = 12;

/**
 * Finds the bucket of a value, which is the first whose upper bound is not below it. The range of the bounds is cut into cells by
 * the leading bits of a number, so fine that no cell has more than one bound: then it is one comparison, and nothing that a
 * processor would guess wrong. Bounds that are not above 0, or too near one another for that, are searched in order.
 */
export class BucketFinder {
  readonly #bounds: Float64Array;
  readonly #shift: number;
  readonly #first: number;
  readonly #last: number;
  /** Bounds below a cell, and the bound within it, or Infinity. */
  readonly #below: Uint16Array;
  readonly #within: Float64Array;

  /** @param bounds Ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = Float64Array.from(bounds);
    this.#shift = bounds[0]! > 0 ? coarsestShift(bounds) : 0;
    const hasCells = this.#shift > 0;
    this.#first = hasCells ? upperHalf(bounds[0]!) >>> this.#shift : 0;
    this.#last = hasCells ? upperHalf(bounds.at(-1)!) >>> this.#shift : -1;
    const count = this.#last - this.#first + 1;
    this.#below = new Uint16Array(count);
    this.#within = new Float64Array(count).fill(Infinity);
    if (!hasCells) return;
    for (const bound of bounds) {
      const cell = (upperHalf(bound) >>> this.#shift) - this.#first;
      this.#within[cell] = bound;
      for (let after = cell + 1; after < count; after++) this.#below[after]!++;
    }
  }

  /** @param value Finite. @returns 0 … number of bounds. */
  find(value: number): number {
    if (this.#shift === 0) return this.#search(value);
    if (!(value > 0)) return 0;
    CONVERTED[0] = value;
    const cell = (HALVES[UPPER]! >>> this.#shift) - this.#first;
    if (cell < 0) return 0;
    if (cell >= this.#below.length) return this.#bounds.length;
    return this.#below[cell]! + (value > this.#within[cell]! ? 1 : 0);
  }

  #search(value: number): number {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    return bucket;
  }
}

function upperHalf(value: number): number {
  CONVERTED[0] = value;
  return HALVES[UPPER]!;
}

/** How many bits may be left out for all bounds to differ; 0 where too many cells would be needed. */
function coarsestShift(bounds: readonly number[]): number {
  for (let shift = 20; shift >= FINEST_SHIFT; shift--) {
    const cells = bounds.map((bound) => upperHalf(bound) >>> shift);
    if (cells.at(-1)! - cells[0]! >= MOST_CELLS) return 0;
    if (new Set(cells).size === bounds.length) return shift;
  }
  return 0;
}
