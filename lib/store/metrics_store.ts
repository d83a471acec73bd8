import { resolve } from "node:path";
import { emitWarning } from "node:process";
import type { Database } from "sql.js";
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";
import type { Labels } from "../metrics/sample_key.ts";
import { toChartPoints } from "./_chart_points.ts";
import { createDatabase } from "./_database.ts";
import { openFile } from "./_open_file.ts";
import { Retention, type RetentionTimes } from "./_retention.ts";
import { type Row, SampleTables } from "./_sample_tables.ts";
import { Saver } from "./_saver.ts";
import { SeriesIndex } from "./_series_index.ts";
import { type ChartPoint, downsample } from "./downsample.ts";

/** A sample's time, epoch ms, and its value. */
export type Point = readonly [time: number, value: number];

/** Options of {@linkcode MetricsStore.open}. */
export interface MetricsStoreOptions {
  /** File of the store; its folder is made if needed. Without one the store lives in memory only. */
  path?: string | undefined;
  /** @default {systemClock} */
  clock?: Clock | undefined;
  /**
   * How often changes are written to the file. A kill loses what came since, and during the writing itself: with
   * the default less than 5 s.
   *
   * @default {4000}
   */
  saveIntervalMs?: number | undefined;
  /**
   * How long every sample is kept.
   *
   * @default {7_200_000} (2 hours)
   */
  rawRetentionMs?: number | undefined;
  /**
   * How long rollups of 1 minute are kept.
   *
   * @default {86_400_000} (1 day)
   */
  minuteRetentionMs?: number | undefined;
  /**
   * How long rollups of 10 minutes are kept.
   *
   * @default {604_800_000} (7 days)
   */
  rollupRetentionMs?: number | undefined;
  /** Told of a save that failed; the file before it stands, and the next save tries again. Default: a process warning. */
  onError?: ((error: unknown) => void) | undefined;
}

/** Which stretch of which series, both ends included. */
export interface StoreRange {
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

/**
 * History of metrics in SQLite: each sample for hours, rollups of a minute for a day and of ten minutes for a week.
 * The database lives in memory and is written to its file at an interval, by atomic replacement; any SQLite client
 * reads the file, where the view `minutes` is a good start. Disposing it saves and closes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { MetricsStore } from "demi-health/store";
 *
 * await using store = await MetricsStore.open(); // in memory
 * store.append(Date.now(), { "process_resident_memory_bytes": 120_000_000 });
 * assert.equal(store.last("process_resident_memory_bytes")?.[1], 120_000_000);
 * ```
 */
export class MetricsStore implements AsyncDisposable {
  /** File of the store, absolute; `undefined` for one in memory. */
  readonly path: string | undefined;
  readonly #clock: Clock;
  readonly #database: Database;
  readonly #series: SeriesIndex;
  readonly #tables: SampleTables;
  readonly #retention: Retention;
  readonly #saver: Saver | undefined;
  #resources = new AsyncDisposableStack();
  #closing: Promise<void> | undefined;

  private constructor(database: Database, options: MetricsStoreOptions & { readonly clock: Clock }) {
    const { path, clock, saveIntervalMs = 4000, onError = warn } = options;
    this.path = path;
    this.#clock = clock;
    this.#database = database;
    this.#series = new SeriesIndex(database);
    this.#tables = new SampleTables(database);
    this.#retention = new Retention(retentionOf(options), clock.now(), this.#series.all());
    const saverOptions = { clock, intervalMs: saveIntervalMs, onError };
    this.#saver = path === undefined ? undefined : new Saver(path, () => database.export(), saverOptions);
  }

  /**
   * Opens the store, making its file's folder if needed; the file itself comes with the first save.
   *
   * @throws {RangeError} If an interval or a retention is not above 0, or a finer level is to be kept longer.
   * @throws {StoreUnwritableError} If the file cannot be read, or nothing can be written beside it.
   * @throws {StoreLockedError} If another process has it open.
   * @throws {StoreCorruptError} If it is damaged. It has then been renamed, so that opening anew starts empty.
   * @throws {StoreFormatError} If it is a database of somebody else's, or of a newer version; it is left alone.
   */
  static async open(options: MetricsStoreOptions = {}): Promise<MetricsStore> {
    const { clock = systemClock, saveIntervalMs = 4000 } = options;
    if (!(saveIntervalMs > 0)) {
      throw new RangeError(`Cannot open metrics store: 'saveIntervalMs' must be > 0, got ${saveIntervalMs}`);
    }
    retentionOf(options);
    await using starting = new AsyncDisposableStack();
    const path = options.path === undefined ? undefined : resolve(options.path);
    const database =
      path === undefined ? await createDatabase() : await openFile(path, clock.now(), starting);
    starting.defer(() => database.close());
    const store = new MetricsStore(database, { ...options, path, clock });
    store.#resources = starting.move();
    return store;
  }

  /**
   * Adds samples of one moment. One that is not finite is left out; so is one whose series has a sample of that time
   * already, or that is older than everything kept. Either all are in, or, when it throws, none.
   *
   * @param time Epoch ms; may be before the last one.
   * @param samples Values by sample key.
   * @throws {RangeError} If `time` is not a finite number.
   * @throws {SyntaxError} If a key is no sample key.
   */
  append(
    time: number,
    samples: Readonly<Record<string, number>> | Iterable<readonly [string, number]>,
  ): void {
    this.#checkOpen("append samples");
    if (!Number.isFinite(time)) {
      throw new RangeError(`Cannot append samples: 'time' must be finite, got ${time}`);
    }
    const entries = Symbol.iterator in samples ? samples : Object.entries(samples);
    this.#insertAll(Math.round(time), entries as Iterable<readonly [string, number]>);
    this.#trimSome();
    this.#saver?.markDirty();
  }

  /** Keys of all series. */
  keys(): string[] {
    this.#checkOpen("list series");
    return this.#series.all().map(({ key }) => key);
  }

  /** The newest sample of a series, among those kept one by one. */
  last(key: string): Point | undefined {
    this.#checkOpen("read last sample");
    const series = this.#series.get(key);
    return series && this.#tables.last(series.id);
  }

  /** Samples, oldest first; where only rollups are left, the mean of each at its middle. */
  query({ key, from, to }: StoreRange): Point[] {
    this.#checkOpen("query series");
    const series = this.#series.get(key);
    return series ? this.#tables.read(series.id, from, to).map(toPoint) : [];
  }

  /** As {@linkcode MetricsStore.query}, for every series of a metric that has these labels and any points there. */
  select(
    name: string,
    labels: Labels | undefined,
    from: number,
    to: number,
  ): { readonly labels: Labels; readonly points: readonly Point[] }[] {
    this.#checkOpen("select series");
    return this.#series
      .select(name, labels)
      .map((series) => ({
        labels: series.labels,
        points: this.#tables.read(series.id, from, to).map(toPoint),
      }))
      .filter(({ points }) => points.length > 0);
  }

  /** Points to draw, at most `points` of them, minima and maxima kept; a gap in the samples is a `null`. */
  history(query: StoreRange & { readonly points: number }): {
    readonly key: string;
    readonly points: readonly ChartPoint[];
  } {
    this.#checkOpen("read history");
    const { key, from, to, points } = query;
    const series = this.#series.get(key);
    const rows = series ? this.#tables.read(series.id, from, to) : [];
    return { key, points: downsample(toChartPoints(rows), points) };
  }

  /** Keeps a small piece of state under a name, as JSON. */
  putState(name: string, value: unknown): void {
    this.#checkOpen("put state");
    const json = JSON.stringify(value);
    if (json === undefined)
      throw new TypeError(`Cannot put state: '${name}' must be JSON, got ${typeof value}`);
    this.#database.run("INSERT OR REPLACE INTO state (name, json) VALUES (?, ?)", [name, json]);
    this.#saver?.markDirty();
  }

  /** What was kept under the name, parsed; `undefined` if nothing was. */
  getState(name: string): unknown {
    this.#checkOpen("get state");
    const row = this.#database.exec("SELECT json FROM state WHERE name = ?", [name])[0]?.values[0];
    return row && JSON.parse(String(row[0]));
  }

  /** Resolves when everything up to now is in the file; rejects, the old file standing, when it cannot be written. */
  async save(): Promise<void> {
    this.#checkOpen("save store");
    await this.#saver?.save();
  }

  /** Saves, gives the lock back and closes; rejects, closed all the same, when the last save failed. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#saver?.stop();
    try {
      await this.#saver?.save();
    } finally {
      await this.#resources.disposeAsync();
    }
  }

  #checkOpen(what: string): void {
    if (this.#closing) throw new Error(`Cannot ${what}: the metrics store is closed`);
  }

  #insertAll(time: number, samples: Iterable<readonly [string, number]>): void {
    const inserted = new Map<string, number>();
    const level = this.#retention.cutoffs.findIndex((cutoff) => time >= cutoff); // of the finest table that still takes it
    if (level < 0) return;
    this.#database.run("BEGIN");
    try {
      for (const [key, value] of samples) {
        if (!Number.isFinite(value)) continue;
        let id = this.#series.get(key)?.id ?? inserted.get(key);
        if (id === undefined) inserted.set(key, (id = this.#series.insert(key)));
        if (level === 0) this.#tables.insert(id, time, value);
        else this.#tables.insertLate(id, time, value, level - 1);
      }
      this.#database.run("COMMIT");
    } catch (error) {
      this.#database.run("ROLLBACK");
      throw error;
    }
    this.#series.commit(inserted);
  }

  #trimSome(): void {
    for (const series of this.#retention.take(this.#clock.now(), () => this.#series.all())) {
      this.#tables.trim(series.id, this.#retention.cutoffs);
      if (this.#tables.isEmpty(series.id)) this.#series.remove(series);
    }
  }
}

function toPoint({ time, mean, stepMs }: Row): Point {
  return [time + stepMs / 2, mean];
}

function retentionOf(options: MetricsStoreOptions): RetentionTimes {
  const {
    rawRetentionMs = 7_200_000,
    minuteRetentionMs = 86_400_000,
    rollupRetentionMs = 604_800_000,
  } = options;
  if (rawRetentionMs > 0 && rawRetentionMs <= minuteRetentionMs && minuteRetentionMs <= rollupRetentionMs) {
    return [rawRetentionMs, minuteRetentionMs, rollupRetentionMs];
  }
  throw new RangeError(
    `Cannot open metrics store: retention must be > 0 and longer for coarser levels, ` +
      `got ${rawRetentionMs}, ${minuteRetentionMs}, ${rollupRetentionMs} ms`,
  );
}

function warn(error: unknown): void {
  emitWarning(error instanceof Error ? error : String(error));
}
