import type { Clock } from "../base/clock.ts";
import type { Labels } from "../metrics/sample_key.ts";
import { type Annotation, checkAnnotation } from "./annotation.ts";
import { AnnotationList } from "./_annotation_list.ts";
import { checkExport, type ExportQuery, formatRows } from "./export_samples.ts";
import type { Chunk } from "./_chunk.ts";
import { ChunkArena } from "./_chunk_arena.ts";
import type { Columns } from "./_columns.ts";
import type { StoreContent } from "./_content.ts";
import { type Disk, nodeDisk } from "./_disk.ts";
import { makeImage } from "./_image_thread.ts";
import { Journal, type JournalContent, readJournal } from "./_journal.ts";
import { openFile } from "./_open_file.ts";
import { unpack } from "./_pack.ts";
import { Retention } from "./_retention.ts";
import { type Image, Saver } from "./_saver.ts";
import type { Series } from "./_series.ts";
import { SeriesIndex } from "./_series_index.ts";
import { SeriesReader } from "./_series_reader.ts";
import type { Point, RangeQuery, StoreRange, WindowQuery } from "./store_queries.ts";
import { captureContent } from "./_snapshot.ts";
import { type CheckedOptions, checkOptions, type MetricsStoreOptions } from "./_store_options.ts";
import { Trouble } from "./_trouble.ts";
import type { ChartPoint } from "./downsample.ts";
import { JournalDamagedError, TooManySeriesError } from "./store_errors.ts";

// Some 30,000 years: differences of such times still are whole numbers.
const LATEST = 1e15;
// What is forgotten when there is no more room for chunks, and when: before it is too late.
const FULL_RATIO = 0.9;
const FORGOTTEN_RATIO = 0.1;
const LONG_JOURNAL_BYTES = 32 * 2 ** 20;
// Encoding a chunk takes some ten microseconds; all series that began together are full together.
const CHUNKS_ENCODED_AT_ONCE = 16;
// After an append nobody waits for more than this: 2,000 series of a chunk each.
const MOST_CHUNKS_WAITING = 2000;

/**
 * History of metrics in memory, and in an SQLite file: each sample for a week, or as many as fit, in compressed chunks, and rollups of ten minutes
 * and of an hour for longer. What was appended is in a journal beside the file within an interval, which the next start takes in;
 * another thread writes the file now and then, by atomic replacement. Any SQLite client reads it, where the views `ten_minutes`
 * and `hours` are a good start. Disposing it saves and closes.
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
  readonly #options: CheckedOptions;
  readonly #clock: Clock;
  readonly #series: SeriesIndex;
  readonly #retention: Retention;
  readonly #state = new Map<string, string>();
  readonly #annotations = new AnnotationList();
  readonly #saver: Saver | undefined;
  readonly #journal: Journal | undefined;
  readonly #reader: SeriesReader;
  readonly #arena: ChunkArena;
  #sealed: { readonly columns: Columns; readonly chunk: Chunk }[] = [];
  #isFull = false;
  // of the append under way: kept, so that an append makes no garbage
  readonly #keys: string[] = [];
  readonly #values: number[] = [];
  readonly #targets: Series[] = [];
  #resources = new AsyncDisposableStack();
  #closing: Promise<void> | undefined;

  private constructor(
    options: CheckedOptions,
    content: StoreContent | undefined,
    before: JournalContent | undefined,
  ) {
    const { path, clock, disk, sync, syncIntervalMs, saveIntervalMs, onError } = options;
    this.path = path;
    this.#options = options;
    this.#clock = clock;
    this.#arena = new ChunkArena(options.memoryBytes);
    const onSealed = (columns: Columns, chunk: Chunk): void => void this.#sealed.push({ columns, chunk });
    this.#series = new SeriesIndex({ arena: this.#arena, onSealed });
    this.#reader = new SeriesReader(this.#series);
    if (content) this.#load(content);
    this.#retention = new Retention(options.retention, clock.now(), this.#series.all());
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
   * @throws {RangeError} If an interval, a size or a retention is not above 0, or a finer level is to be kept longer; or `sync` is none.
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
    if (path === undefined) return new MetricsStore(checked, undefined, undefined);
    await using starting = new AsyncDisposableStack();
    const content = await clock.track(openFile(path, disk, clock.now(), starting), "open metrics");
    const before = await readJournal(disk, path, content?.firstSegment ?? 1);
    for (const damaged of before.damaged) {
      const asideAs = await disk.setAside(damaged.path, clock.now());
      onError(new JournalDamagedError(damaged, asideAs));
    }
    const store = new MetricsStore(checked, content, before);
    store.#resources = starting.move();
    return store;
  }

  /**
   * Adds samples of one moment. One that is not finite is left out; so is one whose series has a sample of that time
   * already, or that is older than everything kept. Either all are in, or, when it throws, none.
   *
   * @param time Epoch ms; may be before the last one.
   * @param samples Values by sample key.
   * @throws {RangeError} If `time` is no epoch ms, or a key is longer than 16,384 characters.
   * @throws {SyntaxError} If a key is no sample key.
   */
  append(
    time: number,
    samples: Readonly<Record<string, number>> | Iterable<readonly [string, number]>,
  ): void {
    this.#checkOpen("append samples");
    if (!(Math.abs(time) <= LATEST)) {
      throw new RangeError(`Cannot append samples: 'time' must be epoch ms up to ${LATEST}, got ${time}`);
    }
    const [keys, values] = [this.#keys, this.#values];
    keys.length = values.length = 0;
    if (Symbol.iterator in samples) {
      for (const [key, value] of samples as Iterable<readonly [string, number]>) {
        if (Number.isFinite(value)) values[keys.push(key) - 1] = value;
      }
    } else {
      for (const key of Object.keys(samples)) {
        const value = samples[key]!;
        if (Number.isFinite(value)) values[keys.push(key) - 1] = value;
      }
    }
    this.#trimSome();
    const whole = Math.round(time);
    this.#insert(whole, keys, values);
    this.#journal?.addSamples(whole, keys, values);
    this.#encodeSome();
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
    return this.#series.get(key)?.samples.last;
  }

  /** The newest samples of a series, at most `count` of them, oldest first, among those kept one by one. */
  lastN(key: string, count: number): Point[] {
    this.#checkOpen("read last samples");
    return this.#reader.lastN(key, count);
  }

  /** Samples, oldest first; where only rollups are left, the mean of each at its middle. */
  query(range: StoreRange): Point[] {
    this.#checkOpen("query series");
    return this.#reader.query(range);
  }

  /** As {@linkcode MetricsStore.query}, for every series of a metric that has these labels and any points there. */
  select(
    name: string,
    labels: Labels | undefined,
    from: number,
    to: number,
  ): { readonly labels: Labels; readonly points: readonly Point[] }[] {
    this.#checkOpen("select series");
    return this.#reader.select(name, labels, from, to);
  }

  /**
   * What a function makes of the samples of a window: the rate of a counter, a quantile over time; see `evaluateWindow`. Undefined where
   * there are too few.
   */
  evaluate(query: WindowQuery): number | undefined {
    this.#checkOpen("evaluate window");
    return this.#reader.evaluate(query);
  }

  /**
   * The same at each step from `from` to `to`, of the window that ends there; null where there are too few samples.
   *
   * @throws {RangeError} If there would be more than 11,000 steps, the most that Prometheus gives.
   */
  evaluateRange(query: RangeQuery): readonly (readonly [time: number, value: number | null])[] {
    this.#checkOpen("evaluate range");
    return this.#reader.evaluateRange(query);
  }

  /**
   * Points to draw, at most `points` of them, minima and maxima kept; a gap in the samples is a `null`. Where a point stands for
   * hours, rollups tell of them.
   */
  history(query: StoreRange & { readonly points: number }): {
    readonly key: string;
    readonly points: readonly ChartPoint[];
  } {
    this.#checkOpen("read history");
    return this.#reader.history(query);
  }

  /**
   * Text with all samples, series by series, in parts as they are asked for: `Readable.from(store.exportSamples({ format: "csv" }))`
   * is a stream. Where only rollups are left, these.
   *
   * @throws {RangeError} If there is no such format.
   */
  exportSamples(query: ExportQuery): Generator<string, void, undefined> {
    this.#checkOpen("export samples");
    checkExport(query);
    return formatRows(this.#reader.rows(query), query.format);
  }

  /**
   * Keeps what happened, for pages to draw beside the series. As long as rollups of an hour are kept.
   *
   * @throws {TypeError} If it is no annotation.
   */
  annotate(annotation: Annotation): void {
    this.#checkOpen("annotate");
    this.#annotations.add(checkAnnotation(annotation));
    this.#journal?.addAnnotation(annotation);
    this.#saveIfDue();
  }

  /** What happened between two times, both included, in order of time; of one kind, or of all. */
  annotations({ from, to, kind }: { from: number; to: number; kind?: string | undefined }): Annotation[] {
    this.#checkOpen("read annotations");
    return this.#annotations.between(from, to, kind);
  }

  /** Keeps a small piece of state under a name, as JSON. */
  putState(name: string, value: unknown): void {
    this.#checkOpen("put state");
    const json = JSON.stringify(value);
    if (json === undefined)
      throw new TypeError(`Cannot put state: '${name}' must be JSON, got ${typeof value}`);
    if (this.#state.get(name) === json) return;
    this.#state.set(name, json);
    this.#journal?.addState(name, json);
    this.#saveIfDue();
  }

  /** What was kept under the name, parsed; `undefined` if nothing was. */
  getState(name: string): unknown {
    this.#checkOpen("get state");
    const json = this.#state.get(name);
    return json === undefined ? undefined : JSON.parse(json);
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
    const pack = captureContent(this.#series.all(), this.#state, this.#annotations.all(), this.#arena);
    return {
      make: async () => {
        const image = await makeImage(await pack(cut.segment));
        const excess = image.length - this.#options.maxBytes;
        if (excess > 0) this.#retention.shed(excess, this.#series.all());
        return image;
      },
      // a segment that stays is known to be old by its number
      onSaved: () => journal.discard(cut).catch(() => undefined),
      onFailed: () => journal.keep(cut),
    };
  }

  #load({ series, pack, state, events }: StoreContent): void {
    const byId = new Map<number, { readonly series: Series; readonly levels: Chunk[][] }>();
    for (const { id, key, rawFrom } of series) {
      const one = this.#series.make(key, id);
      const [, ...others] = one.cutoffs;
      one.cutoffs = [rawFrom, ...others];
      one.samples.dropBefore(rawFrom);
      this.#series.add(one);
      byId.set(id, { series: one, levels: [[], ...one.rollups.map(() => [])] });
    }
    for (const { series: id, level, chunk } of unpack(pack)) byId.get(id)?.levels[level]?.push(chunk);
    for (const { series: one, levels } of byId.values()) {
      for (const chunks of levels) chunks.sort((a, b) => a.from - b.from);
      one.samples.load(levels[0]!);
      for (const [i, columns] of one.rollups.entries()) columns.load(levels[i + 1]!);
    }
    for (const [name, json] of state) this.#state.set(name, json);
    for (const event of events) this.#annotations.load(event);
  }

  #takeIn({ entries }: JournalContent): void {
    for (const entry of entries) {
      if (entry.kind === "samples") this.#insert(entry.time, entry.keys, entry.values);
      else if (entry.kind === "annotation") this.#annotations.add(entry.annotation);
      else this.#state.set(entry.name, JSON.stringify(entry.value));
    }
    if (entries.length > 0) this.#saver?.markDirty();
  }

  #checkOpen(what: string): void {
    if (this.#closing) throw new Error(`Cannot ${what}: the metrics store is closed`);
  }

  /** All keys are looked at before anything is changed. */
  #insert(time: number, keys: readonly string[], values: ArrayLike<number>): void {
    const targets = this.#targets;
    let made: Map<string, Series> | undefined;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      // mostly the very keys of the time before
      const before = targets[i];
      if (before?.key === key && before.isListed) continue;
      let series = this.#series.get(key) ?? made?.get(key);
      if (!series) {
        const size = this.#series.size + (made?.size ?? 0);
        if (size >= this.#options.maxSeries && !this.#isFull) this.#tellFull(key);
        series = this.#series.make(key);
        if (size < this.#options.maxSeries) (made ??= new Map()).set(key, series);
      }
      targets[i] = series;
    }
    if (made) {
      for (const key of made.keys()) {
        const series = this.#series.make(key); // its number is known only now
        series.cutoffs = this.#retention.cutoffs;
        this.#series.add(series);
      }
      for (let i = 0; i < keys.length; i++) targets[i] = this.#series.get(keys[i]!) ?? targets[i]!;
    }
    for (let i = 0; i < keys.length; i++) targets[i]!.add(time, values[i]!);
    if (made) for (const key of made.keys()) this.#dropIfEmpty(this.#series.get(key)!);
  }

  /** A sample that is older than everything kept begins no series. */
  #dropIfEmpty(series: Series): void {
    if (series.isEmpty) this.#series.remove(series);
  }

  #tellFull(key: string): void {
    this.#isFull = true;
    this.#options.onError(new TooManySeriesError(this.#options.maxSeries, key));
  }

  #trimSome(): void {
    for (const series of this.#retention.take(this.#clock.now(), () => this.#series.all())) {
      series.trim(this.#retention.cutoffs);
      if (!series.isEmpty) continue;
      this.#series.remove(series);
      this.#isFull = false;
    }
    this.#annotations.dropBefore(this.#retention.cutoffs.at(-1)!);
  }

  #encodeSome(): void {
    if (this.#sealed.length === 0) return;
    const count = Math.max(CHUNKS_ENCODED_AT_ONCE, this.#sealed.length - MOST_CHUNKS_WAITING);
    for (const { columns, chunk } of this.#sealed.splice(0, count)) columns.settle(chunk);
    if (this.#arena.usedRatio > FULL_RATIO && !this.#retention.isDue) {
      this.#retention.forgetSamples(FORGOTTEN_RATIO, this.#series.all());
    }
  }
}
