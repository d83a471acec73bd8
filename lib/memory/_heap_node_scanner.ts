// This module is browser-safe.
import type { ByteCursor, Scanner } from "./_byte_cursor.ts";
import { ARRAY_END, COMMA, isSpace } from "./_json_bytes.ts";

/** How the numbers of `nodes` are to be read, from the snapshot's own description. */
export interface NodeLayout {
  /** Numbers a node. */
  readonly width: number;
  readonly typeAt: number;
  readonly nameAt: number;
  readonly selfSizeAt: number;
}

const BEFORE = 0;
const DIGITS = 1;
const AFTER = 2;

/** Reads the array of `nodes` after its bracket, and tells of each node. */
export class HeapNodeScanner implements Scanner {
  readonly #layout: NodeLayout;
  readonly #onNode: (type: number, name: number, selfSize: number) => void;
  #numbers = 0;
  #state = BEFORE;
  #value = 0;
  #field = 0;
  #type = 0;
  #name = 0;
  #selfSize = 0;

  constructor(layout: NodeLayout, onNode: (type: number, name: number, selfSize: number) => void) {
    this.#layout = layout;
    this.#onNode = onNode;
  }

  /** Numbers read. */
  get numbers(): number {
    return this.#numbers;
  }

  scan(cursor: ByteCursor): boolean {
    const { chunk } = cursor;
    for (; cursor.position < chunk.length; cursor.position++) {
      const byte = chunk[cursor.position]!;
      if (byte >= 0x30 && byte <= 0x39 && this.#state !== AFTER) {
        this.#value = this.#value * 10 + byte - 0x30;
        this.#state = DIGITS;
      } else if (byte === COMMA && this.#state !== BEFORE) {
        this.#take(cursor);
        this.#state = BEFORE;
      } else if (isSpace(byte)) {
        if (this.#state === DIGITS) this.#state = AFTER;
      } else {
        this.#end(byte, cursor);
        return true;
      }
    }
    return false;
  }

  #end(byte: number, cursor: ByteCursor): void {
    const isEmpty = this.#state === BEFORE && this.#numbers === 0;
    if (byte !== ARRAY_END || (this.#state === BEFORE && !isEmpty)) {
      cursor.refuse("nodes", "hold whole numbers >= 0");
    }
    if (!isEmpty) this.#take(cursor);
    cursor.position++;
  }

  #take(cursor: ByteCursor): void {
    const { width, typeAt, nameAt, selfSizeAt } = this.#layout;
    const value = this.#value;
    if (value > Number.MAX_SAFE_INTEGER) cursor.refuse("nodes", "hold numbers below 2 ** 53");
    this.#numbers++;
    this.#value = 0;
    const field = this.#field;
    if (field === typeAt) this.#type = value;
    else if (field === nameAt) this.#name = value;
    else if (field === selfSizeAt) this.#selfSize = value;
    this.#field = field + 1;
    if (this.#field < width) return;
    this.#field = 0;
    this.#onNode(this.#type, this.#name, this.#selfSize);
  }
}
