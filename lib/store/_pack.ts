import { Chunk } from "./_chunk.ts";

/** Chunks of many series in few buffers: what goes from one thread to the other at the cost of a copy. */
export interface Pack {
  /** A row of {@linkcode PACK_COLUMNS} numbers for each chunk. */
  readonly rows: Float64Array;
  readonly buffers: readonly Uint8Array[];
}

/** A chunk, whose it is, and of which level: 0 for samples, from 1 on for rollups. */
export interface PackedChunk {
  readonly series: number;
  readonly level: number;
  readonly chunk: Chunk;
}

const FIELDS = 8;
const MOST_COLUMNS = 6;
const PACK_COLUMNS = FIELDS + MOST_COLUMNS;
// A full one is left as it is, and another begun: to make one larger would copy it.
const BUFFER_BYTES = 256 * 1024;

/** Collects chunks. Those that share their times do so still when they are read, where they are in one buffer. */
export class Packer {
  #rows: Float64Array = new Float64Array(64 * PACK_COLUMNS);
  #count = 0;
  #buffers: Uint8Array[] = [];
  #buffer: Uint8Array = new Uint8Array(BUFFER_BYTES);
  #end = 0;
  #packedBytes = 0;
  readonly #timesAt = new Map<Uint8Array, number>(); // in the buffer that is being filled

  /** How much was added. */
  get bytes(): number {
    return this.#packedBytes;
  }

  add({ series, level, chunk }: PackedChunk): void {
    const { isEncoded, columns } = chunk.parts();
    const [times, ...values] = columns as [Uint8Array, ...Uint8Array[]];
    const needed = columns.reduce((sum, { length }) => sum + length, 0);
    if (this.#end + needed > this.#buffer.length) this.#turn(needed);
    const timesAt = this.#timesAt.get(times) ?? this.#put(times);
    this.#timesAt.set(times, timesAt);
    const valuesAt = this.#end;
    for (const column of values) this.#put(column);
    if ((this.#count + 1) * PACK_COLUMNS > this.#rows.length) this.#growRows();
    const { from, to, count } = chunk;
    this.#rows.set(
      [series, level, from, to, count, isEncoded ? 1 : 0, this.#buffers.length, timesAt * 2 ** 24 + valuesAt],
      this.#count * PACK_COLUMNS,
    );
    this.#rows.set(
      columns.map(({ length }) => length),
      this.#count * PACK_COLUMNS + FIELDS,
    );
    this.#count++;
  }

  finish(): Pack {
    this.#buffers.push(this.#buffer.subarray(0, this.#end));
    return { rows: this.#rows.subarray(0, this.#count * PACK_COLUMNS), buffers: this.#buffers };
  }

  #put(bytes: Uint8Array): number {
    const at = this.#end;
    this.#buffer.set(bytes, at);
    this.#end += bytes.length;
    this.#packedBytes += bytes.length;
    return at;
  }

  #turn(needed: number): void {
    this.#buffers.push(this.#buffer.subarray(0, this.#end));
    this.#buffer = new Uint8Array(Math.max(BUFFER_BYTES, needed));
    this.#end = 0;
    this.#timesAt.clear();
  }

  #growRows(): void {
    const grown = new Float64Array(2 * this.#rows.length);
    grown.set(this.#rows);
    this.#rows = grown;
  }
}

/** The buffers of a pack, to be handed over instead of copied. */
export function buffersOf({ rows, buffers }: Pack): ArrayBuffer[] {
  return [rows.buffer as ArrayBuffer, ...buffers.map(({ buffer }) => buffer as ArrayBuffer)];
}

/** What a {@linkcode Packer} collected. */
export function* unpack({ rows, buffers }: Pack): Generator<PackedChunk, void, undefined> {
  let known = new Map<number, Uint8Array>();
  let knownBuffer = 0;
  for (let i = 0; i < rows.length; i += PACK_COLUMNS) {
    const [series, level, from, to, count, isEncoded, buffer, places] = rows.subarray(
      i,
      i + FIELDS,
    ) as unknown as [number, number, number, number, number, number, number, number];
    const bytes = buffers[buffer]!;
    const timesAt = Math.floor(places / 2 ** 24);
    let at = places % 2 ** 24;
    const lengths = rows.subarray(i + FIELDS, i + PACK_COLUMNS).filter((length) => length > 0);
    if (buffer !== knownBuffer) known = new Map();
    knownBuffer = buffer;
    const times = known.get(timesAt) ?? bytes.subarray(timesAt, timesAt + lengths[0]!);
    known.set(timesAt, times);
    const columns = [times];
    for (const length of lengths.subarray(1)) {
      columns.push(bytes.subarray(at, at + length));
      at += length;
    }
    const chunk = isEncoded ? Chunk.encoded(from, to, count, columns) : Chunk.of(columns.map(toDoubles));
    yield { series, level, chunk };
  }
}

function toDoubles(bytes: Uint8Array): Float64Array {
  return new Float64Array(bytes.slice().buffer); // a copy, for it need not lie at a multiple of eight
}
