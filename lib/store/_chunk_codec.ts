// This module is browser-safe.
import { BitReader, BitWriter } from "./_bits.ts";
import { readDoubles, writeDoubles } from "./_float_codec.ts";
import { LARGEST, type Order, readIntegers, writeIntegers } from "./_integer_codec.ts";

/** Values that all are the same; whole numbers times a unit; or any. */
const SAME = 0;
const WHOLE = 1;
const ANY = 2;
const KIND_BITS = 2;
const DECIMALS_BITS = 4;
const ORDER_BITS = 2;
const LENGTH_BITS = 6;
/** More digits than these after the point no longer make a whole number of 51 bits. */
const MOST_DECIMALS = 12;
const POWERS: readonly number[] = Array.from({ length: MOST_DECIMALS + 1 }, (_, i) => Number(`1e${i}`));

const writer = new BitWriter();
let scratch = new Float64Array(1024);

/**
 * Values of a series in few bytes, each with all of its bits but the sign of a zero. Decimal numbers, as nearly all metrics are,
 * are written as whole numbers: how much they differ from what was to be expected, in units of what they have in common.
 */
export function encodeValues(values: Float64Array): Uint8Array {
  writer.reset();
  const count = values.length;
  const first = count > 0 ? values[0]! : 0;
  if (isSame(values)) {
    writer.write(SAME, KIND_BITS);
    writer.writeDouble(first);
    return writer.finish();
  }
  const decimals = decimalsOf(values);
  if (decimals < 0) {
    writer.write(ANY, KIND_BITS);
    writeDoubles(writer, values);
    return writer.finish();
  }
  if (scratch.length < count) scratch = new Float64Array(count);
  const whole = scratch.subarray(0, count);
  const power = POWERS[decimals]!;
  for (let i = 0; i < count; i++) whole[i] = Math.round(values[i]! * power);
  const base = whole[0]!;
  const unit = unitOf(whole, base);
  for (let i = 0; i < count; i++) whole[i] = (whole[i]! - base) / unit;
  const order = bestOrder(whole);
  writer.write(WHOLE, KIND_BITS);
  writer.write(decimals, DECIMALS_BITS);
  writer.write(order, ORDER_BITS);
  writeNumber(base);
  writeNumber(unit);
  writeIntegers(writer, whole, order);
  return writer.finish();
}

/**
 * Values of a series from {@linkcode encodeValues}, into as many places as there are.
 *
 * @throws {RangeError} If the bytes end before.
 */
export function decodeValues(bytes: Uint8Array, values: Float64Array): void {
  const reader = new BitReader(bytes);
  const kind = reader.read(KIND_BITS);
  if (kind === SAME) {
    values.fill(reader.readDouble());
  } else if (kind === ANY) {
    readDoubles(reader, values);
  } else {
    const power = POWERS[reader.read(DECIMALS_BITS)] ?? 1;
    const order = reader.read(ORDER_BITS) as Order;
    const base = readNumber(reader);
    const unit = readNumber(reader);
    readIntegers(reader, values, order);
    // a division gives the very number that was read from its decimal digits, a product by 0.1 would not
    for (let i = 0; i < values.length; i++) values[i] = (values[i]! * unit + base) / power;
  }
  if (reader.isOver) {
    throw new RangeError(
      `Cannot read chunk: 'bytes' must hold ${values.length} values, got ${bytes.length} bytes that end before`,
    );
  }
}

/** Times of samples, whole milliseconds that do not fall: how far each is from a steady pace. */
export function encodeTimes(times: Float64Array): Uint8Array {
  writer.reset();
  const count = times.length;
  const first = times[0] ?? 0;
  const step = count > 1 ? Math.round((times[count - 1]! - first) / (count - 1)) : 0;
  writeNumber(first);
  writeNumber(step);
  if (scratch.length < count) scratch = new Float64Array(count);
  const rest = scratch.subarray(0, count);
  for (let i = 0; i < count; i++) rest[i] = times[i]! - first - i * step;
  const order = bestOrder(rest);
  writer.write(order, ORDER_BITS);
  writeIntegers(writer, rest, order);
  return writer.finish();
}

/** Times from {@linkcode encodeTimes}, into as many places as there are. */
export function decodeTimes(bytes: Uint8Array, times: Float64Array): void {
  const reader = new BitReader(bytes);
  const first = readNumber(reader);
  const step = readNumber(reader);
  readIntegers(reader, times, reader.read(ORDER_BITS) as Order);
  for (let i = 0; i < times.length; i++) times[i] = times[i]! + first + i * step;
  if (reader.isOver) {
    throw new RangeError(
      `Cannot read chunk: 'bytes' must hold ${times.length} times, got ${bytes.length} bytes that end before`,
    );
  }
}

function isSame(values: Float64Array): boolean {
  const first = values[0];
  for (const value of values) if (value !== first) return false;
  return true;
}

/** Digits after the point that all values can do with; -1 where some cannot. */
function decimalsOf(values: Float64Array): number {
  let decimals = 0;
  for (const value of values) {
    if (!isDecimal(value, decimals)) {
      do if (++decimals > MOST_DECIMALS) return -1;
      while (!isDecimal(value, decimals));
    }
  }
  // one of the earlier ones may be too large for so many digits
  for (const value of values) if (!isDecimal(value, decimals)) return -1;
  return decimals;
}

function isDecimal(value: number, decimals: number): boolean {
  const power = POWERS[decimals]!;
  const whole = Math.round(value * power);
  return whole / power === value && whole <= LARGEST / 2 && whole >= -LARGEST / 2;
}

/** The largest number that all differences are multiples of: pages of memory, steps of a scale. */
function unitOf(whole: Float64Array, base: number): number {
  let unit = 0;
  for (const value of whole) {
    let rest = value < base ? base - value : value - base;
    while (rest > 0) [unit, rest] = unit === 0 ? [rest, 0] : [rest, unit % rest];
    if (unit === 1) return 1;
  }
  return unit || 1;
}

function bestOrder(whole: Float64Array): Order {
  const bits = [0, 0, 0];
  let [last, lastStep] = [0, 0];
  for (let i = 0; i < whole.length; i++) {
    const value = whole[i]!;
    const step = value - last;
    if (i > 1) {
      bits[0]! += magnitude(value);
      bits[1]! += magnitude(step);
      bits[2]! += magnitude(step - lastStep);
    }
    last = value;
    lastStep = step;
  }
  return bits.indexOf(Math.min(...bits)) as Order;
}

function magnitude(value: number): number {
  const size = value < 0 ? -value : value;
  return size < 2 ** 31 ? 32 - Math.clz32(size) : 32;
}

function writeNumber(value: number): void {
  const size = Math.abs(value);
  const length = size === 0 ? 0 : Math.floor(Math.log2(size)) + 2;
  writer.write(length, LENGTH_BITS);
  writer.write(value < 0 ? 1 : 0, 1);
  writer.writeLong(size, Math.min(53, length));
}

function readNumber(reader: BitReader): number {
  const length = reader.read(LENGTH_BITS);
  const isNegative = reader.read(1) === 1;
  const size = reader.readLong(Math.min(53, length));
  return isNegative ? -size : size;
}
