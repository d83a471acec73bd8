// This module is browser-safe.
import type { BitReader, BitWriter } from "./_bits.ts";

// Each number is compared bit by bit with the one before (T. Pelkonen et al., "Gorilla", VLDB 2015), and of what differs the
// zeros in front are told in steps, those behind only where they save something (P. Liakos et al., "Chimp", VLDB 2022).
const LEADING: readonly number[] = [0, 8, 12, 16, 18, 20, 22, 24];
const LEADING_BITS = 3;
const LENGTH_BITS = 6;
const MANY_TRAILING = 6;

const SAME = 0;
const CENTER = 1;
const SAME_LEADING = 2;
const NEW_LEADING = 3;

const DOUBLE = new Float64Array(1);
const HALVES = new Uint32Array(DOUBLE.buffer);

/** Writes numbers of any kind, each with all of its bits. */
export function writeDoubles(writer: BitWriter, values: Float64Array): void {
  let [high, low, known] = [0, 0, 0];
  for (const value of values) {
    DOUBLE[0] = value;
    const [nextLow, nextHigh] = [HALVES[0]!, HALVES[1]!];
    const [a, b] = [(high ^ nextHigh) >>> 0, (low ^ nextLow) >>> 0];
    [high, low] = [nextHigh, nextLow];
    if (a === 0 && b === 0) {
      writer.write(SAME, 2);
      continue;
    }
    const zeros = a === 0 ? 32 + Math.clz32(b) : Math.clz32(a);
    const leading = LEADING.findLastIndex((count) => count <= zeros);
    const trailing = trailingZeros(a, b);
    if (trailing > MANY_TRAILING) {
      const length = 64 - LEADING[leading]! - trailing;
      writer.write(CENTER, 2);
      writer.write(leading, LEADING_BITS);
      writer.write(length, LENGTH_BITS);
      writeBits(writer, a, b, trailing, length);
      known = -1;
      continue;
    }
    if (leading === known) {
      writer.write(SAME_LEADING, 2);
    } else {
      writer.write(NEW_LEADING, 2);
      writer.write(leading, LEADING_BITS);
      known = leading;
    }
    writeBits(writer, a, b, 0, 64 - LEADING[leading]!);
  }
}

/** Reads as many numbers as `values` has places. */
export function readDoubles(reader: BitReader, values: Float64Array): void {
  let [high, low, known] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const kind = reader.read(2);
    if (kind !== SAME) {
      let [length, trailing] = [0, 0];
      if (kind === CENTER) {
        const leading = LEADING[reader.read(LEADING_BITS)]!;
        length = reader.read(LENGTH_BITS);
        trailing = 64 - leading - length;
      } else {
        if (kind === NEW_LEADING) known = reader.read(LEADING_BITS);
        length = 64 - LEADING[known]!;
      }
      const above = length > 32 ? reader.read(length - 32) : 0;
      const below = reader.read(Math.min(32, length));
      high ^= trailing >= 32 ? below << (trailing - 32) : shiftHigh(above, below, trailing);
      low ^= trailing >= 32 ? 0 : below << trailing;
    }
    HALVES[0] = low;
    HALVES[1] = high;
    values[i] = DOUBLE[0]!;
  }
}

function writeBits(writer: BitWriter, a: number, b: number, trailing: number, length: number): void {
  const below = trailing >= 32 ? a >>> (trailing - 32) : lowAfter(a, b, trailing);
  const above = trailing >= 32 ? 0 : a >>> trailing;
  if (length > 32) writer.write(above, length - 32);
  writer.write(below, Math.min(32, length));
}

function lowAfter(a: number, b: number, trailing: number): number {
  return trailing === 0 ? b : (b >>> trailing) | (a << (32 - trailing));
}

function shiftHigh(above: number, below: number, trailing: number): number {
  return trailing === 0 ? above : (above << trailing) | (below >>> (32 - trailing));
}

function trailingZeros(a: number, b: number): number {
  if (b !== 0) return 31 - Math.clz32(b & -b);
  return 63 - Math.clz32(a & -a);
}
