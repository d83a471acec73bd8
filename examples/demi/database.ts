import {
  accessSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../lib/base/clock.ts";
import { isSealBroken, removeSeal } from "./seal.ts";

/** The database could not be read as Demi's; it now lies beside its place under another name. */
export class StorageCorruptError extends Error {
  override readonly name: string = "StorageCorruptError";
  /** Where the file was put. */
  readonly setAside: string;

  constructor(path: string, setAside: string, why: string, cause?: unknown) {
    super(`Cannot open database: '${path}' must be intact, got ${why}; it was set aside as '${setAside}'`, {
      cause,
    });
    this.setAside = setAside;
  }
}

/** The data directory cannot be used: not writable, or another Demi lives in it. */
export class StorageUnavailableError extends Error {
  override readonly name: string = "StorageUnavailableError";
}

const FILE_NAME = "demi.sqlite";
const VERSION = 1;
const SCHEMA = `
  CREATE TABLE emotions (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL, saved_at INTEGER NOT NULL) STRICT;
  CREATE TABLE messages (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, conversation_id TEXT NOT NULL, platform TEXT NOT NULL,
    sender TEXT NOT NULL, content TEXT NOT NULL, emotion_state TEXT, created_at INTEGER NOT NULL,
    delivered_at INTEGER, read_at INTEGER
  ) STRICT;
  CREATE INDEX messages_of_conversation ON messages (conversation_id, seq);
  CREATE TABLE rambles (
    id TEXT PRIMARY KEY, content TEXT NOT NULL, emotion TEXT NOT NULL, created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX rambles_by_time ON rambles (created_at);
  CREATE TABLE users (
    id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL, created_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users, device_name TEXT NOT NULL,
    device_fingerprint TEXT NOT NULL, refresh_id TEXT NOT NULL, created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;
const TABLES = ["emotions", "messages", "rambles", "users", "sessions", "secrets"];

// https://www.sqlite.org/rescode.html
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

function codeOf(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code & 0xff : undefined; // the low byte is the primary code
}

/**
 * Demi's database in `directory`, made if it was not there, locked against every other process until it is closed.
 * Commits are on the disk when they return.
 *
 * @throws {StorageCorruptError} If the file is damaged or not Demi's; it was set aside, never overwritten.
 * @throws {StorageUnavailableError} If the directory is not writable, or another process has the database open.
 */
export function openDatabase(directory: string, clock: Clock): DatabaseSync {
  const path = join(directory, FILE_NAME);
  makeWritable(directory);
  if (!existsSync(path)) create(path);
  // SQLite takes an empty file for a new database and writes into it
  if (statSync(path).size === 0) throw setAside(path, "an empty file", clock);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: 0 });
    lock(db);
    const damage = findDamage(db) ?? (isSealBroken(path) ? "one that changed while she slept" : undefined);
    if (damage !== undefined) {
      db.close();
      throw setAside(path, damage, clock);
    }
    removeSeal(path);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    return db;
  } catch (error) {
    if (db?.isOpen) db.close();
    throw explain(path, error, clock);
  }
}

function explain(path: string, error: unknown, clock: Clock): unknown {
  const code = codeOf(error);
  if (code === undefined) return error;
  if (code === SQLITE_NOTADB) return setAside(path, "something that is no SQLite database", clock, error);
  if (code === SQLITE_CORRUPT) return setAside(path, "a damaged one", clock, error);
  if (code === SQLITE_BUSY) {
    return new StorageUnavailableError(
      `Cannot open database: '${path}' must not be in use, got one that another process has open`,
      { cause: error },
    );
  }
  return new StorageUnavailableError(
    `Cannot open database: '${path}' must be readable and writable, got ${(error as Error).message}`,
    { cause: error },
  );
}

// Node's recursive mkdir never returns where the file system answers ENOENT for a child, as below /proc.
function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  makeDirectory(dirname(directory));
  mkdirSync(directory);
}

function makeWritable(directory: string): void {
  try {
    makeDirectory(resolve(directory));
    accessSync(directory, constants.W_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new StorageUnavailableError(
      `Cannot open database: data directory '${directory}' must be writable, got ${code}`,
      { cause: error },
    );
  }
}

// The file appears under its name only when complete, so one without tables is damage and never a first start.
function create(path: string): void {
  const draft = `${path}.new-${process.pid}`;
  try {
    rmSync(draft, { force: true });
    const db = new DatabaseSync(draft);
    db.exec(`PRAGMA synchronous = FULL; BEGIN; ${SCHEMA} PRAGMA user_version = ${VERSION}; COMMIT;`);
    db.close();
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return; // another process was faster: its lock decides
    throw new StorageUnavailableError(
      `Cannot create database: '${path}' must be writable, got ${String(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    rmSync(draft, { force: true });
  }
}

// Writes nothing: whether the file is Demi's is not known yet.
function lock(db: DatabaseSync): void {
  db.exec("PRAGMA locking_mode = EXCLUSIVE;");
  db.exec("BEGIN EXCLUSIVE; COMMIT;"); // locking_mode alone takes the lock only with the first write
}

function findDamage(db: DatabaseSync): string | undefined {
  const check = db.prepare("PRAGMA quick_check(1)").get() as { quick_check: string };
  if (check.quick_check !== "ok") return "a damaged one";
  const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version > VERSION) {
    throw new StorageUnavailableError(
      `Cannot open database: its version must be at most ${VERSION}, got ${version} of a newer Demi`,
    );
  }
  const tables = new Set(
    db
      .prepare("SELECT name FROM sqlite_schema")
      .all()
      .map((row) => row["name"]),
  );
  return version === VERSION && TABLES.every((table) => tables.has(table))
    ? undefined
    : "one that is not Demi's";
}

/** Puts the database and its journal out of the way, and returns the error that says so. */
export function setAside(path: string, why: string, clock: Clock, cause?: unknown): StorageCorruptError {
  const time = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, "-");
  let target = `${path}.corrupt-${time}`;
  for (let n = 2; existsSync(target); n++) target = `${path}.corrupt-${time}-${n}`;
  for (const suffix of ["", "-wal", "-shm", ".seal"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, target + suffix);
  }
  return new StorageCorruptError(path, target, why, cause);
}
