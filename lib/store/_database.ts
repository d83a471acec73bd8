import initSqlJs, { type Database } from "sql.js";
import { findDamage, identify, migrate, SCHEMA_VERSION } from "./_schema.ts";

const SMALLEST_PAGE = 512;

/** What became of the bytes of a file. */
export type OpenedImage =
  | { readonly kind: "open"; readonly database: Database }
  | { readonly kind: "corrupt"; readonly reason: string; readonly cause?: unknown }
  | { readonly kind: "foreign" }
  | { readonly kind: "newer"; readonly version: number };

/** An empty database with our tables. */
export async function createDatabase(): Promise<Database> {
  const { Database } = await initSqlJs();
  const database = new Database();
  migrate(database);
  return database;
}

/** A database from the bytes of its file, all of its pages checked. */
export async function openImage(image: Uint8Array): Promise<OpenedImage> {
  // SQLite takes so little for an empty database, and would begin a new one over what is left
  if (image.length < SMALLEST_PAGE) return { kind: "corrupt", reason: `file of ${image.length} bytes` };
  const { Database } = await initSqlJs();
  let database: Database | undefined;
  try {
    database = new Database(image);
    const opened = examine(database);
    if (opened.kind !== "open") database.close();
    return opened;
  } catch (cause) {
    database?.close();
    return { kind: "corrupt", reason: cause instanceof Error ? cause.message : String(cause), cause };
  }
}

function examine(database: Database): OpenedImage {
  const { isOurs, version } = identify(database);
  if (!isOurs) return { kind: "foreign" };
  if (version > SCHEMA_VERSION) return { kind: "newer", version };
  migrate(database);
  const reason = findDamage(database);
  return reason === undefined ? { kind: "open", database } : { kind: "corrupt", reason };
}
