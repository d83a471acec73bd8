import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import type { HistoryQuery, HistoryResult } from "../../lib/feed/health_source.ts";
import { MetricsStore } from "../../lib/store/metrics_store.ts";
import type { MetricsStoreOptions } from "../../lib/store/mod.ts";
import { temporaryFolder } from "./_temporary_folder.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Two hours of samples, a day of minutes, a week of ten minutes, a month of hours. */
const SHORT = {
  rawRetentionMs: 2 * HOUR,
  minuteRetentionMs: DAY,
  tenMinuteRetentionMs: 7 * DAY,
  hourRetentionMs: 30 * DAY,
};

/** A store in memory, and the time from which a test begins: a multiple of ten minutes. */
async function setUp(
  options: MetricsStoreOptions = {},
): Promise<{ clock: VirtualClock; store: MetricsStore; start: number }> {
  const clock = new VirtualClock();
  return { clock, store: await MetricsStore.open({ clock, ...options }), start: clock.now() };
}

suite("MetricsStore", () => {
  test("gives back samples in order of time, and the last", async () => {
    const { store, start } = await setUp();
    await using _ = store;
    store.append(start + 2000, { a: 2.5, 'b{x="1"}': 7 });
    store.append(start, new Map([["a", 0]]));
    store.append(start + 1000, [["a", -3e9]]);
    assert.deepEqual(store.query({ key: "a", from: start, to: start + 2000 }), [
      [start, 0],
      [start + 1000, -3e9],
      [start + 2000, 2.5],
    ]);
    assert.deepEqual(store.query({ key: "a", from: start + 1, to: start + 1999 }), [[start + 1000, -3e9]]);
    assert.deepEqual(store.last("a"), [start + 2000, 2.5]);
    assert.deepEqual(store.last("nothing"), undefined);
    assert.deepEqual(store.query({ key: "nothing", from: 0, to: Infinity }), []);
    assert.deepEqual(store.keys(), ["a", 'b{x="1"}']);
  });

  test("selects series by metric and labels", async () => {
    const { store, start } = await setUp();
    await using _ = store;
    store.append(start, { 'up{p="a",z="1"}': 1, 'up{p="b",z="1"}': 0, 'upper{p="a"}': 9, up: 3 });
    assert.deepEqual(store.select("up", { p: "a" }, start, start), [
      { labels: { p: "a", z: "1" }, points: [[start, 1]] },
    ]);
    assert.equal(store.select("up", undefined, start, start).length, 3);
    assert.deepEqual(store.select("up", { p: "a" }, start + 1, start + 2), []);
  });

  test("leaves out what is not finite, and a second sample of one time", async () => {
    const { store, start } = await setUp();
    await using _ = store;
    store.append(start, { a: 1, b: NaN, c: Infinity });
    store.append(start, { a: 2 });
    assert.deepEqual(store.keys(), ["a"]);
    assert.deepEqual(store.query({ key: "a", from: start, to: start }), [[start, 1]]);
  });

  test("takes all samples of a moment or none", async () => {
    const { store, start } = await setUp();
    await using _ = store;
    assert.throws(() => store.append(start, { good: 1, "not good": 2 }), { name: "SyntaxError" });
    assert.deepEqual(store.keys(), []);
    assert.throws(() => store.append(NaN, { good: 1 }), { name: "RangeError" });
    store.append(start, { good: 3 });
    assert.deepEqual(store.query({ key: "good", from: start, to: start }), [[start, 3]]);
  });

  test("keeps two hours of samples, a day of minutes, a week of ten minutes, a month of hours, without a hole or a double", async () => {
    const { clock, store, start } = await setUp(SHORT);
    await using _ = store;
    const stepMs = 30_000;
    for (let time = start; time < start + 8 * DAY + 7.5 * MINUTE; time += stepMs) {
      store.append(time, { a: time - start, ...(time < start + HOUR && { gone: 1 }) });
      await clock.advance(stepMs);
    }
    const now = clock.now();
    const points = store.query({ key: "a", from: start, to: now });
    // a rollup's mean lies half a sample's step before its middle, as the time of its samples does
    for (const [time, value] of points)
      assert.ok(Math.abs(value - (time - start)) <= stepMs / 2, `${time}: ${value}`);
    for (const [i, [time]] of points.slice(1).entries()) {
      const gap = time - points[i]![0];
      const age = now - points[i]![0];
      const widest = age <= DAY ? MINUTE : age <= 7 * DAY ? 10 * MINUTE : HOUR;
      assert.ok(gap > 0 && gap <= widest, `${gap} ms before ${time}`);
    }
    const countFrom = (age: number): number => points.filter(([time]) => time >= now - age).length;
    assert.equal(countFrom(2 * HOUR), 240);
    const [hour, day] = [120, 60]; // what a level is kept for ends at a whole hour: up to an hour more of it
    assert.ok(
      countFrom(DAY) - (240 + 22 * 60) <= hour && countFrom(DAY) >= 240 + 22 * 60,
      `${countFrom(DAY)}`,
    );
    assert.ok(countFrom(7 * DAY) - countFrom(DAY) <= 6 * 144 + day, `${countFrom(7 * DAY)}`);
    assert.ok(points[0]![0] <= start + HOUR / 2);
    await clock.advance(31 * DAY);
    store.append(clock.now(), { b: 1 });
    store.append(clock.now() + 1, { b: 1 });
    assert.deepEqual(store.keys(), ["b"]); // a series of which nothing is left is gone, too
  });

  test("puts a late sample where there is still room for it", async () => {
    const { clock, store, start } = await setUp({ ...SHORT, hourRetentionMs: 7 * DAY });
    await using _ = store;
    await clock.advance(30 * DAY);
    const now = clock.now();
    store.append(now, { a: 1 });
    store.append(now - 3 * HOUR, { a: 2 });
    store.append(start, { a: 3 });
    assert.deepEqual(store.query({ key: "a", from: 0, to: now }), [
      [now - 3 * HOUR + MINUTE / 2, 2],
      [now, 1],
    ]);
  });

  test("draws a history in few points, with its spike and its gap", async () => {
    const { clock, store, start } = await setUp();
    await using _ = store;
    for (let i = 0; i < 1000; i++) {
      if (i < 400 || i >= 600) store.append(clock.now(), { a: i === 700 ? 99 : 1 });
      await clock.advance(5000);
    }
    const query: HistoryQuery = { key: "a", from: start, to: clock.now(), points: 100 };
    const result: HistoryResult = store.history(query);
    assert.ok(result.points.length <= 100);
    assert.equal(result.key, "a");
    assert.deepEqual(
      result.points.filter(([, value]) => value === 99),
      [[start + 3_500_000, 99]],
    );
    assert.deepEqual(
      result.points.filter(([, value]) => value === null),
      [[start + 2_497_500, null]],
    );
    assert.deepEqual(store.history({ ...query, key: "none" }).points, []);
  });

  test("a history of rollups keeps their extremes", async () => {
    const { clock, store, start } = await setUp();
    await using _ = store;
    for (const value of [1, 50, 3]) {
      store.append(clock.now(), { a: value });
      await clock.advance(1000);
    }
    await clock.advance(3 * HOUR);
    store.append(clock.now(), { a: 7 });
    const { points } = store.history({ key: "a", from: start, to: clock.now(), points: 10 });
    assert.deepEqual(
      points.map(([, value]) => value),
      [1, 50, null, 7],
    );
  });

  test("keeps pieces of state", async () => {
    const { store } = await setUp();
    await using _ = store;
    assert.equal(store.getState("alerts"), undefined);
    store.putState("alerts", { version: 1 });
    store.putState("alerts", { version: 2, list: ["é", null] });
    assert.deepEqual(store.getState("alerts"), { version: 2, list: ["é", null] });
    assert.throws(() => store.putState("x", undefined), { name: "TypeError" });
  });

  test("writes a file that SQLite itself reads", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    const clock = new VirtualClock();
    const start = clock.now();
    await using store = await MetricsStore.open({ path, clock });
    for (const [second, value] of [
      [0, 4],
      [30, 1.5],
      [59, 2],
      [60, 9],
    ] as const) {
      store.append(start + second * 1000, { 'm{p="x"}': value });
    }
    await store.save();
    store.append(start + 61_000, { 'm{p="x"}': 10 }); // statements live on after a save
    assert.equal(store.query({ key: 'm{p="x"}', from: start, to: start + HOUR }).length, 5);

    using database = new DatabaseSync(path, { readOnly: true });
    const rows = database.prepare("SELECT * FROM rollup_10m ORDER BY time").all();
    assert.deepEqual(
      rows.map((row) => Object.assign({}, row)),
      [{ series: 1, time: start, min: 1.5, max: 9, sum: 16.5, count: 4, last: 9 }],
    );
    const [hour] = database.prepare("SELECT key, time, mean FROM hours").all();
    assert.deepEqual({ ...hour }, { key: 'm{p="x"}', time: "2026-01-01 00:00:00", mean: 4.125 });
    assert.equal(database.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
    assert.equal(database.prepare("PRAGMA user_version").get()?.["user_version"], 3);
  });

  test("refuses times that make no sense, and use after closing", async () => {
    await assert.rejects(MetricsStore.open({ saveIntervalMs: 0 }), {
      name: "RangeError",
      message: /'saveIntervalMs'/,
    });
    await assert.rejects(MetricsStore.open({ minuteRetentionMs: 2 * DAY }), {
      name: "RangeError",
      message: /retention/,
    });
    const store = await MetricsStore.open();
    await store.close();
    await store.close();
    assert.throws(() => store.append(0, {}), {
      message: "Cannot append samples: the metrics store is closed",
    });
  });
});
