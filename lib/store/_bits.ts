// This module is browser-safe.

/** Writes numbers of any number of bits, the highest bit first. Grows as needed; made once and used again. */
export class BitWriter {
  #bytes = new Uint8Array(4096);
  #length = 0;
  #held = 0;
  #free = 8;

  /** Begins anew. */
  reset(): void {
    this.#length = 0;
    this.#held = 0;
    this.#free = 8;
  }

  /** What was written, the last byte filled up with zeros; a copy. */
  finish(): Uint8Array {
    if (this.#free < 8) this.#push(this.#held);
    return this.#bytes.slice(0, this.#length);
  }

  /** @param count 0 to 32; what `value` has above is left out. */
  write(value: number, count: number): void {
    let left = count;
    while (left > 0) {
      const taken = left < this.#free ? left : this.#free;
      left -= taken;
      this.#held |= ((value >>> left) & ((1 << taken) - 1)) << (this.#free - taken);
      this.#free -= taken;
      if (this.#free > 0) continue;
      this.#push(this.#held);
      this.#held = 0;
      this.#free = 8;
    }
  }

  /** A number of up to 53 bits. */
  writeLong(value: number, count: number): void {
    if (count > 32) this.write(Math.floor(value / 2 ** 32), count - 32);
    this.write(value >>> 0, Math.min(32, count));
  }

  /** So many ones, and a zero after them. */
  writeUnary(ones: number): void {
    for (let left = ones; left > 0; left -= 24) this.write(0xff_ff_ff, Math.min(24, left));
    this.write(0, 1);
  }

  writeDouble(value: number): void {
    DOUBLE[0] = value;
    this.write(HALVES[1]!, 32);
    this.write(HALVES[0]!, 32);
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const bytes = new Uint8Array(2 * this.#length);
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    this.#bytes[this.#length++] = byte;
  }
}

const DOUBLE = new Float64Array(1);
// WebAssembly and all engines that run this are little-endian
const HALVES = new Uint32Array(DOUBLE.buffer);

/** Reads what a {@linkcode BitWriter} wrote. Past the end it reads zeros, and {@linkcode BitReader.isOver} says so. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** More was read than there is. */
  get isOver(): boolean {
    return this.#at > 8 * this.#bytes.length;
  }

  /** @param count 0 to 32. */
  read(count: number): number {
    if (count === 0) return 0;
    const value = this.peek() >>> (32 - count);
    this.#at += count;
    return value;
  }

  /** A number of up to 53 bits. */
  readLong(count: number): number {
    if (count <= 32) return this.read(count);
    return this.read(count - 32) * 2 ** 32 + this.read(32);
  }

  readDouble(): number {
    const high = this.read(32);
    HALVES[0] = this.read(32);
    HALVES[1] = high;
    return DOUBLE[0]!;
  }

  /** Leaves bits out. */
  skip(count: number): void {
    this.#at += count;
  }

  /** The next 32 bits, not taken, as a signed number. */
  peek(): number {
    const bytes = this.#bytes;
    const first = this.#at >>> 3;
    const shift = this.#at & 7;
    if (first + 4 < bytes.length) {
      const word =
        (bytes[first]! << 24) | (bytes[first + 1]! << 16) | (bytes[first + 2]! << 8) | bytes[first + 3]!;
      return shift === 0 ? word : (word << shift) | (bytes[first + 4]! >>> (8 - shift));
    }
    let word = 0;
    for (let i = 0; i < 4; i++) word = (word << 8) | (bytes[first + i] ?? 0);
    return shift === 0 ? word : (word << shift) | ((bytes[first + 4] ?? 0) >>> (8 - shift));
  }
}
