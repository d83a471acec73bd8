import type { Chunk, Rows } from "./_chunk.ts";
import { Columns } from "./_columns.ts";
import { CHUNK_ROLLUPS, COUNT, LAST, MAX, MIN, ROLLUP_WIDTH, SUM } from "./_levels.ts";

/** Rollups of a series: of each stretch of time that has samples their minimum, maximum, sum, number, and last. */
export class RollupColumns extends Columns {
  readonly #stepMs: number;

  constructor(stepMs: number, onSealed: (chunk: Chunk) => void) {
    super(ROLLUP_WIDTH, CHUNK_ROLLUPS, onSealed);
    this.#stepMs = stepMs;
  }

  /** @param isLast Whether none of its stretch is later. */
  add(time: number, value: number, isLast: boolean): void {
    const start = Math.floor(time / this.#stepMs) * this.#stepMs;
    const { head, headCount } = this;
    if (headCount > 0 && head[0]![headCount - 1] === start) {
      addToRow(head, headCount - 1, value, isLast);
    } else {
      this.insert(start, [value, value, value, 1, value], (rows, index) => {
        addToRow(rows, index, value, isLast);
        return true;
      });
    }
  }
}

function addToRow(rows: Rows, index: number, value: number, isLast: boolean): void {
  if (value < rows[MIN]![index]!) rows[MIN]![index] = value;
  if (value > rows[MAX]![index]!) rows[MAX]![index] = value;
  rows[SUM]![index]! += value;
  rows[COUNT]![index]!++;
  if (isLast) rows[LAST]![index] = value;
}
