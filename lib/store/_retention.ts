import { ROLLUP_LEVELS } from "./_schema.ts";
import type { Series } from "./_series_index.ts";

/** How long samples, rollups of 1 minute and rollups of 10 minutes are kept, in milliseconds. */
export type RetentionTimes = readonly [samples: number, minutes: number, tenMinutes: number];

const COARSEST_STEP_MS = ROLLUP_LEVELS[1].stepMs;

// Retention runs at the pace of appending, a few series each time, so that none takes long.
const SERIES_AT_ONCE = 4;

/** Knows from when on each table is kept, and which series are still to be trimmed to that. */
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
    if (cutoffs[0]! > this.#cutoffs[0]!) {
      this.#cutoffs = cutoffs;
      this.#due = allSeries();
    }
    return this.#due.splice(0, SERIES_AT_ONCE);
  }

  // At multiples of the coarsest step, so that no rollup's samples are kept in part: see `SampleTables.read`.
  #cutoffsAt(now: number): number[] {
    return this.#times.map((ms) => Math.floor((now - ms) / COARSEST_STEP_MS) * COARSEST_STEP_MS);
  }
}
