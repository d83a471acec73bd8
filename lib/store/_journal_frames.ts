import { crc32 } from "node:zlib";
import type { Annotation } from "./annotation.ts";

/** What a segment of a journal begins with: whose it is, and its version. */
export const SEGMENT_HEADER: Uint8Array = new TextEncoder().encode("demijrn1");

// Length and checksum of a payload, 4 bytes each, little-endian.
const HEAD_BYTES = 8;
const MAX_PAYLOAD_BYTES = 2 ** 28;

const SERIES = 1;
const SAMPLES = 2;
const SAME_SERIES = 3;
const STATE = 4;
const ANNOTATION = 5;

/** What one frame of a journal says. */
export type JournalEntry =
  | {
      readonly kind: "samples";
      readonly time: number;
      readonly keys: readonly string[];
      readonly values: ArrayLike<number>;
    }
  | { readonly kind: "annotation"; readonly annotation: Annotation }
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
  #previousKeys: readonly string[] = [];
  #current: number[] = [];
  #doubles: Float64Array = new Float64Array(64);

  /** Length of what was not taken yet. */
  get length(): number {
    return this.#end;
  }

  /** Begins a segment. */
  begin(): void {
    this.#numbers.clear();
    this.#previous = [];
    this.#previousKeys = [];
    this.#reserve(SEGMENT_HEADER.length);
    this.#bytes.set(SEGMENT_HEADER, this.#end);
    this.#end += SEGMENT_HEADER.length;
  }

  addSamples(time: number, keys: readonly string[], values: ArrayLike<number>): void {
    const numbers = this.#current;
    numbers.length = 0;
    let isSame = keys.length === this.#previous.length;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      // mostly the very keys of the time before
      const number =
        key === this.#previousKeys[i] ? this.#previous[i]! : (this.#numbers.get(key) ?? this.#addSeries(key));
      if (this.#previous[i] !== number) isSame = false;
      numbers.push(number);
    }
    const count = numbers.length;
    if (count === 0) return;
    const start = this.#open(1 + 8 + 4 + count * 12);
    this.#end = this.#bytes.writeUInt8(isSame ? SAME_SERIES : SAMPLES, this.#end);
    this.#end = this.#bytes.writeDoubleLE(time, this.#end);
    if (!isSame) {
      this.#end = this.#bytes.writeUInt32LE(count, this.#end);
      for (const number of numbers) this.#end = this.#bytes.writeUInt32LE(number, this.#end);
      [this.#previous, this.#current] = [numbers, this.#previous];
      this.#previousKeys = keys.slice();
    }
    this.#putValues(values, count);
    this.#close(start);
  }

  addAnnotation(annotation: Annotation): void {
    this.#addText(ANNOTATION, JSON.stringify(annotation));
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

  // through an array of their own, for a frame begins anywhere: several times as fast as one by one
  #putValues(values: ArrayLike<number>, count: number): void {
    if (this.#doubles.length < count) this.#doubles = new Float64Array(2 * count);
    for (let i = 0; i < count; i++) this.#doubles[i] = values[i]!;
    this.#bytes.set(new Uint8Array(this.#doubles.buffer, 0, 8 * count), this.#end);
    this.#end += 8 * count;
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
    } else if (kind === ANNOTATION) {
      entries.push({ kind: "annotation", annotation: JSON.parse(payload.toString("utf8", 1)) as Annotation });
    } else {
      const time = payload.readDoubleLE(1);
      let at = 9;
      if (kind === SAMPLES) {
        const count = payload.readUInt32LE(at);
        previous = Array.from({ length: count }, (_, i) => keys[payload.readUInt32LE(at + 4 + 4 * i)]!);
        at += 4 + 4 * count;
      }
      const values = new Float64Array(
        payload.buffer.slice(payload.byteOffset + at, payload.byteOffset + payload.length),
      );
      entries.push({ kind: "samples", time, keys: previous, values });
    }
    position = end;
  }
  return { entries, wholeBytes: position };
}
