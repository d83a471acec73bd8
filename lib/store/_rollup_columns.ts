import type { Rows } from "./_chunk.ts";
import { type ChunkKeeper, Columns } from "./_columns.ts";
import { CHUNK_ROLLUPS, COUNT, LAST, MAX, MIN, ROLLUP_WIDTH, SUM } from "./_levels.ts";

/** Rollups of a series: of each stretch of time that has samples their minimum, maximum, sum, number, and last. */
export class RollupColumns extends Columns {
  readonly #stepMs: number;

  constructor(stepMs: number, keeper: ChunkKeeper) {
    super(ROLLUP_WIDTH, CHUNK_ROLLUPS, keeper);
    this.#stepMs = stepMs;
  }

  /** @param isLast Whether none of its stretch is later. */
  add(time: number, value: number, isLast: boolean): void {
    const { head, headCount } = this;
    const newest = headCount > 0 ? head[0]![headCount - 1]! : Infinity;
    if (time >= newest && time < newest + this.#stepMs) {
      addToRow(head, headCount - 1, value, isLast);
    } else {
      const start = Math.floor(time / this.#stepMs) * this.#stepMs;
      this.insert(start, [value, value, value, 1, value], (rows, index) => {
        addToRow(rows, index, value, isLast);
        return true;
      });
    }
  }
}

function addToRow(rows: Rows, index: number, value: number, isLast: boolean): void {
  const min = rows[MIN]!;
  const max = rows[MAX]!;
  if (value < min[index]!) min[index] = value;
  if (value > max[index]!) max[index] = value;
  rows[SUM]![index]! += value;
  rows[COUNT]![index]!++;
  if (isLast) rows[LAST]![index] = value;
}
