import { decodeTimes, decodeValues, encodeTimes, encodeValues } from "./_chunk_codec.ts";

/** Columns of rows, the times first. */
export type Rows = readonly Float64Array[];

// Series that are sampled together have the same times: they are encoded, kept, written and decoded once.
const DECODED_KEPT = 64;
const decodedTimes = new Map<Uint8Array, Float64Array>();
let lastTimes: { readonly times: Float64Array; readonly bytes: Uint8Array } | undefined;

/** Rows of a series over a stretch of time; never changed. Plain at first, and encoded when there is time for it. */
export class Chunk {
  /** Times of the first and the last row. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  #rows: Rows | undefined;
  #encoded: readonly Uint8Array[] | undefined;

  private constructor(from: number, to: number, count: number) {
    this.from = from;
    this.to = to;
    this.count = count;
  }

  /** @param rows At least one; they are kept, not copied. */
  static of(rows: Rows): Chunk {
    const times = rows[0]!;
    const chunk = new Chunk(times[0]!, times[times.length - 1]!, times.length);
    chunk.#rows = rows;
    return chunk;
  }

  /** @param encoded As {@linkcode encode} made it. */
  static encoded(from: number, to: number, count: number, encoded: readonly Uint8Array[]): Chunk {
    const chunk = new Chunk(from, to, count);
    chunk.#encoded = encoded;
    return chunk;
  }

  /** How much memory it takes, and room in a file. */
  get bytes(): number {
    const columns = this.#encoded ?? this.#rows!;
    return columns.reduce((sum, column) => sum + column.byteLength, 0);
  }

  /** Its rows. Not to be modified. */
  rows(): Rows {
    if (this.#rows) return this.#rows;
    const [times, ...values] = this.#encoded!;
    const rows = [readTimes(times!, this.count)];
    for (const bytes of values) {
      const column = new Float64Array(this.count);
      decodeValues(bytes, column);
      rows.push(column);
    }
    return rows;
  }

  encode(): void {
    if (!this.#rows) return;
    this.#encoded = encodeRows(this.#rows);
    this.#rows = undefined;
  }

  /** Its columns as bytes, whichever way they are. */
  parts(): { readonly isEncoded: boolean; readonly columns: readonly Uint8Array[] } {
    if (this.#encoded) return { isEncoded: true, columns: this.#encoded };
    const columns = this.#rows!.map(
      ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
    );
    return { isEncoded: false, columns };
  }
}

/** Each column in few bytes. */
export function encodeRows([times, ...values]: Rows): readonly Uint8Array[] {
  return [encodeSharedTimes(times!), ...values.map(encodeValues)];
}

function encodeSharedTimes(times: Float64Array): Uint8Array {
  if (!lastTimes || !isSame(lastTimes.times, times)) lastTimes = { times, bytes: encodeTimes(times) };
  return lastTimes.bytes;
}

function isSame(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function readTimes(bytes: Uint8Array, count: number): Float64Array {
  const known = decodedTimes.get(bytes);
  if (known) return known;
  const times = new Float64Array(count);
  decodeTimes(bytes, times);
  if (decodedTimes.size === DECODED_KEPT) decodedTimes.delete(decodedTimes.keys().next().value!);
  decodedTimes.set(bytes, times);
  return times;
}
