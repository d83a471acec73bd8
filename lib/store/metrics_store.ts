import { resolve } from "node:path";
import { emitWarning } from "node:process";
import type { Database } from "sql.js";
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";
import type { Labels } from "../metrics/sample_key.ts";
import { toChartPoints } from "./_chart_points.ts";
import { createDatabase } from "./_database.ts";
import { type Disk, nodeDisk } from "./_disk.ts";
import { Journal, type JournalContent, readJournal, type SyncPolicy } from "./_journal.ts";
import { openFile } from "./_open_file.ts";
import { Retention, type RetentionTimes } from "./_retention.ts";
import { type Row, SampleTables } from "./_sample_tables.ts";
import { type Image, Saver } from "./_saver.ts";
import { SeriesIndex } from "./_series_index.ts";
import { Trouble } from "./_trouble.ts";
import { type ChartPoint, downsample } from "./downsample.ts";
import { JournalDamagedError } from "./store_errors.ts";

/** A sample's time, epoch ms, and its value. */
export type Point = readonly [time: number, value: number];

/** Options of {@linkcode MetricsStore.open}. */
export interface MetricsStoreOptions {
  /** File of the store; its folder is made if needed. Without one the store lives in memory only. */
  path?: string | undefined;
  /** @default {systemClock} */
  clock?: Clock | undefined;
  /**
   * When a sample is made to survive a power cut: at once, at an interval, or only by {@linkcode MetricsStore.flush}. The journal
   * is written at the interval in each case, which survives a kill of the process.
   *
   * @default {"interval"}
   */
  sync?: SyncPolicy | undefined;
  /**
   * How often the journal is written: a kill loses less than that.
   *
   * @default {1000}
   */
  syncIntervalMs?: number | undefined;
  /**
   * How often all is written to the file, and the journal begins anew. Sooner when the journal is long.
   *
   * @default {600_000} (10 minutes)
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
  /**
   * Told of what could not be written, once until it works again: nothing is lost by that, and it is tried anew. And of a journal
   * that is damaged. Default: a process warning.
   */
  onError?: ((error: unknown) => void) | undefined;
}

type Sample = readonly [key: string, value: number];

interface CheckedOptions extends MetricsStoreOptions {
  readonly path: string | undefined;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly sync: SyncPolicy;
  readonly syncIntervalMs: number;
  readonly saveIntervalMs: number;
  readonly onError: (error: unknown) => void;
}

const SYNC_POLICIES: readonly SyncPolicy[] = ["always", "interval", "never"];
const LONG_JOURNAL_BYTES = 32 * 2 ** 20;

/** Which stretch of which series, both ends included. */
export interface StoreRange {
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

/**
 * History of metrics in SQLite: each sample for hours, rollups of a minute for a day and of ten minutes for a week.
 * The database lives in memory and is written to its file at an interval, by atomic replacement; what came since is in a journal
 * beside it, which the next start takes in. Any SQLite client reads the file, where the view `minutes` is a good start. Disposing
 * it saves and closes.
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
  readonly #journal: Journal | undefined;
  #resources = new AsyncDisposableStack();
  #closing: Promise<void> | undefined;

  private constructor(database: Database, options: CheckedOptions, before: JournalContent | undefined) {
    const { path, clock, disk, sync, syncIntervalMs, saveIntervalMs, onError } = options;
    this.path = path;
    this.#clock = clock;
    this.#database = database;
    this.#series = new SeriesIndex(database);
    this.#tables = new SampleTables(database);
    this.#retention = new Retention(retentionOf(options), clock.now(), this.#series.all());
    if (path === undefined || !before) return;
    const replace = (file: string, bytes: Uint8Array): Promise<void> => disk.replace(file, bytes);
    const trouble = new Trouble(onError);
    const saving = { clock, intervalMs: saveIntervalMs, replace, trouble };
    this.#saver = new Saver(path, () => this.#takeImage(), saving);
    this.#takeIn(before);
    const { next: segment, bytes } = before;
    const writing = { path, disk, clock, sync, intervalMs: syncIntervalMs, segment, bytes, trouble };
    this.#journal = new Journal(writing);
  }

  /**
   * Opens the store, making its file's folder if needed; the file itself comes with the first save. What a journal beside it says
   * is taken in.
   *
   * @throws {RangeError} If an interval or a retention is not above 0, or a finer level is to be kept longer; or `sync` is none.
   * @throws {StoreUnwritableError} If the file cannot be read, or nothing can be written beside it.
   * @throws {StoreLockedError} If another process has it open.
   * @throws {StoreCorruptError} If it is damaged. It has then been renamed, so that opening anew starts with the journal alone.
   * @throws {StoreFormatError} If it is a database of somebody else's, or of a newer version; it is left alone.
   */
  static async open(options: MetricsStoreOptions = {}): Promise<MetricsStore> {
    return await MetricsStore.openOn(nodeDisk, options);
  }

  /** @internal As {@linkcode MetricsStore.open}, on a disk of a test. */
  static async openOn(disk: Disk, options: MetricsStoreOptions): Promise<MetricsStore> {
    const checked = checkOptions(disk, options);
    const { path, clock, onError } = checked;
    await using starting = new AsyncDisposableStack();
    const database =
      path === undefined ? await createDatabase() : await openFile(path, disk, clock.now(), starting);
    starting.defer(() => database.close());
    const before = path === undefined ? undefined : await readJournal(disk, path, firstSegment(database));
    for (const damaged of before?.damaged ?? []) {
      const asideAs = await disk.setAside(damaged.path, clock.now());
      onError(new JournalDamagedError(damaged, asideAs));
    }
    const store = new MetricsStore(database, checked, before);
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
    const given = (Symbol.iterator in samples ? samples : Object.entries(samples)) as Iterable<Sample>;
    const entries = [...given].filter(([, value]) => Number.isFinite(value));
    this.#insertAll(Math.round(time), entries);
    this.#trimSome();
    this.#journal?.addSamples(Math.round(time), entries);
    this.#saveIfDue();
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
    this.#writeState(name, json);
    this.#journal?.addState(name, json);
    this.#saveIfDue();
  }

  /** What was kept under the name, parsed; `undefined` if nothing was. */
  getState(name: string): unknown {
    this.#checkOpen("get state");
    const row = this.#database.exec("SELECT json FROM state WHERE name = ?", [name])[0]?.values[0];
    return row && JSON.parse(String(row[0]));
  }

  /**
   * Resolves when everything up to now is durable: a kill and a power cut leave it there.
   *
   * @throws {StoreSaveError} If it cannot be written. It stays in memory, and is tried again.
   */
  async flush(): Promise<void> {
    this.#checkOpen("flush store");
    if (this.#journal?.hasLost) await this.#saver?.save();
    else await this.#journal?.flush();
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
      await this.#saver?.save().catch(async (error: unknown) => {
        await this.#journal?.flush().catch(() => undefined); // there may be room for a little
        throw error;
      });
      await this.#journal?.discard(this.#journal.cut());
    } finally {
      await this.#journal?.close();
      await this.#resources.disposeAsync();
    }
  }

  #saveIfDue(): void {
    this.#saver?.markDirty();
    if ((this.#journal?.bytes ?? 0) > LONG_JOURNAL_BYTES) this.#saver?.saveSoon();
  }

  #takeImage(): Image {
    const journal = this.#journal!;
    const cut = journal.cut();
    this.#database.run("INSERT OR REPLACE INTO meta (name, value) VALUES ('journal', ?)", [cut.segment]);
    return {
      bytes: this.#database.export(),
      // a segment that stays is known to be old by its number
      onSaved: () => journal.discard(cut).catch(() => undefined),
      onFailed: () => journal.keep(cut),
    };
  }

  #takeIn({ entries }: JournalContent): void {
    for (const entry of entries) {
      if (entry.kind === "samples") this.#insertAll(entry.time, entry.samples);
      else this.#writeState(entry.name, JSON.stringify(entry.value));
    }
    if (entries.length > 0) this.#saver?.markDirty();
  }

  #writeState(name: string, json: string): void {
    this.#database.run("INSERT OR REPLACE INTO state (name, json) VALUES (?, ?)", [name, json]);
  }

  #checkOpen(what: string): void {
    if (this.#closing) throw new Error(`Cannot ${what}: the metrics store is closed`);
  }

  #insertAll(time: number, samples: readonly Sample[]): void {
    const inserted = new Map<string, number>();
    const level = this.#retention.cutoffs.findIndex((cutoff) => time >= cutoff); // of the finest table that still takes it
    if (level < 0) return;
    this.#database.run("BEGIN");
    try {
      for (const [key, value] of samples) {
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

function checkOptions(disk: Disk, options: MetricsStoreOptions): CheckedOptions {
  const { clock = systemClock, sync = "interval", onError = warn } = options;
  const { syncIntervalMs = 1000, saveIntervalMs = 600_000 } = options;
  for (const [name, value] of Object.entries({ syncIntervalMs, saveIntervalMs })) {
    if (!(value > 0)) throw new RangeError(`Cannot open metrics store: '${name}' must be > 0, got ${value}`);
  }
  if (!SYNC_POLICIES.includes(sync)) {
    throw new RangeError(
      `Cannot open metrics store: 'sync' must be ${SYNC_POLICIES.join(" or ")}, got ${sync}`,
    );
  }
  retentionOf(options);
  const path = options.path === undefined ? undefined : resolve(options.path);
  return { ...options, path, disk, clock, sync, syncIntervalMs, saveIntervalMs, onError };
}

function firstSegment(database: Database): number {
  const row = database.exec("SELECT value FROM meta WHERE name = 'journal'")[0]?.values[0];
  return Number(row?.[0] ?? 1);
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
