import type { Database, SqlValue, Statement } from "sql.js";
import { ROLLUP_LEVELS } from "./_schema.ts";

/** What is known of a series over a stretch of time: one sample (`stepMs` 0), or a rollup of several. */
export interface Row {
  /** Of the sample; of a rollup its beginning. */
  readonly time: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stepMs: number;
}

interface LevelStatements {
  readonly stepMs: number;
  readonly upsert: Statement;
  readonly first: Statement;
  readonly range: Statement;
  readonly trim: Statement;
}

const FIRST = (table: string): string => `SELECT time FROM ${table} WHERE series = ? ORDER BY time LIMIT 1`;
const TRIM = (table: string): string => `DELETE FROM ${table} WHERE series = ? AND time < ?`;

/** Samples and rollups in their tables. The statements are made once and live as long as the database. */
export class SampleTables {
  readonly #database: Database;
  readonly #insert: Statement;
  readonly #first: Statement;
  readonly #last: Statement;
  readonly #range: Statement;
  readonly #trim: Statement;
  readonly #levels: readonly LevelStatements[];

  constructor(database: Database) {
    this.#database = database;
    const prepare = (sql: string): Statement => database.prepare(sql);
    this.#insert = prepare("INSERT OR IGNORE INTO samples (series, time, value) VALUES (?, ?, ?)");
    this.#first = prepare(FIRST("samples"));
    this.#last = prepare("SELECT time, value FROM samples WHERE series = ? ORDER BY time DESC LIMIT 1");
    this.#range = prepare(
      "SELECT time, value FROM samples WHERE series = ? AND time BETWEEN ? AND ? ORDER BY time",
    );
    this.#trim = prepare(TRIM("samples"));
    this.#levels = ROLLUP_LEVELS.map(({ table, stepMs }) => ({
      stepMs,
      upsert: prepare(
        `INSERT INTO ${table} (series, time, min, max, sum, count, last) VALUES (?1, ?2, ?3, ?3, ?3, 1, ?3)
         ON CONFLICT DO UPDATE SET min = min(min, ?3), max = max(max, ?3), sum = sum + ?3, count = count + 1, last = ?3`,
      ),
      first: prepare(FIRST(table)),
      range: prepare(
        `SELECT time, min, max, sum / (count + 0.0) FROM ${table}
         WHERE series = ? AND time BETWEEN ? AND ? ORDER BY time`,
      ),
      trim: prepare(TRIM(table)),
    }));
  }

  /** Adds a sample and its share of the rollups; false, and nothing done, if the series has one of that time. */
  insert(series: number, time: number, value: number): boolean {
    this.#insert.run([series, time, value]);
    if (this.#database.getRowsModified() === 0) return false;
    this.#addToRollups(series, time, value, 0);
    return true;
  }

  /** Adds a sample that is too old for its own row to the rollups from `level` on. */
  insertLate(series: number, time: number, value: number, level: number): void {
    this.#addToRollups(series, time, value, level);
  }

  /** Time and value of the newest sample. */
  last(series: number): readonly [number, number] | undefined {
    const row = collectRows(this.#last, [series])[0];
    return row && [Number(row[0]), Number(row[1])];
  }

  /**
   * Samples from `from` to `to`, both included, and before the first of them rollups, the finest first. A rollup
   * is in when any part of it is.
   */
  read(series: number, from: number, to: number): Row[] {
    const rows = collectRows(this.#range, [series, from, to]).map(toSampleRow);
    const oldest = firstTime(this.#first, series);
    return [...this.#readRollups(series, from, to, oldest, 0), ...rows];
  }

  /** Deletes what is older: samples before the first time, rollups of each level before the next ones. */
  trim(series: number, [samples = -Infinity, ...levels]: readonly number[]): void {
    this.#trim.run([series, samples]);
    for (const [i, { trim }] of this.#levels.entries()) trim.run([series, levels[i]!]);
  }

  /** Whether nothing is left of the series. */
  isEmpty(series: number): boolean {
    const statements = [this.#first, ...this.#levels.map(({ first }) => first)];
    return statements.every((statement) => firstTime(statement, series) === Infinity);
  }

  // `before` is where finer rows begin. What is finer is trimmed at multiples of the coarsest step only, so the
  // coarser row that holds its first time is told by finer rows completely.
  #readRollups(series: number, from: number, to: number, before: number, level: number): Row[] {
    const statements = this.#levels[level];
    if (!statements || from >= before) return [];
    const { stepMs, range, first } = statements;
    const end = Math.min(to, Math.floor(before / stepMs) * stepMs - 1);
    const own = collectRows(range, [series, from - stepMs + 1, end]).map((row) => toRollupRow(row, stepMs));
    return [
      ...this.#readRollups(series, from, to, Math.min(before, firstTime(first, series)), level + 1),
      ...own,
    ];
  }

  #addToRollups(series: number, time: number, value: number, level: number): void {
    for (const { upsert, stepMs } of this.#levels.slice(level)) {
      upsert.run([series, Math.floor(time / stepMs) * stepMs, value]);
    }
  }
}

function toSampleRow([time, value]: SqlValue[]): Row {
  const number = Number(value);
  return { time: Number(time), min: number, max: number, mean: number, stepMs: 0 };
}

function toRollupRow([time, min, max, mean]: SqlValue[], stepMs: number): Row {
  return { time: Number(time), min: Number(min), max: Number(max), mean: Number(mean), stepMs };
}

function firstTime(statement: Statement, series: number): number {
  return Number(collectRows(statement, [series])[0]?.[0] ?? Infinity);
}

function collectRows(statement: Statement, parameters: SqlValue[]): SqlValue[][] {
  const rows: SqlValue[][] = [];
  statement.bind(parameters);
  while (statement.step()) rows.push(statement.get());
  statement.reset();
  return rows;
}
