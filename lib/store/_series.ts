import type { Labels } from "../metrics/sample_key.ts";
import type { ChunkKeeper } from "./_columns.ts";
import { MINUTE_LEVEL, ROLLUP_LEVELS } from "./_levels.ts";
import { RollupColumns } from "./_rollup_columns.ts";
import { SampleColumns } from "./_sample_columns.ts";

/** What a series is called. */
export interface SeriesName {
  readonly id: number;
  readonly key: string;
  readonly name: string;
  readonly labels: Labels;
}

/**
 * A series: its samples, and its rollups. Those of ten minutes and of an hour tell of all samples, those of a minute of the
 * samples that are no longer kept one by one.
 */
export class Series {
  readonly id: number;
  readonly key: string;
  readonly name: string;
  readonly labels: Labels;
  readonly samples: SampleColumns;
  readonly rollups: readonly RollupColumns[];
  /** Whether its index knows it. */
  isListed = false;
  /** First time that is kept: of the samples, and of each level of rollups. */
  cutoffs: readonly number[] = [-Infinity, ...ROLLUP_LEVELS.map(() => -Infinity)];

  constructor({ id, key, name, labels }: SeriesName, keeper: ChunkKeeper) {
    this.id = id;
    this.key = key;
    this.name = name;
    this.labels = labels;
    this.samples = new SampleColumns(keeper);
    this.rollups = ROLLUP_LEVELS.map(({ stepMs }) => new RollupColumns(stepMs, keeper));
  }

  get isEmpty(): boolean {
    return this.samples.isEmpty && this.rollups.every((level) => level.isEmpty);
  }

  get rawFrom(): number {
    return this.cutoffs[0]!;
  }

  /** Adds a sample wherever there is room for its time; nothing if there is one of that time. */
  add(time: number, value: number): void {
    const { samples, rollups, cutoffs } = this;
    const isNewest = time > samples.lastTime;
    if (time >= cutoffs[0]!) {
      if (!samples.add(time, value)) return;
    } else if (time >= cutoffs[1]!) {
      rollups[MINUTE_LEVEL]!.add(time, value, isNewest || this.#isLast(time, MINUTE_LEVEL));
    }
    for (let level = 1; level < rollups.length; level++) {
      if (time >= cutoffs[level + 1]!) {
        rollups[level]!.add(time, value, isNewest || this.#isLast(time, level));
      }
    }
  }

  /** Forgets what is older; samples that go are summed up by minutes, where those are kept for longer. */
  trim(cutoffs: readonly number[]): void {
    const next = cutoffs.map((cutoff, i) => Math.max(cutoff, this.cutoffs[i]!)); // what is gone is gone
    const [samplesFrom, minutesFrom] = next as [number, number];
    if (minutesFrom < samplesFrom) {
      const minutes = this.rollups[MINUTE_LEVEL]!;
      this.samples.visit(
        Math.max(this.cutoffs[0]!, minutesFrom),
        samplesFrom - 1,
        ([times, values], from, to) => {
          for (let i = from; i < to; i++) minutes.add(times![i]!, values![i]!, true);
        },
      );
    }
    this.samples.dropBefore(samplesFrom);
    for (const [level, columns] of this.rollups.entries()) columns.dropBefore(next[level + 1]!);
    this.cutoffs = next;
  }

  #isLast(time: number, level: number): boolean {
    const { stepMs } = ROLLUP_LEVELS[level]!;
    return !this.samples.hasBetween(time, Math.floor(time / stepMs) * stepMs + stepMs);
  }
}
