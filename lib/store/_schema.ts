import type { Database } from "sql.js";
import { ROLLUP_LEVELS } from "./_levels.ts";

/** Marks the file as ours in its header: "demi". */
const APPLICATION_ID = 0x64_65_6d_69;

// `value` has no type on purpose: in a REAL column integral values cost 8 bytes each, here 0 to 6.
const rollupTable = (table: string): string => `
  CREATE TABLE ${table} (
    series INTEGER NOT NULL, time INTEGER NOT NULL,
    min NOT NULL, max NOT NULL, sum NOT NULL, count INTEGER NOT NULL, last NOT NULL,
    PRIMARY KEY (series, time)
  ) WITHOUT ROWID;`;

const FIRST = `
  CREATE TABLE series (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
  CREATE TABLE samples (
    series INTEGER NOT NULL, time INTEGER NOT NULL, value NOT NULL, PRIMARY KEY (series, time)
  ) WITHOUT ROWID;
  ${ROLLUP_LEVELS.slice(0, 2)
    .map(({ table }) => rollupTable(table))
    .join("")}
  CREATE TABLE state (name TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
  CREATE VIEW minutes AS
    SELECT key, datetime(time / 1000, 'unixepoch') AS minute, min, max, sum / (count + 0.0) AS mean, count, last
    FROM rollup_1m JOIN series ON series.id = rollup_1m.series;
  PRAGMA application_id = ${APPLICATION_ID};
`;

// What the store says of itself: the first segment of the journal that the file has not taken in.
const WITH_JOURNAL = "CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;";

const view = (name: string, table: string): string => `
  CREATE VIEW ${name} AS
    SELECT key, datetime(time / 1000, 'unixepoch') AS time, min, max, sum / (count + 0.0) AS mean, count, last
    FROM ${table} JOIN series ON series.id = ${table}.series;`;

// Samples in chunks, in tables with a rowid: a long blob in one without costs half as much again. Series that were sampled
// together share their times. Until then a minute's row told of all samples of its minute, from now on of those that are in no chunk.
const WITH_CHUNKS = `
  ALTER TABLE series ADD COLUMN raw_from INTEGER;
  UPDATE series SET raw_from = (SELECT min(time) / 600000 * 600000 FROM samples WHERE series = series.id);
  DELETE FROM rollup_1m WHERE time >= (SELECT raw_from FROM series WHERE id = series);
  CREATE TABLE times (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
  CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, series INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, count INTEGER NOT NULL,
    times INTEGER NOT NULL REFERENCES times, data BLOB NOT NULL, crc INTEGER NOT NULL
  );
  ${rollupTable("rollup_1h")}
  INSERT INTO rollup_1h
    SELECT series, time / 3600000 * 3600000, min(min), max(max), sum(sum), sum(count),
      (SELECT last FROM rollup_10m AS other
       WHERE other.series = r.series AND other.time / 3600000 = r.time / 3600000 ORDER BY other.time DESC LIMIT 1)
    FROM rollup_10m AS r GROUP BY 1, 2;
  CREATE TABLE events (
    id INTEGER PRIMARY KEY, time INTEGER NOT NULL, end_time INTEGER, kind TEXT NOT NULL, text TEXT NOT NULL, labels TEXT NOT NULL
  );
  DROP VIEW minutes;
  ${view("minutes", "rollup_1m")}${view("ten_minutes", "rollup_10m")}${view("hours", "rollup_1h")}
`;

/** What makes each version of the tables from the one before. A file's version is its `user_version`. */
const MIGRATIONS: readonly string[] = [FIRST, WITH_JOURNAL, WITH_CHUNKS];

/** Version of the tables. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** Brings a database to this version, from an empty one or from any before; wholly or not at all. */
export function migrate(database: Database): void {
  const version = Number(pragma(database, "user_version"));
  if (version >= SCHEMA_VERSION) return;
  const steps = MIGRATIONS.slice(version).join("");
  database.exec(`BEGIN; ${steps} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
}

/** What a database says that it is. */
export interface Identity {
  readonly isOurs: boolean;
  readonly version: number;
}

/** What the database says that it is. Throws where its header cannot be read. */
export function identify(database: Database): Identity {
  return {
    isOurs: pragma(database, "application_id") === APPLICATION_ID,
    version: Number(pragma(database, "user_version")),
  };
}

/** What is wrong with the database's pages, in SQLite's words, or `undefined`. Throws where a table is missing. */
export function findDamage(database: Database): string | undefined {
  const rollups = ROLLUP_LEVELS.map(({ table }) => table);
  for (const table of ["series", "chunks", "times", "state", "meta", "events", ...rollups]) {
    database.exec(`SELECT 1 FROM ${table} LIMIT 0`);
  }
  const verdict = pragma(database, "quick_check");
  return verdict === "ok" ? undefined : String(verdict);
}

function pragma(database: Database, name: string): unknown {
  return database.exec(`PRAGMA ${name}`)[0]?.values[0]?.[0];
}
