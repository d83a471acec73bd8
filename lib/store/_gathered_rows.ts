import type { Rows } from "./_chunk.ts";
import { COUNT, MAX, MIN, ROLLUP_LEVELS, SUM } from "./_levels.ts";
import type { Series } from "./_series.ts";

/**
 * What is known of a series over a stretch of time, in order: samples, each with a step of 0, and before the first of them
 * rollups, the finest first.
 */
export class GatheredRows {
  /** Of a sample its time, of a rollup its beginning. */
  times: Float64Array = new Float64Array(1024);
  min: Float64Array = new Float64Array(1024);
  max: Float64Array = new Float64Array(1024);
  mean: Float64Array = new Float64Array(1024);
  steps: Float64Array = new Float64Array(1024);
  count = 0;

  /** @param finestMs Rollups of at most so long a step may stand for what is finer; 0 for the finest there is. */
  gather(series: Series, from: number, to: number, finestMs: number): void {
    this.count = 0;
    const { cutoffs, rollups, samples } = series;
    let finest = ROLLUP_LEVELS.findLastIndex(({ stepMs }) => stepMs <= finestMs);
    if (finest === 0) finest = -1; // a minute's rollup tells only of what is no longer there one by one
    for (let level = rollups.length - 1; level >= Math.max(0, finest); level--) {
      const { stepMs } = ROLLUP_LEVELS[level]!;
      const end = level === finest ? Infinity : cutoffs[level]!;
      rollups[level]!.visit(from - stepMs + 1, Math.min(to, end - 1), (rows, first, last) =>
        this.#addRollups(rows, first, last, stepMs),
      );
    }
    if (finest < 0) samples.visit(from, to, (rows, first, last) => this.#addSamples(rows, first, last));
  }

  /** The newest samples, about so many. */
  gatherLast(series: Series, count: number): void {
    this.count = 0;
    series.samples.visitLast(count, (rows, first, last) => this.#addSamples(rows, first, last));
  }

  #addSamples([times, values]: Rows, from: number, to: number): void {
    const at = this.#makeRoom(to - from);
    const part = values!.subarray(from, to);
    this.times.set(times!.subarray(from, to), at);
    this.min.set(part, at);
    this.max.set(part, at);
    this.mean.set(part, at);
    this.steps.fill(0, at, this.count);
  }

  #addRollups(rows: Rows, from: number, to: number, stepMs: number): void {
    const at = this.#makeRoom(to - from);
    this.times.set(rows[0]!.subarray(from, to), at);
    this.min.set(rows[MIN]!.subarray(from, to), at);
    this.max.set(rows[MAX]!.subarray(from, to), at);
    for (let i = from; i < to; i++) this.mean[at + i - from] = rows[SUM]![i]! / rows[COUNT]![i]!;
    this.steps.fill(stepMs, at, this.count);
  }

  #makeRoom(more: number): number {
    const at = this.count;
    this.count += more;
    if (this.count > this.times.length) {
      const length = Math.max(this.count, 2 * this.times.length);
      const grow = (column: Float64Array): Float64Array => {
        const grown = new Float64Array(length);
        grown.set(column.subarray(0, at));
        return grown;
      };
      [this.times, this.min, this.max] = [grow(this.times), grow(this.min), grow(this.max)];
      [this.mean, this.steps] = [grow(this.mean), grow(this.steps)];
    }
    return at;
  }
}
