import { crc32 } from "node:zlib";

/** What a segment of a journal begins with: whose it is, and its version. */
export const SEGMENT_HEADER: Uint8Array = new TextEncoder().encode("demijrn1");

// Length and checksum of a payload, 4 bytes each, little-endian.
const HEAD_BYTES = 8;
const MAX_PAYLOAD_BYTES = 2 ** 28;

const SERIES = 1;
const SAMPLES = 2;
const SAME_SERIES = 3;
const STATE = 4;

/** What one frame of a journal says. */
export type JournalEntry =
  | {
      readonly kind: "samples";
      readonly time: number;
      readonly samples: readonly (readonly [string, number])[];
    }
  | { readonly kind: "state"; readonly name: string; readonly value: unknown };

/**
 * Frames of one segment, one after the other in a buffer that grows. A series is named once in a segment and has a number from
 * there on; samples of the same series as the time before are a time and their values. Each segment can be read by itself.
 */
export class FrameWriter {
  #bytes: Buffer = Buffer.allocUnsafe(64 * 1024);
  #end = 0;
  readonly #numbers = new Map<string, number>();
  #previous: number[] = [];
  #current: number[] = [];
  #values: Float64Array = new Float64Array(64);

  /** Length of what was not taken yet. */
  get length(): number {
    return this.#end;
  }

  /** Begins a segment. */
  begin(): void {
    this.#numbers.clear();
    this.#previous = [];
    this.#reserve(SEGMENT_HEADER.length);
    this.#bytes.set(SEGMENT_HEADER, this.#end);
    this.#end += SEGMENT_HEADER.length;
  }

  addSamples(time: number, samples: Iterable<readonly [string, number]>): void {
    const numbers = this.#current;
    numbers.length = 0;
    let isSame = true;
    for (const [key, value] of samples) {
      const number = this.#numbers.get(key) ?? this.#addSeries(key);
      const index = numbers.length;
      if (this.#previous[index] !== number) isSame = false;
      if (index === this.#values.length) this.#growValues();
      this.#values[index] = value;
      numbers.push(number);
    }
    const count = numbers.length;
    if (count === 0) return;
    isSame &&= count === this.#previous.length;
    const start = this.#open(1 + 8 + 4 + count * 12);
    this.#end = this.#bytes.writeUInt8(isSame ? SAME_SERIES : SAMPLES, this.#end);
    this.#end = this.#bytes.writeDoubleLE(time, this.#end);
    if (!isSame) {
      this.#end = this.#bytes.writeUInt32LE(count, this.#end);
      for (const number of numbers) this.#end = this.#bytes.writeUInt32LE(number, this.#end);
      [this.#previous, this.#current] = [numbers, this.#previous];
    }
    for (let i = 0; i < count; i++) this.#end = this.#bytes.writeDoubleLE(this.#values[i]!, this.#end);
    this.#close(start);
  }

  addState(name: string, json: string): void {
    this.#addText(STATE, JSON.stringify([name, json]));
  }

  /** All frames since the last time. */
  take(): Uint8Array {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#end));
    this.#end = 0;
    return taken;
  }

  #addSeries(key: string): number {
    const number = this.#numbers.size;
    this.#numbers.set(key, number);
    this.#addText(SERIES, key);
    return number;
  }

  #addText(kind: number, text: string): void {
    const start = this.#open(1 + 3 * text.length);
    this.#end = this.#bytes.writeUInt8(kind, this.#end);
    this.#end += this.#bytes.write(text, this.#end);
    this.#close(start);
  }

  /** Makes room for a frame. @returns Where it begins. */
  #open(most: number): number {
    this.#reserve(HEAD_BYTES + most);
    const start = this.#end;
    this.#end += HEAD_BYTES;
    return start;
  }

  #close(start: number): void {
    const payload = this.#bytes.subarray(start + HEAD_BYTES, this.#end);
    this.#bytes.writeUInt32LE(payload.length, start);
    this.#bytes.writeUInt32LE(crc32(payload), start + 4);
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#end + count));
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
  }

  #growValues(): void {
    const grown = new Float64Array(2 * this.#values.length);
    grown.set(this.#values);
    this.#values = grown;
  }
}

/** What {@linkcode readSegment} found. */
export interface SegmentContent {
  readonly entries: readonly JournalEntry[];
  /** How much of it is whole; less than its length where its end is torn, or a part is damaged. */
  readonly wholeBytes: number;
}

/** What a segment says, as far as it is whole: from the first frame on that is not, nothing can be relied on. */
export function readSegment(bytes: Uint8Array): SegmentContent {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: JournalEntry[] = [];
  if (!SEGMENT_HEADER.every((byte, i) => bytes[i] === byte)) return { entries, wholeBytes: 0 };
  const keys: string[] = [];
  let previous: readonly string[] = [];
  let position = SEGMENT_HEADER.length;
  while (position + HEAD_BYTES <= view.length) {
    const length = view.readUInt32LE(position);
    const end = position + HEAD_BYTES + length;
    if (length === 0 || length > MAX_PAYLOAD_BYTES || end > view.length) break;
    const payload = view.subarray(position + HEAD_BYTES, end);
    if (crc32(payload) !== view.readUInt32LE(position + 4)) break;
    const kind = payload[0];
    if (kind === SERIES) keys.push(payload.toString("utf8", 1));
    else if (kind === STATE) {
      const [name, json] = JSON.parse(payload.toString("utf8", 1)) as [string, string];
      entries.push({ kind: "state", name, value: JSON.parse(json) });
    } else {
      const time = payload.readDoubleLE(1);
      let at = 9;
      if (kind === SAMPLES) {
        const count = payload.readUInt32LE(at);
        previous = Array.from({ length: count }, (_, i) => keys[payload.readUInt32LE(at + 4 + 4 * i)]!);
        at += 4 + 4 * count;
      }
      const first = at;
      const samples = previous.map((key, i) => [key, payload.readDoubleLE(first + 8 * i)] as const);
      entries.push({ kind: "samples", time, samples });
    }
    position = end;
  }
  return { entries, wholeBytes: position };
}
