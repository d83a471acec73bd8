import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { SeededRandom } from "../../lib/base/random.ts";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { MetricsStore } from "../../lib/store/metrics_store.ts";
import { temporaryFolder } from "./_temporary_folder.ts";

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
// Written by the version before chunks, commit 8fd1cf7: 1,800 appends of two series, 10 s apart, and a piece of state.
const VERSION_2 = fileURLToPath(new URL("_version_2.sqlite", import.meta.url));

suite("MetricsStore chunks", () => {
  test("a file of the version before is taken over, to the last sample, minute and piece of state", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    await copyFile(VERSION_2, path);
    const clock = new VirtualClock({ startMs: START + 5 * HOUR });
    for (const _ of ["read from the old file", "read from the new one"]) {
      await using store = await MetricsStore.open({ path, clock, minuteRetentionMs: 8 * DAY });
      const points = store.query({ key: "a_bytes", from: 0, to: clock.now() });
      const raw = points.filter(([time]) => time >= START + 3 * HOUR);
      // at least two hours were kept one by one: i × 4096 at i × 10 s
      assert.equal(raw.length, 720);
      for (const [time, value] of raw) assert.equal(value, ((time - START) / 10_000) * 4096);
      // and minutes before, a mean of six samples half a step before the middle
      assert.equal(points[0]![1], 2.5 * 4096);
      for (const [i, [time]] of points.slice(1).entries())
        assert.ok(time - points[i]![0] <= MINUTE, `${time}`);
      assert.deepEqual(store.getState("alerts"), { version: 1 });
      assert.deepEqual(store.keys().slice(0, 2), ["a_bytes", 'b{x="é"}']);
      store.append(clock.now(), { other: 1 });
      await clock.advance(1);
    }
    using database = new DatabaseSync(path, { readOnly: true });
    const [hour] = database.prepare("SELECT * FROM hours WHERE key = 'a_bytes' ORDER BY time").all();
    const expected = { key: "a_bytes", time: "2026-01-01 00:00:00", min: 0, max: 359 * 4096, count: 360 };
    assert.deepEqual({ ...hour }, { ...expected, mean: 179.5 * 4096, last: 359 * 4096 });
  });

  test("a bit that flips in a chunk is found at the start, which SQLite would not see", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    const random = new SeededRandom(1);
    {
      await using store = await MetricsStore.open({ path, clock: new VirtualClock() });
      for (let i = 0; i < 2000; i++) store.append(START + i, { noise: random.next() });
    }
    const image = await readFile(path);
    using database = new DatabaseSync(path, { readOnly: true });
    const blob = Buffer.from(
      database.prepare("SELECT data FROM chunks LIMIT 1").get()?.["data"] as Uint8Array,
    );
    const at = image.indexOf(blob.subarray(10, 40));
    image[at]! ^= 1;
    await writeFile(path, image);
    await assert.rejects(MetricsStore.open({ path, clock: new VirtualClock() }), {
      name: "StoreCorruptError",
      message: /got "chunk of series 1 from \d+ does not match its checksum"; it was set aside/,
    });
    const names = await readdir(folder.path);
    assert.deepEqual(names, ["metrics.db.corrupt-20260101T000000Z"]);
  });

  test("a file that grows too large forgets the oldest hours, and nothing else", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    const clock = new VirtualClock();
    const random = new SeededRandom(2);
    const intervals = { saveIntervalMs: HOUR, syncIntervalMs: HOUR };
    await using store = await MetricsStore.open({ path, clock, maxBytes: 200_000, ...intervals });
    for (let i = 0; i < 5 * 8640; i++) {
      store.append(clock.now(), { noise: random.next(), count: i });
      await clock.advance(10_000);
    }
    await store.save();
    assert.ok((await readFile(path)).length < 250_000);
    const points = store.query({ key: "count", from: START, to: clock.now() });
    // five days of noise are 330 KB: what is left of it is the newest, one by one, and ten minutes from the first on
    const raw = points.filter(([, value]) => Number.isInteger(value));
    assert.ok(raw.length > 8640 && raw.at(-1)![1] === 5 * 8640 - 1, `${raw.length}`);
    assert.ok(points[0]![0] < START + HOUR);
    for (const [i, [time]] of points.slice(1).entries()) assert.ok(time - points[i]![0] <= 15 * MINUTE);
  });

  test("what comes while a save is under way is in its rollups once, after a kill, too", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    const clock = new VirtualClock();
    await using store = await MetricsStore.open({ path, clock });
    // so many that the copy is made bit by bit, and of `a` only after what follows
    store.append(START, Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`filler_${i}`, i])));
    for (let i = 0; i < 10; i++) store.append(START + i, { a: i });
    const saving = store.save();
    for (let i = 10; i < 15; i++) store.append(START + i, { a: i });
    await saving;
    await store.flush();
    const copy = join(folder.path, "copy.db"); // as a kill would leave it
    for (const name of await readdir(folder.path)) {
      if (!name.endsWith(".lock"))
        await copyFile(join(folder.path, name), join(folder.path, name.replace("metrics", "copy")));
    }
    await using again = await MetricsStore.open({ path: copy, clock });
    assert.equal(again.query({ key: "a", from: 0, to: Infinity }).length, 15);
    await again.save();
    using database = new DatabaseSync(copy, { readOnly: true });
    for (const table of ["rollup_10m", "rollup_1h"]) {
      const row = database
        .prepare(`SELECT min, max, sum, count, last FROM ${table} WHERE series = 401`)
        .get();
      assert.deepEqual({ ...row }, { min: 0, max: 14, sum: 105, count: 15, last: 14 });
    }
  });

  test("series beyond the most are left out, which is told once; the others go on", async () => {
    const errors: unknown[] = [];
    await using store = await MetricsStore.open({
      clock: new VirtualClock(),
      maxSeries: 2,
      onError: (error) => errors.push(error),
    });
    for (let i = 0; i < 5; i++) store.append(START + i, { a: i, [`b{n="${i}"}`]: i });
    assert.deepEqual(store.keys(), ["a", 'b{n="0"}']);
    assert.equal(store.query({ key: "a", from: 0, to: Infinity }).length, 5);
    assert.equal(errors.length, 1);
    assert.match(
      String(errors[0]),
      /^TooManySeriesError: .* a store must have at most 2, got one more: b\{n="1"\}$/,
    );
  });

  test("a label of a megabyte is refused, and nothing of its moment is in", async () => {
    await using store = await MetricsStore.open({ clock: new VirtualClock() });
    const key = `a{x="${"y".repeat(2 ** 20)}"}`;
    assert.throws(() => store.append(START, { fine: 1, [key]: 1 }), {
      name: "RangeError",
      message: /^Cannot append samples: a key must have at most 16384 characters, got 1048583: a\{x="y+…$/,
    });
    assert.deepEqual(store.keys(), []);
  });

  test("a clock that goes back costs nothing that is kept", async () => {
    const clock = new VirtualClock({ startMs: START + 30 * DAY });
    await using store = await MetricsStore.open({ clock });
    store.append(START + 30 * DAY, { a: 1 });
    store.append(START + 30 * DAY - HOUR, { a: 2 });
    store.append(START + 30 * DAY - HOUR + 1000, { a: 3 });
    store.append(START + 30 * DAY + 1000, { a: 4 });
    const values = store.query({ key: "a", from: 0, to: Infinity }).map(([, value]) => value);
    assert.deepEqual(values, [2, 3, 1, 4]);
  });

  test("CSV and NDJSON have every sample, and what is only left in rollups", async () => {
    const clock = new VirtualClock();
    await using store = await MetricsStore.open({ clock, rawRetentionMs: HOUR, minuteRetentionMs: DAY });
    for (const value of [1, 2, 6]) store.append(START + value * 1000, { 'a{x="1,2"}': value });
    await clock.advance(3 * HOUR);
    store.append(clock.now(), { 'a{x="1,2"}': 0.5, b: -3 });
    const late = new Date(clock.now()).toISOString();
    assert.equal(
      [...store.exportSamples({ format: "csv" })].join(""),
      "time,key,value,min,max,step_ms\r\n" +
        '2026-01-01T00:00:00.000Z,"a{x=""1,2""}",3,1,6,60000\r\n' +
        `${late},"a{x=""1,2""}",0.5,0.5,0.5,0\r\n${late},b,-3,-3,-3,0\r\n`,
    );
    const lines = [...store.exportSamples({ format: "ndjson", name: "a", labels: { x: "1,2" } })].join("");
    assert.deepEqual(
      lines
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
      [
        { time: START, key: 'a{x="1,2"}', value: 3, min: 1, max: 6, stepMs: 60_000 },
        { time: clock.now(), key: 'a{x="1,2"}', value: 0.5 },
      ],
    );
    assert.throws(() => store.exportSamples({ format: "xml" as "csv" }), {
      name: "RangeError",
      message: /'format'/,
    });
  });

  test("annotations are kept with the samples, through a journal and a file, and found by time and kind", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    const clock = new VirtualClock();
    const restart = { time: START + 5000, kind: "restart", text: "new model <b>", labels: { version: "2" } };
    const outage = { time: START + 1000, endTime: START + 3000, kind: "fault", text: "outage of discord" };
    {
      await using store = await MetricsStore.open({ path, clock });
      store.annotate(restart);
      await store.save();
      store.annotate(outage);
    }
    await using store = await MetricsStore.open({ path, clock });
    assert.deepEqual(store.annotations({ from: START, to: START + HOUR }), [outage, restart]);
    assert.deepEqual(store.annotations({ from: START + 2000, to: START + 4000 }), [outage]);
    assert.deepEqual(store.annotations({ from: START, to: START + HOUR, kind: "restart" }), [restart]);
    assert.throws(() => store.annotate({ ...outage, endTime: START }), {
      name: "TypeError",
      message: `Cannot annotate: 'endTime' must be at least the time ${START + 1000}, got ${START}`,
    });
    assert.throws(() => store.annotate({ ...outage, text: "x".repeat(5000) }), {
      message: /^Cannot annotate: 'text' must be a text of at most 4096 characters, got a text of 5000/,
    });
  });
});
