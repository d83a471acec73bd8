// What the samples of a series take by T. Pelkonen et al., "Gorilla: A Fast, Scalable, In-Memory Time Series Database", VLDB 2015,
// section 4.1: blocks of two hours, delta-of-delta times (in milliseconds here, with the ranges that Prometheus widened for that),
// XOR values. Only the bits are counted.

const BLOCK_MS = 7_200_000;

/** Bits of all samples of a series. */
export function gorillaBits(times: Float64Array, values: Float64Array): number {
  let bits = 0;
  let blockEnd = -Infinity;
  let [delta, leading, trailing] = [0, -1, -1];
  for (let i = 0; i < times.length; i++) {
    if (times[i]! >= blockEnd) {
      blockEnd = Math.floor(times[i]! / BLOCK_MS) * BLOCK_MS + BLOCK_MS;
      bits += 64 + 14 + 64; // the block's time, the first delta, the first value
      [delta, leading, trailing] = [10_000, -1, -1];
      continue;
    }
    const next = times[i]! - times[i - 1]!;
    const change = next - delta;
    delta = next;
    if (change === 0) bits += 1;
    else if (change >= -8191 && change <= 8192) bits += 2 + 14;
    else if (change >= -65_535 && change <= 65_536) bits += 3 + 17;
    else bits += 4 + 64;
    const xor = xorOf(values[i]!, values[i - 1]!);
    if (xor === 0n) {
      bits += 1;
      continue;
    }
    const zeros = Math.min(31, 64 - xor.toString(2).length);
    const last = trailingZeros(xor);
    if (leading >= 0 && zeros >= leading && last >= trailing) bits += 2 + 64 - leading - trailing;
    else {
      bits += 2 + 5 + 6 + 64 - zeros - last;
      [leading, trailing] = [zeros, last];
    }
  }
  return bits;
}

const view = new DataView(new ArrayBuffer(16));

function xorOf(a: number, b: number): bigint {
  view.setFloat64(0, a);
  view.setFloat64(8, b);
  return view.getBigUint64(0) ^ view.getBigUint64(8);
}

function trailingZeros(value: bigint): number {
  let count = 0;
  while (((value >> BigInt(count)) & 1n) === 0n) count++;
  return count;
}
