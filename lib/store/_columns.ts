import { Chunk, type Rows } from "./_chunk.ts";
import type { ChunkArena, StoredChunk } from "./_chunk_arena.ts";

const SMALLEST_HEAD = 64; // a whole one of rollups: what grows step by step for days looks like a leak
const NOTHING = new Float64Array(); // of levels that may never have a row

/** Told of rows between two indices, the second one not included. */
export type VisitRows = (rows: Rows, from: number, to: number) => void;

/** The rows of a series at a moment. */
export interface CapturedRows {
  readonly chunks: readonly StoredChunk[];
  /** Its first `count` rows do not change, but for the last of them, which is here as it was. */
  readonly head: readonly Float64Array[];
  readonly count: number;
  readonly last: readonly number[];
}

/** What was captured, in chunks. */
export function* chunksOf(
  { chunks, head, count, last }: CapturedRows,
  arena: ChunkArena,
): Generator<Chunk, void, undefined> {
  for (const chunk of chunks) yield arena.read(chunk);
  if (count === 0) return;
  const rows = head.map((column, i) => {
    const copy = column.slice(0, count);
    copy[count - 1] = last[i]!;
    return copy;
  });
  yield Chunk.of(rows);
}

/** Where full chunks go. */
export interface ChunkKeeper {
  readonly arena: ChunkArena;
  /** Told of each chunk that could be moved into the arena, by {@linkcode Columns.settle}. */
  readonly onSealed: (columns: Columns, chunk: Chunk) => void;
}

/** Rows of a series in order of time, none twice: the newest in arrays that grow, the others in chunks. */
export class Columns {
  readonly #width: number;
  readonly #capacity: number;
  readonly #arena: ChunkArena;
  readonly #onSealed: ChunkKeeper["onSealed"];
  #chunks: readonly StoredChunk[] = []; // replaced, never changed: a snapshot may hold it
  #head: Float64Array[];
  #count = 0;
  #start = -Infinity;

  /**
   * @param width Number of columns, the times included.
   * @param capacity Most rows of a chunk.
   */
  constructor(width: number, capacity: number, { arena, onSealed }: ChunkKeeper) {
    this.#width = width;
    this.#capacity = capacity;
    this.#arena = arena;
    this.#onSealed = onSealed;
    this.#head = Array.from({ length: width }, () => NOTHING);
  }

  /** Times of the first and the last row; infinite where there is none. */
  get firstTime(): number {
    const [oldest] = this.#chunks;
    const headFirst = this.#count > 0 ? this.#head[0]![0]! : Infinity;
    const first = oldest === undefined ? headFirst : this.#arena.spanOf(oldest).from;
    return Math.max(first, this.#start);
  }

  get lastTime(): number {
    if (this.#count > 0) return this.#head[0]![this.#count - 1]!;
    const newest = this.#chunks.at(-1);
    return newest === undefined ? -Infinity : this.#arena.spanOf(newest).to;
  }

  get isEmpty(): boolean {
    return this.lastTime < this.#start || this.lastTime === -Infinity;
  }

  /** How much memory the chunks take, and the rows of the head that are in use. */
  get bytes(): number {
    let bytes = this.#count * this.#width * 8;
    for (const chunk of this.#chunks) bytes += this.#arena.bytesOf(chunk);
    return bytes;
  }

  get rowCount(): number {
    let rows = this.#count;
    for (const chunk of this.#chunks) rows += this.#arena.spanOf(chunk).count;
    return rows;
  }

  /** Columns that hold the last row, and its index; undefined where there is none in the head. */
  protected get head(): readonly Float64Array[] {
    return this.#head;
  }

  protected get headCount(): number {
    return this.#count;
  }

  /** Makes room for a row after the last one, whose time is later. @returns Its index in the head. */
  protected grow(time: number): number {
    if (this.#count === this.#capacity) this.#seal();
    else if (this.#count === this.#head[0]!.length) this.#enlarge();
    this.#head[0]![this.#count] = time;
    return this.#count++;
  }

  /** Puts a row where it belongs. @returns What `merge` says where there is one of that time already, else true. */
  protected insert(
    time: number,
    values: readonly number[],
    merge: (rows: Rows, index: number) => boolean,
  ): boolean {
    if (time > this.lastTime) {
      const index = this.grow(time);
      for (const [i, value] of values.entries()) this.#head[i + 1]![index] = value;
      return true;
    }
    const chunkAt = this.#chunkFor(time);
    if (chunkAt < 0) {
      // the arrays may be in a chunk that is being saved
      const changed = changeRows(this.#headRows(), time, values, merge);
      if (!changed) return false;
      this.#replaceHead(changed);
      return true;
    }
    const old = this.#chunks[chunkAt]!;
    const changed = changeRows(this.#arena.read(old).rows(), time, values, merge);
    if (!changed) return false;
    const halves = changed[0]!.length > 2 * this.#capacity ? split(changed) : [changed];
    const chunks = halves.map((half) => Chunk.of(half));
    this.#chunks = this.#chunks.toSpliced(chunkAt, 1, ...chunks);
    this.#arena.free(old);
    for (const chunk of chunks) this.#onSealed(this, chunk);
    return true;
  }

  /** Goes through the rows between two times, both included, in order. */
  visit(from: number, to: number, visit: VisitRows): void {
    const begin = Math.max(from, this.#start);
    for (let i = this.#firstChunkFrom(begin); i < this.#chunks.length; i++) {
      const stored = this.#chunks[i]!;
      if (this.#arena.spanOf(stored).from > to) return;
      const chunk = this.#arena.read(stored);
      visitWithin(chunk.rows(), chunk.count, begin, to, visit);
    }
    if (this.#count > 0) visitWithin(this.#head, this.#count, begin, to, visit);
  }

  /** Goes through about the last `count` rows, at least so many where there are, in order. */
  visitLast(count: number, visit: VisitRows): void {
    let left = count - this.#count;
    let first = this.#chunks.length;
    while (left > 0 && first > 0) left -= this.#arena.spanOf(this.#chunks[--first]!).count;
    const stored = this.#chunks[first];
    this.visit(stored === undefined ? -Infinity : this.#arena.spanOf(stored).from, Infinity, visit);
  }

  /** Forgets what is before a time. */
  dropBefore(time: number): void {
    if (time <= this.#start) return;
    this.#start = time;
    let gone = 0;
    while (gone < this.#chunks.length && this.#arena.spanOf(this.#chunks[gone]!).to < time) gone++;
    if (gone > 0) {
      const old = this.#chunks;
      this.#chunks = old.slice(gone);
      for (let i = 0; i < gone; i++) this.#arena.free(old[i]!);
    }
    if (this.#chunks.length === 0 && this.#count > 0 && this.lastTime < time) this.#count = 0;
  }

  /** All rows as they are now, without a copy of them: {@linkcode chunksOf} makes one, in its own time. */
  capture(): CapturedRows {
    const count = this.#count;
    const last = count === 0 ? [] : this.#head.map((column) => column[count - 1]!);
    return { chunks: this.#chunks, head: this.#head, count, last };
  }

  /** Takes chunks in, before anything else. What is less than full goes on being filled. */
  load(chunks: readonly Chunk[]): void {
    const last = chunks.at(-1);
    const isHead = last !== undefined && last.count < this.#capacity;
    this.#chunks = (isHead ? chunks.slice(0, -1) : chunks).map((chunk) => this.#arena.put(chunk));
    if (isHead) this.#replaceHead(last.rows());
  }

  /** Moves a chunk into the arena, if it is still there. */
  settle(chunk: Chunk): void {
    const index = this.#chunks.lastIndexOf(chunk);
    if (index >= 0) this.#chunks = this.#chunks.with(index, this.#arena.put(chunk));
  }

  #seal(): void {
    const chunk = Chunk.of(this.#headRows());
    this.#chunks = [...this.#chunks, chunk];
    this.#head = makeRows(this.#width, this.#capacity);
    this.#count = 0;
    this.#onSealed(this, chunk);
  }

  #enlarge(): void {
    const length = Math.min(this.#capacity, Math.max(SMALLEST_HEAD, 2 * this.#head[0]!.length));
    this.#head = this.#head.map((column) => {
      const grown = new Float64Array(length);
      grown.set(column);
      return grown;
    });
  }

  #headRows(): Rows {
    return this.#head.map((column) => column.subarray(0, this.#count));
  }

  #replaceHead(rows: Rows): void {
    const count = rows[0]!.length;
    if (count >= this.#capacity) {
      const chunk = Chunk.of(rows);
      this.#chunks = [...this.#chunks, chunk];
      this.#onSealed(this, chunk);
      this.#head = makeRows(this.#width, this.#capacity);
      this.#count = 0;
      return;
    }
    this.#head = makeRows(this.#width, Math.min(this.#capacity, Math.max(SMALLEST_HEAD, 2 * count)));
    for (const [i, column] of rows.entries()) this.#head[i]!.set(column);
    this.#count = count;
  }

  /** Index of the chunk that a row of a time belongs in; -1 for the head. */
  #chunkFor(time: number): number {
    const chunks = this.#chunks;
    if (chunks.length === 0 || (this.#count > 0 && time > this.#arena.spanOf(chunks.at(-1)!).to)) return -1;
    return Math.min(this.#firstChunkFrom(time), chunks.length - 1);
  }

  /** Index of the first chunk that ends at or after a time. */
  #firstChunkFrom(time: number): number {
    let [low, high] = [0, this.#chunks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#arena.spanOf(this.#chunks[middle]!).to < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Index of the first of `count` ordered times that is not before `time`. */
export function lowerBound(times: Float64Array, count: number, time: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function visitWithin(rows: Rows, count: number, from: number, to: number, visit: VisitRows): void {
  const times = rows[0]!;
  let end = count;
  if (times[count - 1]! < from || times[0]! > to) return;
  const first = times[0]! >= from ? 0 : lowerBound(times, count, from);
  if (times[count - 1]! > to) {
    end = lowerBound(times, count, to);
    if (times[end] === to) end++;
  }
  if (first < end) visit(rows, first, end);
}

/** A copy with one row more, or with one changed; undefined where `merge` has nothing to change. */
function changeRows(
  rows: Rows,
  time: number,
  values: readonly number[],
  merge: (rows: Rows, index: number) => boolean,
): Rows | undefined {
  const times = rows[0]!;
  const at = lowerBound(times, times.length, time);
  if (times[at] === time) {
    const copy = rows.map((column) => column.slice());
    return merge(copy, at) ? copy : undefined;
  }
  return rows.map((column, i) => {
    const longer = new Float64Array(column.length + 1);
    longer.set(column.subarray(0, at));
    longer[at] = i === 0 ? time : values[i - 1]!;
    longer.set(column.subarray(at), at + 1);
    return longer;
  });
}

function split(rows: Rows): readonly Rows[] {
  const middle = rows[0]!.length >>> 1;
  return [rows.map((column) => column.slice(0, middle)), rows.map((column) => column.slice(middle))];
}

function makeRows(width: number, length: number): Float64Array[] {
  return Array.from({ length: width }, () => new Float64Array(length));
}
