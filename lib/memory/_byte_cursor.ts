// This module is browser-safe.
import { HeapSnapshotFormatError } from "./heap_snapshot_format_error.ts";

/** Reads what it can of the cursor's chunk; whether it came to its end. If not it goes on with the next chunk. */
export interface Scanner {
  scan(cursor: ByteCursor): boolean;
}

/** A step of reading: yields when it needs the next chunk. */
export type Reading<T> = Generator<undefined, T, void>;

/** A place in bytes that arrive chunk by chunk. */
export class ByteCursor {
  chunk: Uint8Array = new Uint8Array(0);
  position = 0;
  /** No more chunks come. */
  isEnded = false;
  #before = 0;

  /** Goes on to the next chunk, which nobody may change until it is read. */
  load(chunk: Uint8Array): void {
    this.#before += this.chunk.length;
    this.chunk = chunk;
    this.position = 0;
  }

  get offset(): number {
    return this.#before + this.position;
  }

  /** @throws {HeapSnapshotFormatError} Always: of what is here, the byte unless something else is said. */
  refuse(what: string, rule: string, got: string = this.#describe()): never {
    throw new HeapSnapshotFormatError(what, rule, got, this.offset);
  }

  /** Waits for a byte to be there. */
  *need(what: string): Reading<number> {
    while (this.position >= this.chunk.length) yield* this.#more(what);
    return this.chunk[this.position]!;
  }

  /** Lets a scanner read on to its end. */
  *run(scanner: Scanner, what: string): Reading<void> {
    while (!scanner.scan(this)) yield* this.#more(what);
  }

  *#more(what: string): Reading<void> {
    if (this.isEnded) this.refuse(what, "go on");
    yield;
  }

  #describe(): string {
    const byte = this.chunk[this.position];
    if (byte === undefined) return "the end";
    const isPrintable = byte > 0x20 && byte < 0x7f;
    return isPrintable ? `'${String.fromCharCode(byte)}'` : `0x${byte.toString(16).padStart(2, "0")}`;
  }
}
