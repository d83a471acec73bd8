import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { MetricsStore } from "../../lib/store/metrics_store.ts";
import { StoreCorruptError } from "../../lib/store/store_errors.ts";
import { temporaryFolder } from "./_temporary_folder.ts";

const NOW = Date.UTC(2026, 0, 1);

/** A file with a few hundred samples. */
async function makeStoreFile(path: string): Promise<Uint8Array> {
  await using store = await MetricsStore.open({ path, clock: new VirtualClock() });
  for (let i = 0; i < 500; i++) store.append(NOW + i * 1000, { a: i, 'b{x="y"}': i / 3 });
  await store.close();
  return await readFile(path);
}

suite("MetricsStore file", () => {
  test("has everything at the latest one interval after it was appended", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "deep", "metrics.db");
    const clock = new VirtualClock();
    await using store = await MetricsStore.open({ path, clock, saveIntervalMs: 4000 });
    store.append(NOW, { a: 1 });
    await clock.advance(4000);
    using database = new DatabaseSync(path, { readOnly: true });
    assert.equal(database.prepare("SELECT sum(count) AS n FROM chunks").get()?.["n"], 1);
  });

  test("is left alone while nothing changes", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    const clock = new VirtualClock();
    await using store = await MetricsStore.open({ path, clock, saveIntervalMs: 4000 });
    store.append(NOW, { a: 1 });
    await clock.advance(4000);
    const before = (await stat(path)).ino;
    await clock.advance(40_000);
    assert.equal((await stat(path)).ino, before);
    store.putState("x", 1);
    await clock.advance(4000);
    assert.notEqual((await stat(path)).ino, before);
  });

  test("is complete after closing, and goes on where it was", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    const clock = new VirtualClock();
    const first = await MetricsStore.open({ path, clock });
    first.append(NOW, { a: 1 });
    first.putState("alerts", { n: 1 });
    await first.close();
    assert.deepEqual(await readdir(folder.path), ["metrics.db"]); // no lock, no temporary file
    await using second = await MetricsStore.open({ path, clock });
    second.append(NOW + 1000, { a: 2 });
    assert.deepEqual(second.query({ key: "a", from: NOW, to: NOW + 1000 }), [
      [NOW, 1],
      [NOW + 1000, 2],
    ]);
    assert.deepEqual(second.getState("alerts"), { n: 1 });
  });

  test("saves asked for at once do not disturb each other", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    await using store = await MetricsStore.open({ path, clock: new VirtualClock() });
    const saves: Promise<void>[] = [];
    for (let i = 0; i < 20; i++) {
      store.append(NOW + i, { a: i });
      saves.push(store.save());
    }
    await Promise.all(saves);
    using database = new DatabaseSync(path, { readOnly: true });
    assert.equal(database.prepare("SELECT max(last) AS n FROM rollup_10m").get()?.["n"], 19);
  });

  const damages: Readonly<Record<string, (image: Uint8Array) => Uint8Array>> = {
    "cut in the middle": (image) => image.subarray(0, image.length / 2),
    "cut within a page": (image) => image.subarray(0, image.length - 100),
    "cut within its header": (image) => image.subarray(0, 50),
    "that is empty": () => new Uint8Array(),
    "of something else": () => new TextEncoder().encode("not a database ".repeat(1000)),
    "with a page of zeros": (image) => image.slice().fill(0, 8192, 12_288),
    "with a page of garbage": (image) => image.slice().fill(0xa5, 4096, 8192),
    "with a header of garbage": (image) => image.slice().fill(0xa5, 0, 100),
  };
  for (const [what, damage] of Object.entries(damages)) {
    test(`${what} is set aside as it is, and a new one can be begun`, async () => {
      await using folder = await temporaryFolder();
      const path = join(folder.path, "metrics.db");
      const damaged = damage(await makeStoreFile(path));
      await writeFile(path, damaged);
      const open = (): Promise<MetricsStore> => MetricsStore.open({ path, clock: new VirtualClock() });
      const error = await open().then(
        () => assert.fail("it opened"),
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof StoreCorruptError, String(error));
      assert.equal(error.quarantinedPath, `${path}.corrupt-20260101T000000Z`);
      assert.match(
        error.message,
        /^Cannot open metrics store: .* must be an intact database, got ".+"; it was set/,
      );
      assert.deepEqual(new Uint8Array(await readFile(error.quarantinedPath)), new Uint8Array(damaged));
      await using store = await open();
      assert.deepEqual(store.keys(), []);
    });
  }

  test("set aside twice in a second keeps both", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    for (const text of ["first", "second"]) {
      await writeFile(path, text);
      await assert.rejects(MetricsStore.open({ path, clock: new VirtualClock() }), {
        name: "StoreCorruptError",
      });
    }
    const names = ["metrics.db.corrupt-20260101T000000Z", "metrics.db.corrupt-20260101T000000Z-2"];
    assert.deepEqual((await readdir(folder.path)).sort(), names);
  });

  for (const [what, sql, message] of [
    ["another program's database", "CREATE TABLE bookmarks (url)", /got another program's database$/],
    [
      "a newer version",
      "PRAGMA application_id = 1684368745; PRAGMA user_version = 99",
      /got version 99, of a newer/,
    ],
  ] as const) {
    test(`of ${what} is refused and left alone`, async () => {
      await using folder = await temporaryFolder();
      const path = join(folder.path, "metrics.db");
      const database = new DatabaseSync(path);
      database.exec(sql);
      database.close();
      const before = await readFile(path);
      await assert.rejects(MetricsStore.open({ path }), { name: "StoreFormatError", message });
      assert.deepEqual(await readFile(path), before);
    });
  }

  test("where none can be is refused in one sentence", async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "file");
    await writeFile(file, "");
    for (const path of [join(file, "metrics.db"), "/proc/demi/metrics.db", folder.path]) {
      await assert.rejects(MetricsStore.open({ path }), {
        name: "StoreUnwritableError",
        message: /^Cannot open metrics store: \S+ must be a file in a writable folder, got E[A-Z]+: [^\n]+$/,
      });
    }
  });

  test("what a killed save left is removed, and nothing else", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "metrics.db");
    await makeStoreFile(path);
    await writeFile(`${path}.tmp-4711`, "half an image");
    await writeFile(`${path}.txt`, "mine");
    await using store = await MetricsStore.open({ path, clock: new VirtualClock() });
    assert.equal(store.keys().length, 2);
    assert.deepEqual((await readdir(folder.path)).sort(), [
      "metrics.db",
      "metrics.db.lock",
      "metrics.db.txt",
    ]);
  });

  test("a save that fails is reported once, tried again, and told by close", async () => {
    await using folder = await temporaryFolder();
    const home = join(folder.path, "home");
    const path = join(home, "metrics.db");
    const clock = new VirtualClock();
    const errors: unknown[] = [];
    const store = await MetricsStore.open({
      path,
      clock,
      saveIntervalMs: 4000,
      onError: (error) => errors.push(error),
    });
    store.append(NOW, { a: 1 });
    await rm(home, { recursive: true });
    await clock.advance(8000);
    assert.deepEqual(
      errors.map((error) => (error as NodeJS.ErrnoException).code),
      ["ENOENT"],
    );
    await mkdir(home);
    await clock.advance(4000);
    assert.equal(errors.length, 1);
    assert.ok((await stat(path)).size > 0);
    store.append(NOW + 1, { a: 2 });
    await rm(home, { recursive: true });
    await assert.rejects(store.close(), { code: "ENOENT" });
  });
});
