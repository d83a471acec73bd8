// The metrics store on seven days of sixty series every 10 s, 3.6 million samples, beside rows in SQLite and Gorilla's code on the
// same data. `node test/bench/store_bench.ts`, on a disk, not in a RAM file system: `--dir` says where.
import { open, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import initSqlJs, { type Database } from "sql.js";
import { MetricsStore } from "demi-health/store";
import { VirtualClock } from "demi-health/base";
import { reportBench } from "./_bench_report.ts";
import { type DemoSeries, demoSeries, SAMPLES, STEP_MS } from "./_demo_series.ts";
import { gorillaBits } from "./_gorilla_size.ts";

const DAY = 86_400_000;
const PEER_DAYS = 1;
const { values: args } = parseArgs({
  options: { dir: { type: "string", default: tmpdir() }, json: { type: "boolean" } },
});
const folder = await mkdtemp(join(args.dir, "demi-store-bench-"));
const TABLE = "CREATE TABLE samples (series INT, time INT, value, PRIMARY KEY (series, time)) WITHOUT ROWID";
const INSERT = "INSERT INTO samples (series, time, value) VALUES (?, ?, ?)";
// of each of 250 columns the lowest and the highest, as a chart wants them
const QUERY = `SELECT min(time), min(value), max(value) FROM samples WHERE series = ? AND time BETWEEN ? AND ? GROUP BY (time - ?) / ?`;

const ms = (begun: number): number => performance.now() - begun;

try {
  const series = demoSeries();
  const count = series.keys.length * SAMPLES;
  const decimal = series.values.filter((_, i) => series.isDecimal[i]);
  const gorilla = series.values.map((values) => gorillaBits(series.times, values) / 8 / SAMPLES);
  const gorillaDecimal = gorilla.filter((_, i) => series.isDecimal[i]);

  const path = join(folder, "metrics.sqlite");
  const ingested: number[] = [];
  for (let round = 0; round < 3; round++) {
    await rm(path, { force: true });
    const store = await MetricsStore.open({
      path,
      clock: new VirtualClock({ startMs: series.times.at(-1)! }),
    });
    ingested.push(count / (await ingest(store, series)));
    await store.close();
  }
  const bytes = (await stat(path)).size;
  const chunkBytes = bytesOfChunks(path);
  const decimalPath = join(folder, "decimal.sqlite");
  await using small = await MetricsStore.open({
    path: decimalPath,
    clock: new VirtualClock({ startMs: series.times.at(-1)! }),
  });
  await ingest(small, {
    ...series,
    keys: series.keys.filter((_, i) => series.isDecimal[i]),
    values: decimal,
  });
  await small.save();
  const decimalBytes = bytesOfChunks(decimalPath);

  const opened: number[] = [];
  for (let round = 0; round < 5; round++) {
    const begun = performance.now();
    const store = await MetricsStore.open({
      path,
      clock: new VirtualClock({ startMs: series.times.at(-1)! }),
    });
    opened.push(ms(begun));
    await store.close();
  }

  const clock = new VirtualClock({ startMs: series.times.at(-1)! });
  await using store = await MetricsStore.open({ path, clock });
  const end = series.times.at(-1)!;
  const queried: number[] = [];
  const all: number[] = [];
  for (let round = 0; round < 300; round++) {
    const key = series.keys[round % series.keys.length]!;
    const begun = performance.now();
    store.history({ key, from: end - DAY, to: end, points: 500 });
    if (round >= 60) queried.push(ms(begun));
    const again = performance.now();
    store.history({ key, from: 0, to: end, points: 500 });
    if (round >= 60) all.push(ms(again));
  }

  const sample = Object.fromEntries(series.keys.map((key, s) => [key, series.values[s]![0]!]));
  const flushed: number[] = [];
  const raw = await open(join(folder, "raw"), "a");
  const appended: number[] = [];
  for (let round = 0; round < 300; round++) {
    const begun = performance.now();
    store.append(end + 1 + round, sample);
    await store.flush();
    flushed.push(ms(begun));
    const again = performance.now();
    await raw.write(Buffer.alloc(500, round));
    await raw.datasync();
    appended.push(ms(again));
  }
  await raw.close();

  const saved: number[] = [];
  for (let round = 0; round < 5; round++) {
    store.append(end + 1000 + round, sample);
    saved.push(await longestBlock(() => store.save()));
  }
  const retained = await longestBlock(async () => {
    await clock.advance(2 * DAY); // as after a long sleep: two of seven days go at once, a few series each time
    for (let i = 0; i < 60; i++) {
      store.append(clock.now() + i, sample);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  const sqlJs = await sqlJsRows(series);
  const nodeSqlite = nodeSqliteRows(series, join(folder, "rows.sqlite"));
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
  reportBench([
    {
      name: "a sample in the file, rollups of 10 min and 1 h with it",
      unit: "B",
      measured: [bytes / count],
      goal: 2,
      peers: { "sql.js rows": sqlJs.bytes },
    },
    {
      name: "a sample by itself",
      unit: "B",
      measured: [chunkBytes / count],
      goal: mean(gorilla) / 2,
      peers: { Gorilla: mean(gorilla) },
    },
    {
      name: "a sample of a decimal gauge or a counter",
      unit: "B",
      measured: [decimalBytes / (decimal.length * SAMPLES)],
      goal: 1.5,
      peers: { Gorilla: mean(gorillaDecimal) },
    },
    {
      name: "ingest, journal written and synced",
      unit: "k samples/s",
      measured: ingested,
      better: "higher",
      goal: Math.max(4000, 3 * sqlJs.thousandPerSecond),
      peers: { "sql.js rows": sqlJs.thousandPerSecond, "node:sqlite rows": nodeSqlite.thousandPerSecond },
    },
    {
      name: "durable flush of 60 samples",
      unit: "ms",
      measured: flushed,
      goal: 1.5 * middle(appended),
      peers: { "append + fdatasync": middle(appended) },
    },
    {
      name: "24 h to 500 points",
      unit: "ms",
      measured: queried,
      goal: Math.min(0.3, nodeSqlite.queryMs / 4),
      peers: { "node:sqlite rows": nodeSqlite.queryMs, "sql.js rows": sqlJs.queryMs },
    },
    { name: "7 d to 500 points", unit: "ms", measured: all, goal: 1 },
    { name: "open of the full file", unit: "ms", measured: opened, goal: 300 },
    { name: "longest block of the loop by a snapshot", unit: "ms", measured: saved, goal: 10 },
    { name: "longest block of the loop by retention", unit: "ms", measured: [retained], goal: 10 },
  ]);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Milliseconds that it takes; the loop has its turn every hundred samples, as in a host. */
async function ingest(store: MetricsStore, { keys, times, values }: DemoSeries): Promise<number> {
  const sample: Record<string, number> = {};
  let took = 0;
  for (let i = 0; i < times.length; i++) {
    for (let s = 0; s < keys.length; s++) sample[keys[s]!] = values[s]![i]!;
    const begun = performance.now();
    store.append(times[i]!, sample);
    if (i % 1000 === 999) await store.flush();
    took += ms(begun);
  }
  const begun = performance.now();
  await store.flush();
  return took + ms(begun);
}

/** What the tables of samples take in a file, their pages and all. */
function bytesOfChunks(path: string): number {
  using database = new DatabaseSync(path, { readOnly: true });
  const sql = "SELECT sum(pgsize) AS bytes FROM dbstat WHERE name IN ('chunks', 'times', 'series')";
  return Number(database.prepare(sql).get()?.["bytes"]);
}

/** The longest time between two turns of the loop while it goes on. */
async function longestBlock(work: () => Promise<void>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let turn = setImmediate(function look() {
    longest = Math.max(longest, ms(last));
    last = performance.now();
    turn = setImmediate(look);
  });
  await work();
  clearImmediate(turn);
  return longest;
}

interface RowFigures {
  readonly bytes: number;
  readonly thousandPerSecond: number;
  readonly queryMs: number;
}

async function sqlJsRows({ keys, times, values }: DemoSeries): Promise<RowFigures> {
  const { Database } = await initSqlJs();
  const database: Database = new Database();
  database.exec(TABLE);
  const insert = database.prepare(INSERT);
  const rounds = (PEER_DAYS * DAY) / STEP_MS;
  const begun = performance.now();
  for (let i = 0; i < rounds; i++) {
    if (i % 1000 === 0) database.exec("BEGIN");
    for (let s = 0; s < keys.length; s++) insert.run([s, times[i]!, values[s]![i]!]);
    if (i % 1000 === 999 || i === rounds - 1) database.exec("COMMIT");
  }
  const took = ms(begun);
  const queries: number[] = [];
  const query = database.prepare(QUERY);
  for (let s = 0; s < keys.length; s++) {
    const again = performance.now();
    query.bind([s, times[0]!, times[rounds]!, times[0]!, DAY / 250]);
    while (query.step()) query.get();
    query.reset();
    queries.push(ms(again));
  }
  const samples = rounds * keys.length;
  const bytes = database.export().length / samples;
  database.close();
  return {
    bytes,
    thousandPerSecond: samples / took,
    queryMs: queries.toSorted((a, b) => a - b)[queries.length >> 1]!,
  };
}

function nodeSqliteRows({ keys, times, values }: DemoSeries, path: string): Omit<RowFigures, "bytes"> {
  using database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${TABLE}`);
  const insert = database.prepare(INSERT);
  const rounds = (PEER_DAYS * DAY) / STEP_MS;
  const begun = performance.now();
  for (let i = 0; i < rounds; i++) {
    if (i % 1000 === 0) database.exec("BEGIN");
    for (let s = 0; s < keys.length; s++) insert.run(s, times[i]!, values[s]![i]!);
    if (i % 1000 === 999 || i === rounds - 1) database.exec("COMMIT");
  }
  const took = ms(begun);
  const queries: number[] = [];
  const query = database.prepare(QUERY);
  for (let s = 0; s < keys.length; s++) {
    const again = performance.now();
    query.all(s, times[0]!, times[rounds]!, times[0]!, DAY / 250);
    queries.push(ms(again));
  }
  return {
    thousandPerSecond: (rounds * keys.length) / took,
    queryMs: queries.toSorted((a, b) => a - b)[queries.length >> 1]!,
  };
}
