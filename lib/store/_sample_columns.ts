import { type ChunkKeeper, Columns } from "./_columns.ts";
import { CHUNK_SAMPLES, SAMPLE_WIDTH } from "./_levels.ts";

const keep = (): boolean => false;

/** Samples of a series. */
export class SampleColumns extends Columns {
  constructor(keeper: ChunkKeeper) {
    super(SAMPLE_WIDTH, CHUNK_SAMPLES, keeper);
  }

  /** @returns False, and nothing done, if there is one of that time. */
  add(time: number, value: number): boolean {
    if (time <= this.lastTime) return this.insert(time, [value], keep);
    const index = this.grow(time);
    this.head[1]![index] = value;
    return true;
  }

  get last(): readonly [time: number, value: number] | undefined {
    let last: readonly [number, number] | undefined;
    if (!this.isEmpty) {
      this.visitLast(1, (rows, _from, to) => (last = [rows[0]![to - 1]!, rows[1]![to - 1]!]));
    }
    return last;
  }

  /** Whether there is one after `time` and before `end`. */
  hasBetween(time: number, end: number): boolean {
    let has = false;
    this.visit(time, end, (rows, from, to) => {
      for (let i = from; i < to && !has; i++) has = rows[0]![i]! > time && rows[0]![i]! < end;
    });
    return has;
  }
}
