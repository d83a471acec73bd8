import type { Database } from "sql.js";

/** Marks the file as ours in its header: "demi". */
const APPLICATION_ID = 0x64_65_6d_69;

/** A table of rollups: each row sums up the samples of one series from `time` to `time + stepMs`. */
export interface RollupLevel {
  readonly table: string;
  readonly stepMs: number;
}

/** Levels from fine to coarse; the step of each divides that of the next. */
export const ROLLUP_LEVELS: readonly [minutes: RollupLevel, tenMinutes: RollupLevel] = [
  { table: "rollup_1m", stepMs: 60_000 },
  { table: "rollup_10m", stepMs: 600_000 },
];

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
  ${ROLLUP_LEVELS.map(({ table }) => rollupTable(table)).join("")}
  CREATE TABLE state (name TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
  CREATE VIEW minutes AS
    SELECT key, datetime(time / 1000, 'unixepoch') AS minute, min, max, sum / (count + 0.0) AS mean, count, last
    FROM rollup_1m JOIN series ON series.id = rollup_1m.series;
  PRAGMA application_id = ${APPLICATION_ID};
`;

// What the store says of itself: the first segment of the journal that the file has not taken in.
const WITH_JOURNAL = "CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;";

/** What makes each version of the tables from the one before. A file's version is its `user_version`. */
const MIGRATIONS: readonly string[] = [FIRST, WITH_JOURNAL];

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
  const tables = ["series", "samples", "state", "meta", ...ROLLUP_LEVELS.map(({ table }) => table)];
  for (const table of tables) database.exec(`SELECT 1 FROM ${table} LIMIT 0`);
  const verdict = pragma(database, "quick_check");
  return verdict === "ok" ? undefined : String(verdict);
}

function pragma(database: Database, name: string): unknown {
  return database.exec(`PRAGMA ${name}`)[0]?.values[0]?.[0];
}
