import type { Database } from "sql.js";
import { type Labels, parseSampleKey } from "../metrics/sample_key.ts";

/** A series and its number in the tables. */
export interface Series {
  readonly id: number;
  readonly key: string;
  readonly name: string;
  readonly labels: Labels;
}

/** All series of a database, by key and by metric. */
export class SeriesIndex {
  readonly #database: Database;
  readonly #byKey = new Map<string, Series>();
  readonly #byName = new Map<string, Map<number, Series>>();

  constructor(database: Database) {
    this.#database = database;
    for (const [id, key] of database.exec("SELECT id, key FROM series ORDER BY id")[0]?.values ?? []) {
      this.#remember(Number(id), String(key));
    }
  }

  /** Number of series. */
  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): Series | undefined {
    return this.#byKey.get(key);
  }

  all(): Series[] {
    return [...this.#byKey.values()];
  }

  /** Series of a metric that have all of these labels, and maybe more. */
  select(name: string, labels: Labels = {}): Series[] {
    const wanted = Object.entries(labels);
    const candidates = [...(this.#byName.get(name)?.values() ?? [])];
    return candidates.filter((series) => wanted.every(([label, value]) => series.labels[label] === value));
  }

  /**
   * Adds a series to the table. Not yet known here: the caller's transaction may still fail.
   *
   * @throws {SyntaxError} If `key` is no sample key.
   */
  insert(key: string): number {
    parseSampleKey(key);
    this.#database.run("INSERT INTO series (key) VALUES (?)", [key]);
    return Number(this.#database.exec("SELECT last_insert_rowid()")[0]!.values[0]![0]);
  }

  /** Makes inserted series known. */
  commit(inserted: ReadonlyMap<string, number>): void {
    for (const [key, id] of inserted) this.#remember(id, key);
  }

  remove({ id, key, name }: Series): void {
    this.#database.run("DELETE FROM series WHERE id = ?", [id]);
    this.#byKey.delete(key);
    this.#byName.get(name)?.delete(id);
  }

  #remember(id: number, key: string): void {
    const series = { id, key, ...parseSampleKey(key) };
    this.#byKey.set(key, series);
    const siblings = this.#byName.get(series.name) ?? new Map<number, Series>();
    this.#byName.set(series.name, siblings.set(id, series));
  }
}
