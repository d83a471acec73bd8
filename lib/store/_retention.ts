import { ROLLUP_LEVELS } from "./_levels.ts";
import type { Series } from "./_series.ts";

/** How long samples and rollups of 1 minute, 10 minutes and 1 hour are kept, in milliseconds. */
export type RetentionTimes = readonly [samples: number, minutes: number, tenMinutes: number, hours: number];

const COARSEST_STEP_MS = ROLLUP_LEVELS.at(-1)!.stepMs;
/** Room that a row of a rollup takes in the file, about. */
const ROLLUP_BYTES = 32;

// Retention runs at the pace of appending, a few series each time, so that none takes long.
const SERIES_AT_ONCE = 4;

/** Knows from when on each level is kept, and which series are still to be trimmed to that. */
export class Retention {
  readonly #times: RetentionTimes;
  #cutoffs: readonly number[];
  #due: Series[];

  /** @param series What is to be trimmed to `now`, all of it. */
  constructor(times: RetentionTimes, now: number, series: Series[]) {
    this.#times = times;
    this.#cutoffs = this.#cutoffsAt(now);
    this.#due = series;
  }

  /** First time that is kept: of the samples, and of each level of rollups. */
  get cutoffs(): readonly number[] {
    return this.#cutoffs;
  }

  /**
   * The next series to trim.
   *
   * @param allSeries Asked for when time has moved the cutoffs on.
   */
  take(now: number, allSeries: () => Series[]): Series[] {
    const cutoffs = this.#cutoffsAt(now);
    // never back, should the clock be set: what is trimmed is trimmed
    if (cutoffs[0]! > this.#cutoffs[0]! || cutoffs[1]! > this.#cutoffs[1]!)
      this.#moveOn(cutoffs, allSeries());
    return this.#due.splice(0, SERIES_AT_ONCE);
  }

  /** Has the oldest samples forgotten, and minutes, so that about this share of the time that they cover is free. */
  forgetSamples(share: number, series: Series[]): void {
    let [first, last] = [Infinity, -Infinity];
    for (const { samples } of series) {
      first = Math.min(first, samples.firstTime);
      last = Math.max(last, samples.lastTime);
    }
    if (!(last > first)) return;
    const cutoff = Math.min(align(first + (last - first) * share) + COARSEST_STEP_MS, align(last));
    const [samples, minutes, ...coarser] = this.#cutoffs as [number, number, ...number[]];
    this.#moveOn([Math.max(samples, cutoff), Math.max(minutes, cutoff), ...coarser], series);
  }

  /** Whether there is something to trim. */
  get isDue(): boolean {
    return this.#due.length > 0;
  }

  /** Has the oldest forgotten for want of room: samples and minutes first, which are the most, then what is coarser. */
  shed(excessBytes: number, series: Series[]): void {
    let excess = excessBytes;
    const next = [...this.#cutoffs];
    for (const levels of [[0, 1], [2], [3]]) {
      if (excess <= 0) break;
      const bytes = sumOf(series, (one) => sumOf(levels, (level) => levelBytes(one, level)));
      let [first, last] = [Infinity, -Infinity];
      for (const one of series) {
        for (const level of levels) first = Math.min(first, firstTime(one, level));
        last = Math.max(last, one.samples.lastTime);
      }
      if (!(bytes > 0 && last > first)) continue;
      const cutoff = align(first + (last - first) * Math.min(1, excess / bytes)) + COARSEST_STEP_MS;
      // the newest hour stays, whatever it costs
      for (const level of levels) next[level] = Math.max(next[level]!, Math.min(cutoff, align(last)));
      excess -= bytes;
    }
    for (let level = 1; level < next.length; level++) next[level] = Math.min(next[level]!, next[level - 1]!);
    this.#moveOn(next, series);
  }

  #moveOn(cutoffs: readonly number[], series: Series[]): void {
    this.#cutoffs = cutoffs.map((cutoff, i) => Math.max(cutoff, this.#cutoffs[i]!));
    this.#due = series;
  }

  // At multiples of the coarsest step, so that each of its rows is wholly told by finer ones, or not at all.
  #cutoffsAt(now: number): number[] {
    return this.#times.map((ms) => align(now - ms));
  }
}

function align(time: number): number {
  return Math.floor(time / COARSEST_STEP_MS) * COARSEST_STEP_MS;
}

function levelBytes({ samples, rollups }: Series, level: number): number {
  return level === 0 ? samples.bytes : rollups[level - 1]!.rowCount * ROLLUP_BYTES;
}

function firstTime({ samples, rollups }: Series, level: number): number {
  return level === 0 ? samples.firstTime : rollups[level - 1]!.firstTime;
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
