// This module is browser-safe.
import type { BitReader, BitWriter } from "./_bits.ts";

// Adaptive run-length and Golomb-Rice code after H. S. Malvar, "Adaptive Run-Length / Golomb-Rice Encoding of Quantized
// Generalized Gaussian Sources with Unknown Statistics", Data Compression Conference 2006: both parameters follow what was
// just written, so that nothing need be told and a series that rests costs some bits an hour.
const STEPS = 4;
const MOST = 80;
const RUN_UP_IDLE = 3;
const RUN_DOWN_IDLE = 1;
const RUN_UP = 2;
const RUN_DOWN = 1;
/** Ones after which the number stands as it is, with its length before it. */
const ESCAPE = 20;
const LENGTH_BITS = 6;
const LARGEST_SHIFT = 31;

/** Differences from a prediction made of so many numbers before. */
export type Order = 0 | 1 | 2;

/** Largest magnitude that can be written: the second differences of these still are whole numbers. */
export const LARGEST: number = 2 ** 51;

/**
 * Writes whole numbers of up to {@linkcode LARGEST}: the first ones as they are, of the others what they differ by from what
 * was to be expected.
 */
export function writeIntegers(writer: BitWriter, values: Float64Array, order: Order): void {
  const count = values.length;
  const code = new Coder();
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    let difference = value;
    if (order > 0 && i > 0) difference -= values[i - 1]!;
    if (order === 2 && i > 1) difference -= values[i - 1]! - values[i - 2]!;
    code.write(writer, difference >= 0 ? 2 * difference : -2 * difference - 1);
  }
  code.finish(writer);
}

/**
 * Reads as many whole numbers as `values` has places. One function, and most numbers from one look at the bytes: it is what a
 * query spends its time with.
 */
export function readIntegers(reader: BitReader, values: Float64Array, order: Order): void {
  const count = values.length;
  let [run, level, last, before] = [0, 0, 0, 0];
  let i = 0;
  while (i < count) {
    const shift = (run / STEPS) | 0;
    if (shift > 0) {
      const isWhole = reader.read(1) === 0;
      const zeros = isWhole ? 2 ** shift : reader.read(shift);
      run = isWhole ? Math.min(MOST, run + RUN_UP) : Math.max(0, run - RUN_DOWN);
      for (const end = Math.min(count, i + zeros); i < end; i++) {
        const value = order === 0 ? 0 : order === 1 || i < 2 ? last : 2 * last - before;
        before = last;
        last = value;
        values[i] = value;
      }
      if (isWhole || i >= count) continue;
    }
    // a number, by the adaptive Golomb-Rice code
    const bits = (level / STEPS) | 0;
    const word = reader.peek();
    const quotient = Math.clz32(~word);
    let code = 0;
    if (quotient + bits < LARGEST_SHIFT && quotient < ESCAPE) {
      code = (quotient << bits) | (bits === 0 ? 0 : (word << (quotient + 1)) >>> (32 - bits));
      reader.skip(quotient + 1 + bits);
      if (code < 0) code += 2 ** 32;
      if (quotient === 0) level = level > 2 ? level - 2 : 0;
      else if (quotient > 1) level = Math.min(STEPS * LARGEST_SHIFT, level + quotient + 1);
    } else if (quotient >= ESCAPE) {
      reader.skip(ESCAPE);
      const length = reader.read(LENGTH_BITS);
      code = reader.readLong(length);
      level = Math.min(STEPS * LARGEST_SHIFT, STEPS * length);
    } else {
      reader.skip(quotient + 1);
      code = quotient * 2 ** bits + reader.read(bits);
      if (quotient === 0) level = Math.max(0, level - 2);
      else if (quotient > 1) level = Math.min(STEPS * LARGEST_SHIFT, level + quotient + 1);
    }
    if (shift > 0) code++;
    else run = code === 0 ? Math.min(MOST, run + RUN_UP_IDLE) : run > RUN_DOWN_IDLE ? run - RUN_DOWN_IDLE : 0;
    let value = 0;
    if (code < 2 ** 31) value = code & 1 ? -(code >>> 1) - 1 : code >>> 1;
    else value = code % 2 === 1 ? -(code + 1) / 2 : code / 2;
    if (order === 1) value += last;
    else if (order === 2) value += i > 1 ? 2 * last - before : last;
    before = last;
    last = value;
    values[i++] = value;
  }
}

class Coder {
  #run = 0;
  #level = 0;
  #zeros = 0;

  write(writer: BitWriter, code: number): void {
    const shift = (this.#run / STEPS) | 0;
    if (shift === 0) {
      this.#writeNumber(writer, code);
      this.#run =
        code === 0 ? Math.min(MOST, this.#run + RUN_UP_IDLE) : Math.max(0, this.#run - RUN_DOWN_IDLE);
      return;
    }
    if (code === 0) {
      if (++this.#zeros < 2 ** shift) return;
      writer.write(0, 1);
      this.#zeros = 0;
      this.#run = Math.min(MOST, this.#run + RUN_UP);
      return;
    }
    writer.write(1, 1);
    writer.write(this.#zeros, shift);
    this.#zeros = 0;
    this.#run = Math.max(0, this.#run - RUN_DOWN);
    this.#writeNumber(writer, code - 1);
  }

  /** A run that the end breaks off is written whole: the reader knows how many there are. */
  finish(writer: BitWriter): void {
    if (this.#zeros > 0) writer.write(0, 1);
  }

  #writeNumber(writer: BitWriter, code: number): void {
    const bits = (this.#level / STEPS) | 0;
    const quotient = Math.floor(code / 2 ** bits);
    if (quotient >= ESCAPE) {
      const length = bitLength(code);
      for (let ones = ESCAPE; ones > 0; ones -= 20) writer.write(0xf_ff_ff, 20);
      writer.write(length, LENGTH_BITS);
      writer.writeLong(code, length);
      this.#level = Math.min(STEPS * LARGEST_SHIFT, STEPS * length);
      return;
    }
    writer.writeUnary(quotient);
    writer.write(code >>> 0, bits);
    if (quotient === 0) this.#level = Math.max(0, this.#level - 2);
    else if (quotient > 1) this.#level = Math.min(STEPS * LARGEST_SHIFT, this.#level + quotient + 1);
  }
}

function bitLength(code: number): number {
  if (code < 2 ** 32) return 32 - Math.clz32(code);
  return 64 - Math.clz32(Math.floor(code / 2 ** 32));
}
