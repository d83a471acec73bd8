// This module is browser-safe.
import type { ByteCursor, Scanner } from "./_byte_cursor.ts";

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const BACKSLASH = 0x5c;
export const ARRAY_START = 0x5b;
export const ARRAY_END = 0x5d;
export const OBJECT_START = 0x7b;
export const OBJECT_END = 0x7d;

export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

const PLAIN = 0;
const ILLEGAL = 1;

/** Per byte outside of strings: 0 goes on, 1 is illegal, anything else is for the scanner to look at. */
const OUTSIDE = new Uint8Array(256).fill(ILLEGAL);
for (const char of " \t\r\n0123456789+-.eEtrufalsn,:") OUTSIDE[char.charCodeAt(0)] = PLAIN;
for (const byte of [QUOTE, ARRAY_START, ARRAY_END, OBJECT_START, OBJECT_END]) OUTSIDE[byte] = byte;

/** The same within strings, where JSON forbids control characters alone. */
const INSIDE = new Uint8Array(256).fill(ILLEGAL, 0, 0x20);
INSIDE[QUOTE] = QUOTE;
INSIDE[BACKSLASH] = BACKSLASH;

/** First position from `start` on that ends the plain run of a string: a quote, a backslash, an illegal byte, the end. */
export function skipText(chunk: Uint8Array, start: number): number {
  let position = start;
  while (position < chunk.length && INSIDE[chunk[position]!] === PLAIN) position++;
  return position;
}

/**
 * Passes over an array or an object. Brackets, strings and the bytes that JSON knows are checked, the grammar
 * between them is not: that would cost as much as to parse.
 */
export class SkipScanner implements Scanner {
  readonly #what: string;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  constructor(what: string) {
    this.#what = what;
  }

  scan(cursor: ByteCursor): boolean {
    const { chunk } = cursor;
    while (cursor.position < chunk.length) {
      if (this.#isInString) this.#scanText(cursor);
      else if (this.#depth === 0) this.#scanStart(cursor);
      else if (this.#scanStructure(cursor)) return true;
    }
    return false;
  }

  #scanStart(cursor: ByteCursor): void {
    const byte = cursor.chunk[cursor.position]!;
    if (byte === ARRAY_START || byte === OBJECT_START) this.#depth = 1;
    else if (!isSpace(byte)) cursor.refuse(this.#what, "be an array or an object");
    cursor.position++;
  }

  #scanText(cursor: ByteCursor): void {
    if (!this.#isEscaped) cursor.position = skipText(cursor.chunk, cursor.position);
    const byte = cursor.chunk[cursor.position];
    if (byte === undefined) return;
    if (byte < 0x20) cursor.refuse(this.#what, "hold no control character in a string");
    if (!this.#isEscaped && byte === QUOTE) this.#isInString = false;
    this.#isEscaped = !this.#isEscaped && byte === BACKSLASH;
    cursor.position++;
  }

  #scanStructure(cursor: ByteCursor): boolean {
    const { chunk } = cursor;
    let { position } = cursor;
    while (position < chunk.length && OUTSIDE[chunk[position]!] === PLAIN) position++;
    cursor.position = position;
    const byte = chunk[position];
    if (byte === undefined) return false;
    if (OUTSIDE[byte] === ILLEGAL) cursor.refuse(this.#what, "be JSON");
    cursor.position++;
    if (byte === QUOTE) this.#isInString = true;
    else if (byte === ARRAY_START || byte === OBJECT_START) this.#depth++;
    else this.#depth--;
    return this.#depth === 0;
  }
}
