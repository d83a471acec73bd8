// This module is browser-safe.

import { RingBuffer } from "../base/ring_buffer.ts";
import { areScavenges } from "./_sawtooth.ts";

const FALLS_KEPT = 256;
const FINE = 4;

/** Columns of the cells, one number each. */
const COLUMNS = ["index", "low", "lowAt", "sum", "timeSum", "count"] as const;

type Column = (typeof COLUMNS)[number];

/**
 * A series in bounded space: cells of equal length with their lowest value, their sum and count. When the cells run
 * out, neighbours are merged and the length doubles. A sample costs O(1), amortised; 1,024 cells take 49 kB.
 */
export class FloorCells {
  readonly capacity: number;
  readonly #columns: Readonly<Record<Column, Float64Array>>;
  #size = 0;
  #samples = 0;
  #startMs = 0;
  #lastMs = 0;
  #lastBytes = 0;
  #widthMs = 0;
  #rises = 0;
  #falls = 0;
  readonly #recentFalls = new RingBuffer<number>(FALLS_KEPT);

  constructor(capacity: number = 1024) {
    this.capacity = capacity;
    const column = (): Float64Array => new Float64Array(capacity);
    this.#columns = {
      index: column(),
      low: column(),
      lowAt: column(),
      sum: column(),
      timeSum: column(),
      count: column(),
    };
  }

  /** Number of cells with samples. */
  get size(): number {
    return this.#size;
  }

  get samples(): number {
    return this.#samples;
  }

  /** Epoch milliseconds of the first sample. */
  get startMs(): number {
    return this.#startMs;
  }

  get lastMs(): number {
    return this.#lastMs;
  }

  get lastBytes(): number {
    return this.#lastBytes;
  }

  /** Length of a cell. */
  get widthMs(): number {
    return this.#widthMs;
  }

  /** Share of the samples that are above the one before. */
  get riseRatio(): number {
    return this.#samples > 1 ? this.#rises / (this.#samples - 1) : 0;
  }

  /** Share of the samples that are below the one before. */
  get fallRatio(): number {
    return this.#samples > 1 ? this.#falls / (this.#samples - 1) : 0;
  }

  /** Whether the latest large falls are all of one size, and small enough for V8's young generation. */
  get fallsAreScavenges(): boolean {
    return areScavenges([...this.#recentFalls]);
  }

  /** Lowest values of the cells, in their order; a view. */
  get lows(): Float64Array {
    return this.#columns.low.subarray(0, this.#size);
  }

  /** Position of a cell in time, in cell lengths since the start. */
  indexOf(cell: number): number {
    return this.#columns.index[cell]!;
  }

  /** When the lowest value of a cell was seen, in hours since the start. */
  lowHoursOf(cell: number): number {
    return this.#columns.lowAt[cell]! / 3_600_000;
  }

  /** Mean time of a cell's samples, in hours since the start. */
  hoursOf(cell: number): number {
    return this.#columns.timeSum[cell]! / this.#columns.count[cell]! / 3_600_000;
  }

  countOf(cell: number): number {
    return this.#columns.count[cell]!;
  }

  /** @param timestamp Epoch milliseconds, not before the last one. */
  add(timestamp: number, bytes: number): void {
    if (this.#samples === 0) this.#startMs = timestamp;
    else if (bytes > this.#lastBytes) this.#rises++;
    else if (bytes < this.#lastBytes) this.#noteFall(this.#lastBytes - bytes);
    const at = timestamp - this.#startMs;
    // as long as all samples came at once there is no length yet
    if (this.#widthMs === 0 && at > 0) this.#widthMs = at / FINE; // the first gap may be a long one
    this.#samples++;
    this.#lastMs = timestamp;
    this.#lastBytes = bytes;
    let index = this.#widthMs === 0 ? 0 : Math.floor(at / this.#widthMs);
    while (index >= this.capacity) {
      this.#merge();
      index = Math.floor(at / this.#widthMs);
    }
    this.#put(index, at, bytes);
  }

  #noteFall(bytes: number): void {
    this.#falls++;
    this.#recentFalls.push(bytes);
  }

  #put(index: number, at: number, bytes: number): void {
    const { index: indexes, low, lowAt, sum, timeSum, count } = this.#columns;
    const cell = this.#size - 1;
    if (cell >= 0 && indexes[cell] === index) {
      count[cell]!++;
      sum[cell]! += bytes;
      timeSum[cell]! += at;
      if (bytes < low[cell]!) {
        low[cell] = bytes;
        lowAt[cell] = at;
      }
      return;
    }
    const next = this.#size++;
    indexes[next] = index;
    low[next] = bytes;
    lowAt[next] = at;
    sum[next] = bytes;
    timeSum[next] = at;
    count[next] = 1;
  }

  #merge(): void {
    const { index, low, lowAt, sum, timeSum, count } = this.#columns;
    let size = 0;
    for (let cell = 0; cell < this.#size; cell++) {
      const half = Math.floor(index[cell]! / 2);
      const last = size - 1;
      if (last >= 0 && index[last] === half) {
        count[last]! += count[cell]!;
        sum[last]! += sum[cell]!;
        timeSum[last]! += timeSum[cell]!;
        if (low[cell]! < low[last]!) {
          low[last] = low[cell]!;
          lowAt[last] = lowAt[cell]!;
        }
        continue;
      }
      for (const name of COLUMNS) this.#columns[name][size] = this.#columns[name][cell]!;
      index[size] = half;
      size++;
    }
    this.#size = size;
    this.#widthMs *= 2;
  }
}
