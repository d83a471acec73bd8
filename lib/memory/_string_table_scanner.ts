// This module is browser-safe.
import type { ByteCursor, Scanner } from "./_byte_cursor.ts";
import { ARRAY_END, BACKSLASH, COMMA, isSpace, QUOTE, skipText } from "./_json_bytes.ts";

const BEFORE = 0;
const TEXT = 1;
const ESCAPED = 2;
const AFTER = 3;

/** V8 cuts strings off at 1,024 characters, six bytes each at most. */
const MAX_NAME_BYTES = 65_536;

/** Reads the array of `strings` after its bracket: decodes those that are wanted, passes over the rest. */
export class StringTableScanner implements Scanner {
  readonly #isWanted: (index: number) => boolean;
  readonly #onString: (index: number, text: string) => void;
  readonly #kept = new Uint8Array(MAX_NAME_BYTES);
  #keptBytes = 0;
  #isKeeping = false;
  #state = BEFORE;
  #index = 0;

  constructor(isWanted: (index: number) => boolean, onString: (index: number, text: string) => void) {
    this.#isWanted = isWanted;
    this.#onString = onString;
  }

  /** Strings read. */
  get count(): number {
    return this.#index;
  }

  scan(cursor: ByteCursor): boolean {
    const { chunk } = cursor;
    while (cursor.position < chunk.length) {
      if (this.#state === TEXT || this.#state === ESCAPED) this.#scanText(cursor);
      else if (this.#scanBetween(cursor)) return true;
    }
    return false;
  }

  #scanText(cursor: ByteCursor): void {
    const { chunk, position } = cursor;
    const end = this.#state === ESCAPED ? position : skipText(chunk, position);
    cursor.position = end;
    const byte = chunk[end];
    if (byte !== undefined && byte < 0x20) cursor.refuse("strings", "hold no control character");
    const isClosing = byte === QUOTE && this.#state === TEXT;
    if (this.#isKeeping) this.#keep(chunk.subarray(position, isClosing ? end : end + 1), cursor);
    if (byte === undefined) return;
    if (isClosing) this.#close(cursor);
    else this.#state = byte === BACKSLASH && this.#state === TEXT ? ESCAPED : TEXT;
    cursor.position++;
  }

  #scanBetween(cursor: ByteCursor): boolean {
    const byte = cursor.chunk[cursor.position]!;
    if (byte === QUOTE && this.#state === BEFORE) {
      this.#state = TEXT;
      this.#isKeeping = this.#isWanted(this.#index);
      this.#keptBytes = 0;
    } else if (byte === COMMA && this.#state === AFTER) {
      this.#state = BEFORE;
    } else if (byte === ARRAY_END && (this.#state === AFTER || this.#index === 0)) {
      cursor.position++;
      return true;
    } else if (!isSpace(byte)) {
      cursor.refuse("strings", "hold strings");
    }
    cursor.position++;
    return false;
  }

  #keep(bytes: Uint8Array, cursor: ByteCursor): void {
    if (this.#keptBytes + bytes.length > MAX_NAME_BYTES) {
      cursor.refuse("strings", `hold class names of at most ${MAX_NAME_BYTES} bytes`);
    }
    this.#kept.set(bytes, this.#keptBytes);
    this.#keptBytes += bytes.length;
  }

  #close(cursor: ByteCursor): void {
    if (this.#isKeeping) this.#onString(this.#index, this.#decode(cursor));
    this.#index++;
    this.#state = AFTER;
  }

  #decode(cursor: ByteCursor): string {
    const text = new TextDecoder().decode(this.#kept.subarray(0, this.#keptBytes));
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      return cursor.refuse("strings", "hold escapes that JSON knows in the string that ends");
    }
  }
}
