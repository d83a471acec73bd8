import { crc32 } from "node:zlib";
import initSqlJs, { type Database, type SqlValue } from "sql.js";
import { Chunk, encodeRows, type Rows } from "./_chunk.ts";
import type { StoreContent, StoredEvent } from "./_content.ts";
import { CHUNK_ROLLUPS, CHUNK_SAMPLES, ROLLUP_LEVELS, ROLLUP_WIDTH, SAMPLE_WIDTH } from "./_levels.ts";
import { Packer, type PackedChunk, unpack } from "./_pack.ts";
import { findDamage, identify, migrate, SCHEMA_VERSION } from "./_schema.ts";

// What takes long, so that it has a thread of its own: a database from all that the store knows, and the other way about.

const SMALLEST_PAGE = 512;

/** What became of the bytes of a file. */
export type ReadImage =
  | { readonly kind: "read"; readonly content: StoreContent }
  | { readonly kind: "corrupt"; readonly reason: string }
  | { readonly kind: "foreign" }
  | { readonly kind: "newer"; readonly version: number };

/** The bytes of a database with all of it. */
export async function makeImage(content: StoreContent): Promise<Uint8Array> {
  const { Database } = await initSqlJs();
  const database = new Database();
  try {
    migrate(database);
    database.exec("DROP TABLE samples; BEGIN"); // of versions before chunks
    writeContent(database, content);
    database.exec("COMMIT");
    return database.export();
  } finally {
    database.close();
  }
}

/** What the bytes of a file say; each page and each chunk is checked. */
export async function readImage(image: Uint8Array): Promise<ReadImage> {
  // SQLite takes so little for an empty database, and would begin a new one over what is left
  if (image.length < SMALLEST_PAGE) return { kind: "corrupt", reason: `file of ${image.length} bytes` };
  const missing = missingBytes(image);
  if (missing !== 0)
    return {
      kind: "corrupt",
      reason: `${Math.abs(missing)} bytes ${missing > 0 ? "less" : "more"} than its pages have`,
    };
  const { Database } = await initSqlJs();
  let database: Database | undefined;
  try {
    database = new Database(image);
    const { isOurs, version } = identify(database);
    if (!isOurs) return { kind: "foreign" };
    if (version > SCHEMA_VERSION) return { kind: "newer", version };
    migrate(database);
    const reason = findDamage(database);
    if (reason !== undefined) return { kind: "corrupt", reason };
    return { kind: "read", content: readContent(database) };
  } catch (error) {
    return { kind: "corrupt", reason: error instanceof Error ? error.message : String(error) };
  } finally {
    database?.close();
  }
}

/** How much is not there of what the header says; SQLite reads a page whose end is gone as one that ends in zeros. */
function missingBytes(image: Uint8Array): number {
  const header = new DataView(image.buffer, image.byteOffset, image.length);
  const isDatabase = Buffer.from(image.subarray(0, 15)).toString("latin1") === "SQLite format 3";
  const isCounted = isDatabase && header.getUint32(24) === header.getUint32(92); // else an old SQLite wrote it
  if (!isCounted) return 0;
  const pageSize = header.getUint16(16) === 1 ? 65_536 : header.getUint16(16);
  return pageSize * header.getUint32(28) - image.length;
}

function writeContent(database: Database, content: StoreContent): void {
  insertAll(
    database,
    "INSERT INTO series (id, key, raw_from) VALUES (?, ?, ?)",
    content.series.map(({ id, key, rawFrom }) => [id, key, Number.isFinite(rawFrom) ? rawFrom : null]),
  );
  writeChunks(database, content);
  for (const [level, { table }] of ROLLUP_LEVELS.entries()) {
    const sql = `INSERT INTO ${table} (series, time, min, max, sum, count, last) VALUES (?, ?, ?, ?, ?, ?, ?)`;
    insertAll(database, sql, rollupRows(unpack(content.pack), level + 1));
  }
  insertAll(database, "INSERT INTO state (name, json) VALUES (?, ?)", content.state);
  insertAll(
    database,
    "INSERT INTO events (time, end_time, kind, text, labels) VALUES (?, ?, ?, ?, ?)",
    content.events.map(({ time, endTime, kind, text, labels }) => [
      time,
      endTime ?? null,
      kind,
      text,
      labels,
    ]),
  );
  insertAll(database, "INSERT INTO meta (name, value) VALUES (?, ?)", [["journal", content.firstSegment]]);
}

function writeChunks(database: Database, { pack }: StoreContent): void {
  const addTimes = database.prepare("INSERT INTO times (id, data) VALUES (?, ?)");
  const addChunk = database.prepare(
    `INSERT INTO chunks (series, start, "end", count, times, data, crc) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const known = new Map<string, number>();
  for (const { series, level, chunk } of unpack(pack)) {
    if (level > 0) continue;
    const { isEncoded, columns } = chunk.parts();
    const [times, values] = (isEncoded ? columns : encodeRows(chunk.rows())) as [Uint8Array, Uint8Array];
    const name = Buffer.from(times.buffer, times.byteOffset, times.length).toString("latin1");
    let id = known.get(name);
    if (id === undefined) {
      known.set(name, (id = known.size + 1));
      addTimes.run([id, times]);
    }
    addChunk.run([series, chunk.from, chunk.to, chunk.count, id, values, crc32(values, crc32(times))]);
  }
}

function* rollupRows(chunks: Iterable<PackedChunk>, wanted: number): Generator<number[], void, undefined> {
  for (const { series, level, chunk } of chunks) {
    if (level !== wanted) continue;
    const rows = chunk.rows();
    for (let i = 0; i < chunk.count; i++) yield [series, ...rows.map((column) => column[i]!)];
  }
}

function insertAll(database: Database, sql: string, rows: Iterable<readonly SqlValue[]>): void {
  const statement = database.prepare(sql);
  for (const row of rows) statement.run(row as SqlValue[]);
}

function readContent(database: Database): StoreContent {
  const packer = new Packer();
  for (const chunk of readChunks(database)) packer.add(chunk);
  for (const [level, { table }] of ROLLUP_LEVELS.entries()) {
    const sql = `SELECT series, time, min, max, sum, count, last FROM ${table} ORDER BY series, time`;
    for (const chunk of readRows(database, sql, level + 1, CHUNK_ROLLUPS, ROLLUP_WIDTH)) packer.add(chunk);
  }
  const rows = (sql: string): SqlValue[][] => database.exec(sql)[0]?.values ?? [];
  return {
    firstSegment: Number(rows("SELECT value FROM meta WHERE name = 'journal'")[0]?.[0] ?? 1),
    series: rows("SELECT id, key, raw_from FROM series ORDER BY id").map(([id, key, rawFrom]) => ({
      id: Number(id),
      key: String(key),
      rawFrom: rawFrom === null ? -Infinity : Number(rawFrom),
    })),
    pack: packer.finish(),
    state: rows("SELECT name, json FROM state").map(([name, json]) => [String(name), String(json)] as const),
    events: rows("SELECT time, end_time, kind, text, labels FROM events ORDER BY id").map(toEvent),
  };
}

function toEvent([time, endTime, kind, text, labels]: SqlValue[]): StoredEvent {
  return {
    time: Number(time),
    endTime: endTime === null ? undefined : Number(endTime),
    kind: String(kind),
    text: String(text),
    labels: String(labels),
  };
}

function* readChunks(database: Database): Generator<PackedChunk, void, undefined> {
  const times = new Map<number, Uint8Array>();
  for (const [id, data] of steps(database, "SELECT id, data FROM times"))
    times.set(id as number, data as Uint8Array);
  const sql = `SELECT series, start, "end", count, times, data, crc FROM chunks ORDER BY start, times, series`;
  for (const [series, start, end, count, timesId, values, crc] of steps(database, sql)) {
    const chunkTimes = times.get(timesId as number);
    const data = values as Uint8Array;
    if (!chunkTimes || crc32(data, crc32(chunkTimes)) !== crc) {
      throw new Error(`chunk of series ${String(series)} from ${String(start)} does not match its checksum`);
    }
    const chunk = Chunk.encoded(start as number, end as number, count as number, [chunkTimes, data]);
    yield { series: series as number, level: 0, chunk };
  }
  const [old] = steps(database, "SELECT 1 FROM sqlite_schema WHERE name = 'samples'");
  if (!old) return;
  const samples = "SELECT series, time, value FROM samples ORDER BY series, time";
  yield* readRows(database, samples, 0, CHUNK_SAMPLES, SAMPLE_WIDTH);
}

/** Rows of a table in chunks; the first column says whose they are. */
function* readRows(
  database: Database,
  sql: string,
  level: number,
  capacity: number,
  width: number,
): Generator<PackedChunk, void, undefined> {
  let rows: number[][] = [];
  let series = -1;
  const take = (): PackedChunk => {
    const columns: Rows = Array.from({ length: width }, (_, i) =>
      Float64Array.from(rows, (row) => row[i + 1]!),
    );
    rows = [];
    const chunk = Chunk.of(columns);
    if (chunk.count === capacity) chunk.encode();
    return { series, level, chunk };
  };
  for (const row of steps(database, sql)) {
    if (rows.length > 0 && (row[0] !== series || rows.length === capacity)) yield take();
    series = row[0] as number;
    rows.push(row as number[]);
  }
  if (rows.length > 0) yield take();
}

function* steps(database: Database, sql: string): Generator<SqlValue[], void, undefined> {
  const statement = database.prepare(sql);
  while (statement.step()) yield statement.get();
}
