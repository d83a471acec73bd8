import { Arena } from "./_arena.ts";
import { Chunk } from "./_chunk.ts";

// From, to, number of the times, count, number of columns, then the length of each.
const FIXED_BYTES = 24;
const HEAD_BYTES = FIXED_BYTES + 2 * 6;
const TIMES_KEPT = 64;
// More than a series has chunks in a week: a start takes them in series by series.
const PIECES_KEPT = 1024;

/** A chunk by its number in an arena, or, where there was no room in it, by itself. */
export type StoredChunk = number | Chunk;

/** What is to be known of a chunk to find it. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Encoded chunks in an arena; chunks with the same times share them. */
export class ChunkArena {
  readonly #arena: Arena;
  readonly #head = new Uint32Array(HEAD_BYTES / 4);
  readonly #view: DataView = new DataView(this.#head.buffer);
  /** How many chunks have the times of a number, and what these are called. */
  readonly #users = new Map<number, { count: number; readonly name: string }>();
  readonly #pieces = new Map<string, number>(); // of the newest times, by their bytes
  readonly #timesBytes = new Map<number, Uint8Array>(); // of a few: the same bytes are decoded once
  #lastTimes: { readonly bytes: Uint8Array; readonly piece: number } | undefined;
  #scratch: Uint8Array = new Uint8Array(4096);
  #pins = 0;
  #freed: number[] = [];

  constructor(bytes: number) {
    this.#arena = new Arena(bytes);
  }

  /** Share of it that is in use, 0…1. */
  get usedRatio(): number {
    return this.#arena.usedRatio;
  }

  /** Encodes a chunk and keeps it; itself, where there is no room. */
  put(chunk: Chunk): StoredChunk {
    chunk.encode();
    const { columns } = chunk.parts();
    const [times, ...values] = columns as [Uint8Array, ...Uint8Array[]];
    const timesPiece = this.#putTimes(times);
    if (timesPiece === 0) return chunk;
    const head = FIXED_BYTES + 2 * columns.length;
    const length = values.reduce((sum, column) => sum + column.length, head);
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(2 * length);
    const view = this.#view;
    view.setFloat64(0, chunk.from);
    view.setFloat64(8, chunk.to);
    view.setUint32(16, timesPiece);
    view.setUint16(20, chunk.count);
    view.setUint16(22, columns.length);
    for (const [i, column] of columns.entries()) view.setUint16(FIXED_BYTES + 2 * i, column.length);
    this.#scratch.set(new Uint8Array(this.#head.buffer, 0, head));
    let at = head;
    for (const column of values) {
      this.#scratch.set(column, at);
      at += column.length;
    }
    const piece = this.#arena.put(this.#scratch.subarray(0, length));
    if (piece === 0) {
      this.#releaseTimes(timesPiece);
      return chunk;
    }
    return piece;
  }

  /** The chunk, and none of the arena's own bytes. */
  read(stored: StoredChunk): Chunk {
    if (typeof stored !== "number") return stored;
    this.#arena.read(stored, this.#head);
    const view = this.#view;
    const from = view.getFloat64(0);
    const to = view.getFloat64(8);
    const timesPiece = view.getUint32(16);
    const count = view.getUint16(20);
    const columns = view.getUint16(22);
    const head = FIXED_BYTES + 2 * columns;
    let length = head;
    for (let i = 1; i < columns; i++) length += view.getUint16(FIXED_BYTES + 2 * i);
    const piece = this.#readBytes(stored, length);
    const encoded = [this.#readTimes(timesPiece, view.getUint16(FIXED_BYTES))];
    for (let i = 1, at = head; i < columns; i++) {
      encoded.push(piece.subarray(at, (at += view.getUint16(FIXED_BYTES + 2 * i))));
    }
    return Chunk.encoded(from, to, count, encoded);
  }

  /** What is to be known to find it. */
  spanOf(stored: StoredChunk): Span {
    if (typeof stored !== "number") return stored;
    this.#arena.read(stored, this.#head);
    const view = this.#view;
    return { from: view.getFloat64(0), to: view.getFloat64(8), count: view.getUint16(20) };
  }

  /** How much room its own columns take, without the times that it shares. */
  bytesOf(stored: StoredChunk): number {
    if (typeof stored !== "number") return stored.bytes;
    this.#arena.read(stored, this.#head);
    const columns = this.#view.getUint16(22);
    let bytes = 0;
    for (let i = 1; i < columns; i++) bytes += this.#view.getUint16(FIXED_BYTES + 2 * i);
    return bytes;
  }

  free(stored: StoredChunk): void {
    if (typeof stored !== "number") return;
    if (this.#pins > 0) {
      this.#freed.push(stored);
      return;
    }
    this.#arena.read(stored, this.#head);
    this.#releaseTimes(this.#view.getUint32(16));
    this.#arena.free(stored);
  }

  /** Whatever is freed stays as it is until {@linkcode ChunkArena.unpin}: somebody reads it bit by bit. */
  pin(): void {
    this.#pins++;
  }

  unpin(): void {
    this.#pins--;
    if (this.#pins > 0) return;
    for (const stored of this.#freed.splice(0)) this.free(stored);
  }

  #readBytes(piece: number, length: number): Uint8Array {
    const words = new Uint32Array(Math.ceil(length / 4));
    this.#arena.read(piece, words);
    return new Uint8Array(words.buffer, 0, length);
  }

  #putTimes(bytes: Uint8Array): number {
    if (this.#lastTimes?.bytes === bytes) {
      this.#users.get(this.#lastTimes.piece)!.count++;
      return this.#lastTimes.piece;
    }
    const name = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    let piece = this.#pieces.get(name);
    if (piece === undefined) {
      piece = this.#arena.put(bytes);
      if (piece === 0) return 0;
      this.#users.set(piece, { count: 0, name });
      if (this.#pieces.size === PIECES_KEPT) this.#pieces.delete(this.#pieces.keys().next().value!);
      this.#pieces.set(name, piece);
    }
    this.#lastTimes = { bytes, piece };
    this.#users.get(piece)!.count++;
    return piece;
  }

  #releaseTimes(piece: number): void {
    const user = this.#users.get(piece)!;
    user.count--;
    if (user.count > 0) return;
    this.#users.delete(piece);
    this.#timesBytes.delete(piece);
    if (this.#pieces.get(user.name) === piece) this.#pieces.delete(user.name);
    if (this.#lastTimes?.piece === piece) this.#lastTimes = undefined;
    this.#arena.free(piece);
  }

  #readTimes(piece: number, length: number): Uint8Array {
    const known = this.#timesBytes.get(piece);
    if (known) return known;
    const bytes = this.#readBytes(piece, length);
    if (this.#timesBytes.size === TIMES_KEPT) this.#timesBytes.delete(this.#timesBytes.keys().next().value!);
    this.#timesBytes.set(piece, bytes);
    return bytes;
  }
}
