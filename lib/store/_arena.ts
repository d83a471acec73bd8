const BLOCK_BYTES = 32;
const NEXT_BYTES = 4;
const CONTENT_BYTES = BLOCK_BYTES - NEXT_BYTES;
const BLOCK_WORDS = BLOCK_BYTES / 4;
const CONTENT_WORDS = CONTENT_BYTES / 4;

/**
 * Memory for many small pieces of any length, taken once and never more: pieces come and go for weeks without a trace in the heap,
 * where they would look like a leak. A piece lies in blocks, each of which says where the next one is.
 */
export class Arena {
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #blocks: number;
  #free = 0; // first block that was given back; 0 for none
  #fresh = 1; // first block that was never used
  #used = 0;

  /** @param bytes The system lends them when they are first written to. */
  constructor(bytes: number) {
    this.#blocks = Math.max(2, Math.floor(bytes / BLOCK_BYTES));
    this.#bytes = new Uint8Array(this.#blocks * BLOCK_BYTES);
    this.#words = new Uint32Array(this.#bytes.buffer);
  }

  /** Share of it that is in use, 0…1. */
  get usedRatio(): number {
    return this.#used / this.#blocks;
  }

  /** Keeps a piece. @returns Its number, or 0 where there is no room. */
  put(piece: Uint8Array): number {
    const needed = Math.max(1, Math.ceil(piece.length / CONTENT_BYTES));
    if (this.#used + needed >= this.#blocks) return 0;
    const bytes = this.#bytes;
    let first = 0;
    let before = 0;
    for (let at = 0; at < needed * CONTENT_BYTES; at += CONTENT_BYTES) {
      const block = this.#take();
      const offset = block * BLOCK_BYTES - at;
      const end = Math.min(piece.length, at + CONTENT_BYTES);
      for (let k = at; k < end; k++) bytes[offset + k] = piece[k]!;
      this.#words[nextOf(block)] = 0;
      if (before === 0) first = block;
      else this.#words[nextOf(before)] = block;
      before = block;
    }
    return first;
  }

  /** Copies the beginning of a piece, as much of it as there is room for. Words, as it is what a query spends its time with. */
  read(piece: number, into: Uint32Array): void {
    const words = this.#words;
    let block = piece;
    for (let at = 0; at < into.length; at += CONTENT_WORDS) {
      const offset = block * BLOCK_WORDS - at;
      const end = Math.min(into.length, at + CONTENT_WORDS);
      for (let k = at; k < end; k++) into[k] = words[offset + k]!;
      block = words[nextOf(block)]!;
    }
  }

  /** Gives a piece's blocks back. */
  free(piece: number): void {
    let last = piece;
    for (;;) {
      this.#used--;
      const next = this.#words[nextOf(last)]!;
      if (next === 0) break;
      last = next;
    }
    this.#words[nextOf(last)] = this.#free;
    this.#free = piece;
  }

  #take(): number {
    this.#used++;
    if (this.#free === 0) return this.#fresh++;
    const block = this.#free;
    this.#free = this.#words[nextOf(block)]!;
    return block;
  }
}

function nextOf(block: number): number {
  return (block * BLOCK_BYTES + CONTENT_BYTES) / NEXT_BYTES;
}
