import { Chunk, type Rows } from "./_chunk.ts";

const SMALLEST_HEAD = 8;
const NOTHING = new Float64Array(); // of levels that may never have a row

/** Told of rows between two indices, the second one not included. */
export type VisitRows = (rows: Rows, from: number, to: number) => void;

/** The rows of a series at a moment. */
export interface CapturedRows {
  readonly chunks: readonly Chunk[];
  /** Its first `count` rows do not change, but for the last of them, which is here as it was. */
  readonly head: readonly Float64Array[];
  readonly count: number;
  readonly last: readonly number[];
}

/** What was captured, in chunks. */
export function chunksOf({ chunks, head, count, last }: CapturedRows): readonly Chunk[] {
  if (count === 0) return chunks;
  const rows = head.map((column, i) => {
    const copy = column.slice(0, count);
    copy[count - 1] = last[i]!;
    return copy;
  });
  return [...chunks, Chunk.of(rows)];
}

/** Rows of a series in order of time, none twice: the newest in arrays that grow, the others in chunks. */
export class Columns {
  readonly #width: number;
  readonly #capacity: number;
  readonly #onSealed: (chunk: Chunk) => void;
  #chunks: readonly Chunk[] = []; // replaced, never changed: a snapshot may hold it

  #head: Float64Array[];
  #count = 0;
  #start = -Infinity;

  /**
   * @param width Number of columns, the times included.
   * @param capacity Most rows of a chunk.
   * @param onSealed Told of each chunk that is full and could be encoded.
   */
  constructor(width: number, capacity: number, onSealed: (chunk: Chunk) => void) {
    this.#width = width;
    this.#capacity = capacity;
    this.#onSealed = onSealed;
    this.#head = Array.from({ length: width }, () => NOTHING);
  }

  /** Times of the first and the last row; infinite where there is none. */
  get firstTime(): number {
    const first = this.#chunks[0]?.from ?? (this.#count > 0 ? this.#head[0]![0]! : Infinity);
    return Math.max(first, this.#start);
  }

  get lastTime(): number {
    return this.#count > 0 ? this.#head[0]![this.#count - 1]! : (this.#chunks.at(-1)?.to ?? -Infinity);
  }

  get isEmpty(): boolean {
    return this.lastTime < this.#start || this.lastTime === -Infinity;
  }

  /** How much memory the chunks take, and the rows of the head that are in use. */
  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.bytes, this.#count * this.#width * 8);
  }

  get rowCount(): number {
    return this.#chunks.reduce((sum, { count }) => sum + count, this.#count);
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
    const rows = this.#chunks[chunkAt]!.rows();
    const changed = changeRows(rows, time, values, merge);
    if (!changed) return false;
    const halves = changed[0]!.length > 2 * this.#capacity ? split(changed) : [changed];
    const chunks = halves.map((half) => Chunk.of(half));
    for (const chunk of chunks) this.#onSealed(chunk);
    this.#chunks = this.#chunks.toSpliced(chunkAt, 1, ...chunks);
    return true;
  }

  /** Goes through the rows between two times, both included, in order. */
  visit(from: number, to: number, visit: VisitRows): void {
    const begin = Math.max(from, this.#start);
    for (let i = this.#firstChunkFrom(begin); i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i]!;
      if (chunk.from > to) return;
      visitWithin(chunk.rows(), chunk.count, begin, to, visit);
    }
    if (this.#count > 0) visitWithin(this.#head, this.#count, begin, to, visit);
  }

  /** Goes through about the last `count` rows, at least so many where there are, in order. */
  visitLast(count: number, visit: VisitRows): void {
    let left = count - this.#count;
    let first = this.#chunks.length;
    while (left > 0 && first > 0) left -= this.#chunks[--first]!.count;
    this.visit(this.#chunks[first]?.from ?? -Infinity, Infinity, visit);
  }

  /** Forgets what is before a time. */
  dropBefore(time: number): void {
    if (time <= this.#start) return;
    this.#start = time;
    let gone = 0;
    while (gone < this.#chunks.length && this.#chunks[gone]!.to < time) gone++;
    if (gone > 0) this.#chunks = this.#chunks.slice(gone);
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
    this.#chunks = isHead ? chunks.slice(0, -1) : chunks;
    if (!isHead) return;
    this.#replaceHead(last.rows());
  }

  #seal(): void {
    const chunk = Chunk.of(this.#headRows());
    this.#chunks = [...this.#chunks, chunk];
    this.#head = makeRows(this.#width, this.#capacity);
    this.#count = 0;
    this.#onSealed(chunk);
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
      this.#onSealed(chunk);
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
    if (chunks.length === 0 || (this.#count > 0 && time > chunks.at(-1)!.to)) return -1;
    return Math.min(this.#firstChunkFrom(time), chunks.length - 1);
  }

  /** Index of the first chunk that ends at or after a time. */
  #firstChunkFrom(time: number): number {
    let [low, high] = [0, this.#chunks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#chunks[middle]!.to < time) low = middle + 1;
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
