import { basename, dirname, join } from "node:path";
import type { Clock, ClockTimer } from "../base/clock.ts";
import type { Annotation } from "./annotation.ts";
import type { Disk, DiskFile } from "./_disk.ts";
import { FrameWriter, type JournalEntry, readSegment } from "./_journal_frames.ts";
import type { Trouble } from "./_trouble.ts";
import { StoreSaveError } from "./store_errors.ts";

/** When what was appended is made to survive a power cut: at once, at an interval, or only when asked. */
export type SyncPolicy = "always" | "interval" | "never";

/** Options of {@linkcode Journal}. */
export interface JournalOptions {
  /** Of the store's file: segments lie beside it. */
  readonly path: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly sync: SyncPolicy;
  readonly intervalMs: number;
  /** Number of the first segment that is written. */
  readonly segment: number;
  /** Length of the segments before it. */
  readonly bytes: number;
  readonly trouble: Trouble;
}

/** Frames that are to be written to a segment, all of them or what is left. */
interface Part {
  readonly segment: number;
  bytes: Uint8Array;
  /** How many entries are durable once it is. */
  readonly until: number;
  mustSync: boolean;
}

/** A moment of a journal: what was added before it lies in segments before this one. */
export interface Cut {
  readonly segment: number;
  readonly entries: number;
  readonly hasLost: boolean;
}

interface OpenSegment {
  readonly segment: number;
  readonly file: DiskFile;
  position: number;
  isDirty: boolean;
}

interface Waiter {
  readonly until: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const LOST = new Error("nothing could be written for too long");
// What waits for a disk that takes nothing; beyond it only a save brings safety, which needs the disk, too.
const MOST_WAITING_BYTES = 64 * 2 ** 20;

/**
 * What was appended since the file was saved, in segments beside it: each is a number of frames that begin anew. Writing never
 * waits for the disk: what comes while it is busy goes out together, next.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #frames = new FrameWriter();
  #segment: number;
  #appended = 0;
  #durable = 0;
  #queue: Part[] = [];
  #queuedBytes = 0;
  #file: OpenSegment | undefined;
  #waiters: Waiter[] = [];
  #timer: ClockTimer | undefined;
  #running: Promise<void> | undefined;
  #isFailing = false;
  #hasLost = false;
  #isClosed = false;
  #bytes = 0;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#segment = options.segment;
    this.#bytes = options.bytes;
    this.#frames.begin();
  }

  /** Number of the segment that is appended to. */
  get segment(): number {
    return this.#segment;
  }

  /** Length of all segments that a start would have to read. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether entries were given up, as nothing could be written for too long: what is whole again with the next save. */
  get hasLost(): boolean {
    return this.#hasLost;
  }

  addSamples(time: number, keys: readonly string[], values: ArrayLike<number>): void {
    this.#frames.addSamples(time, keys, values);
    this.#added();
  }

  addAnnotation(annotation: Annotation): void {
    this.#frames.addAnnotation(annotation);
    this.#added();
  }

  addState(name: string, json: string): void {
    this.#frames.addState(name, json);
    this.#added();
  }

  /** Resolves when all that was added is durable; rejects where it cannot be written. */
  flush(): Promise<void> {
    if (this.#durable >= this.#appended) return Promise.resolve();
    this.#takeFrames(true);
    if (this.#hasLost) return Promise.reject(new StoreSaveError(this.#options.path, LOST));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const until = this.#appended;
    this.#waiters.push({ until, resolve, reject });
    // what was written without a sync is made durable by a part of nothing
    this.#queue.push({ segment: this.#segment, bytes: new Uint8Array(), until, mustSync: true });
    this.#run();
    return promise;
  }

  /** Begins a segment: what is added from here on goes there. */
  cut(): Cut {
    this.#takeFrames(false);
    const cut = { segment: this.#segment + 1, entries: this.#appended, hasLost: this.#hasLost };
    this.#segment++;
    this.#hasLost = false;
    this.#frames.begin();
    return cut;
  }

  /** What was added before the cut is not durable elsewhere after all. */
  keep(cut: Cut): void {
    this.#hasLost ||= cut.hasLost;
  }

  /** What was added before the cut is durable elsewhere: its segments are removed. */
  async discard({ segment, entries }: Cut): Promise<void> {
    const { path, disk } = this.#options;
    this.#queue = this.#queue.filter((part) => part.segment >= segment);
    this.#queuedBytes = this.#queue.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#settle(entries);
    await this.#running; // it may be at a segment that goes; the next time it is not
    if (this.#file && this.#file.segment < segment) await this.#closeFile();
    this.#bytes = this.#file?.position ?? 0;
    for (const number of await listSegments(disk, path)) {
      if (number < segment) await disk.remove(segmentPath(path, number));
    }
  }

  /** Writes no more. What is not durable by now is given up. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#queue = [];
    while (this.#running) await this.#running;
    await this.#closeFile();
  }

  #added(): void {
    this.#appended++;
    const { sync, clock, intervalMs } = this.#options;
    if (sync === "always") queueMicrotask(() => this.#commit());
    else this.#timer ??= clock.setTimer(() => this.#commit(), intervalMs, { keepAlive: false });
    if (this.#frames.length > MOST_WAITING_BYTES / 8) this.#takeFrames(sync !== "never");
  }

  #commit(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#takeFrames(this.#options.sync !== "never");
    this.#run();
  }

  #takeFrames(mustSync: boolean): void {
    if (this.#frames.length === 0) return;
    const bytes = this.#frames.take();
    if (this.#hasLost || this.#queuedBytes + bytes.length > MOST_WAITING_BYTES) {
      this.#hasLost = true; // a segment with a hole would be believed up to there: nothing more goes in
      return;
    }
    this.#queuedBytes += bytes.length;
    this.#queue.push({ segment: this.#segment, bytes, until: this.#appended, mustSync });
  }

  #run(): void {
    if (this.#running || this.#queue.length === 0 || this.#isClosed) return;
    const { clock, trouble } = this.#options;
    const written = this.#drain().then(
      () => {
        this.#isFailing = false;
        trouble.isOver();
      },
      (cause: unknown) => {
        const error = new StoreSaveError(this.#options.path, cause);
        const waiters = this.#waiters.splice(0);
        for (const { reject } of waiters) reject(error);
        if (waiters.length === 0) trouble.tell(error);
        this.#isFailing = true;
        this.#timer ??= clock.setTimer(() => this.#commit(), this.#options.intervalMs, { keepAlive: false });
      },
    );
    this.#running = clock.track(written, "write journal").then(() => {
      this.#running = undefined;
      if (!this.#isFailing) this.#run(); // what came in between
    });
  }

  async #drain(): Promise<void> {
    for (;;) {
      const [part] = this.#queue;
      if (!part || this.#isClosed) return;
      const open = await this.#openFor(part.segment);
      while (part.bytes.length > 0) {
        open.isDirty = true;
        const count = await open.file.write(part.bytes, open.position);
        if (count === 0) throw new Error("nothing more can be written");
        open.position += count;
        this.#bytes += count;
        part.bytes = part.bytes.subarray(count);
        this.#queuedBytes -= count;
      }
      // parts of one segment are synced together
      const isLast = this.#queue[1]?.segment !== part.segment;
      if (part.mustSync && isLast) await this.#sync(open);
      if (this.#queue[0] === part) this.#queue.shift(); // unless it was given up meanwhile
      if (part.mustSync && isLast) this.#settle(part.until);
      else if (part.mustSync && this.#queue[0]) this.#queue[0].mustSync = true;
    }
  }

  async #openFor(segment: number): Promise<OpenSegment> {
    if (this.#file?.segment === segment) return this.#file;
    if (this.#file?.isDirty) await this.#sync(this.#file);
    await this.#closeFile();
    const file = await this.#options.disk.create(segmentPath(this.#options.path, segment));
    this.#file = { segment, file, position: 0, isDirty: false };
    return this.#file;
  }

  async #sync(open: OpenSegment): Promise<void> {
    try {
      await open.file.sync();
      open.isDirty = false;
    } catch (error) {
      this.#hasLost = true; // the system may have dropped what it could not write, and says so once only
      throw error;
    }
  }

  async #closeFile(): Promise<void> {
    const open = this.#file;
    this.#file = undefined;
    await open?.file.close().catch(() => undefined); // what matters was synced
  }

  #settle(durable: number): void {
    this.#durable = Math.max(this.#durable, durable);
    const done = this.#waiters.filter(({ until }) => until <= this.#durable);
    if (done.length === 0) return;
    this.#waiters = this.#waiters.filter(({ until }) => until > this.#durable);
    for (const { resolve } of done) resolve();
  }
}

/** What the segments beside a file say, from one on, in their order. */
export interface JournalContent {
  readonly entries: readonly JournalEntry[];
  /** Number that the next segment may have. */
  readonly next: number;
  /** Segments that are damaged, with what was read of each; the newest may be torn at its end, and is none of them. */
  readonly damaged: readonly { readonly path: string; readonly wholeBytes: number; readonly bytes: number }[];
  readonly bytes: number;
}

/** Reads what a store must still take in. Segments before `from` are removed: the file has what they say. */
export async function readJournal(disk: Disk, path: string, from: number): Promise<JournalContent> {
  const entries: JournalEntry[] = [];
  const damaged: { path: string; wholeBytes: number; bytes: number }[] = [];
  let next = from;
  let total = 0;
  const numbers = await listSegments(disk, path);
  for (const number of numbers) {
    const file = segmentPath(path, number);
    next = Math.max(next, number + 1);
    if (number < from) {
      await disk.remove(file);
      continue;
    }
    const bytes = (await disk.read(file)) ?? new Uint8Array();
    const content = readSegment(bytes);
    for (const entry of content.entries) entries.push(entry);
    total += bytes.length;
    const isTorn = content.wholeBytes < bytes.length;
    if (isTorn && number !== numbers.at(-1)) {
      damaged.push({ path: file, wholeBytes: content.wholeBytes, bytes: bytes.length });
    }
  }
  return { entries, next, damaged, bytes: total };
}

function segmentPath(path: string, segment: number): string {
  return `${path}.journal-${String(segment).padStart(8, "0")}`;
}

async function listSegments(disk: Disk, path: string): Promise<readonly number[]> {
  const prefix = `${basename(path)}.journal-`;
  const names = (await disk.list(dirname(join(path)))).filter((name) => name.startsWith(prefix));
  return names
    .map((name) => Number(name.slice(prefix.length)))
    .filter((number) => Number.isSafeInteger(number))
    .sort((a, b) => a - b);
}
