// This module is browser-safe.
import { ByteCursor, type Reading } from "./_byte_cursor.ts";
import { ClassCounts } from "./_class_counts.ts";
import { type HeapHeader, parseHeapHeader } from "./_heap_header.ts";
import { HeapNodeScanner } from "./_heap_node_scanner.ts";
import {
  ARRAY_START,
  BACKSLASH,
  COLON,
  COMMA,
  isSpace,
  OBJECT_END,
  OBJECT_START,
  QUOTE,
  SkipScanner,
} from "./_json_bytes.ts";
import { StringTableScanner } from "./_string_table_scanner.ts";
import type { HeapSnapshotSummary } from "./heap_snapshot_summary.ts";

/** V8's takes 1 KB. */
const MAX_HEADER_BYTES = 1 << 20;
const MAX_NAME_BYTES = 256;
const WHOLE = "snapshot file";
const SECTIONS = "have 'snapshot', 'nodes' and 'strings' in this order, each once";

/**
 * Summarizes a snapshot that is written into it chunk by chunk. Synchronous, so that it keeps up with V8, which writes
 * without waiting. Holds one count a class, and nothing of the graph.
 */
export class HeapSnapshotParser {
  readonly #cursor = new ByteCursor();
  readonly #limit: number;
  readonly #reading: Reading<HeapSnapshotSummary>;
  #header: HeapHeader | undefined;
  #counts: ClassCounts | undefined;
  #areStringsRead = false;

  /**
   * @param limit Most classes of the summary.
   * @throws {RangeError} If `limit` is not a whole number ≥ 1, or `Infinity`.
   */
  constructor(limit: number) {
    if (!((Number.isInteger(limit) || limit === Infinity) && limit >= 1)) {
      throw new RangeError(
        `Cannot summarize heap snapshot: 'limit' must be a whole number >= 1, got ${limit}`,
      );
    }
    this.#limit = limit;
    this.#reading = this.#read();
    this.#reading.next();
  }

  /**
   * Takes the next bytes in; they may be changed afterwards.
   *
   * @throws {HeapSnapshotFormatError} If they do not belong into a snapshot.
   */
  write(chunk: Uint8Array): void {
    this.#cursor.load(chunk);
    this.#reading.next();
  }

  /**
   * The summary, after the last bytes.
   *
   * @throws {HeapSnapshotFormatError} If the snapshot was cut off.
   */
  end(): HeapSnapshotSummary {
    this.#cursor.load(new Uint8Array(0));
    this.#cursor.isEnded = true;
    const { value } = this.#reading.next();
    return value ?? this.#cursor.refuse(WHOLE, "be parsed once", "a second end");
  }

  *#read(): Reading<HeapSnapshotSummary> {
    const cursor = this.#cursor;
    yield* this.#expect(WHOLE, OBJECT_START);
    do {
      const name = yield* this.#readName();
      yield* this.#expect(name, COLON);
      yield* this.#readSection(name);
    } while ((yield* this.#expect(WHOLE, COMMA, OBJECT_END)) === COMMA);
    if (!this.#counts || !this.#areStringsRead) return cursor.refuse(WHOLE, SECTIONS, "its end");
    yield* this.#expectEnd();
    return this.#counts.summarize(this.#limit);
  }

  *#readSection(name: string): Reading<void> {
    if (name === "snapshot") yield* this.#readHeader();
    else if (name === "nodes") yield* this.#readNodes();
    else if (name === "strings") yield* this.#readStrings();
    else yield* this.#cursor.run(new SkipScanner(name), name);
  }

  *#readHeader(): Reading<void> {
    const cursor = this.#cursor;
    if (this.#header) cursor.refuse(WHOLE, SECTIONS, "'snapshot' again");
    const scanner = new SkipScanner("snapshot");
    const decoder = new TextDecoder();
    let text = "";
    let isDone = false;
    while (!isDone) {
      yield* cursor.need("snapshot");
      const start = cursor.position;
      isDone = scanner.scan(cursor);
      text += decoder.decode(cursor.chunk.subarray(start, cursor.position), { stream: true });
      if (text.length > MAX_HEADER_BYTES) cursor.refuse("snapshot", `take at most ${MAX_HEADER_BYTES} bytes`);
    }
    this.#header = parseHeapHeader(text, cursor);
  }

  *#readNodes(): Reading<void> {
    const cursor = this.#cursor;
    const header = this.#header;
    if (!header || this.#counts) return cursor.refuse(WHOLE, SECTIONS, "'nodes'");
    const counts = new ClassCounts(header.types);
    const scanner = new HeapNodeScanner(header.layout, (type, name, selfBytes) => {
      if (!counts.add(type, name, selfBytes)) {
        cursor.refuse("nodes", `be of one of ${header.types.length} types`, `type ${type}`);
      }
    });
    yield* this.#expect("nodes", ARRAY_START);
    yield* cursor.run(scanner, "nodes");
    const found = scanner.numbers / header.layout.width;
    if (found !== header.nodeCount) {
      cursor.refuse("nodes", `be ${header.nodeCount} as the header says`, `${found}`);
    }
    this.#counts = counts;
  }

  *#readStrings(): Reading<void> {
    const cursor = this.#cursor;
    const counts = this.#counts;
    if (!counts || this.#areStringsRead) return cursor.refuse(WHOLE, SECTIONS, "'strings'");
    const scanner = new StringTableScanner(
      (index) => counts.isUsed(index),
      (index, text) => counts.resolve(index, text),
    );
    yield* this.#expect("strings", ARRAY_START);
    yield* cursor.run(scanner, "strings");
    if (counts.hasUnresolved) cursor.refuse("strings", "hold the names of all nodes", `${scanner.count}`);
    this.#areStringsRead = true;
  }

  /** A name between quotes; none that V8 writes has an escape. */
  *#readName(): Reading<string> {
    yield* this.#expect(WHOLE, QUOTE);
    let name = "";
    for (;;) {
      const byte = yield* this.#cursor.need(WHOLE);
      if (byte < 0x20 || byte === BACKSLASH || name.length > MAX_NAME_BYTES) {
        this.#cursor.refuse(WHOLE, "have plain names of sections");
      }
      this.#cursor.position++;
      if (byte === QUOTE) return name;
      name += String.fromCharCode(byte);
    }
  }

  /** Passes over white space and one of the bytes, which it gives. */
  *#expect(what: string, ...bytes: readonly number[]): Reading<number> {
    for (;;) {
      const byte = yield* this.#cursor.need(what);
      const isExpected = bytes.includes(byte);
      if (!isExpected && !isSpace(byte)) {
        const wanted = bytes.map((each) => `'${String.fromCharCode(each)}'`).join(" or ");
        this.#cursor.refuse(what, `go on with ${wanted}`);
      }
      this.#cursor.position++;
      if (isExpected) return byte;
    }
  }

  *#expectEnd(): Reading<void> {
    const cursor = this.#cursor;
    while (!cursor.isEnded) {
      for (; cursor.position < cursor.chunk.length; cursor.position++) {
        if (!isSpace(cursor.chunk[cursor.position]!)) cursor.refuse(WHOLE, "end with its object");
      }
      yield;
    }
  }
}
