// This module is browser-safe.
import { FloorCells } from "./_floor_cells.ts";

const CAPACITY = 256;

/** The last of a series, from one to two spans long: two that overlap, of which the older is dropped. */
export class RecentWindow {
  readonly #spanMs: number;
  #older: FloorCells = new FloorCells(CAPACITY);
  #newer: FloorCells | undefined;

  constructor(spanMs: number) {
    this.#spanMs = spanMs;
  }

  get cells(): FloorCells {
    return this.#older;
  }

  /** @param timestamp Epoch milliseconds, not before the last one. */
  add(timestamp: number, bytes: number): void {
    const ageMs = this.#older.samples > 0 ? timestamp - this.#older.startMs : 0;
    if (ageMs >= 2 * this.#spanMs && this.#newer) {
      this.#older = this.#newer;
      this.#newer = undefined;
    }
    if (ageMs >= this.#spanMs) this.#newer ??= new FloorCells(CAPACITY);
    this.#older.add(timestamp, bytes);
    this.#newer?.add(timestamp, bytes);
  }
}
