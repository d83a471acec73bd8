import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import type { Disk } from "../../lib/store/_disk.ts";
import { FrameWriter, readSegment } from "../../lib/store/_journal_frames.ts";
import type { MetricsStoreOptions } from "../../lib/store/mod.ts";
import { MetricsStore } from "../../lib/store/metrics_store.ts";
import { ForgetfulDisk } from "./_forgetful_disk.ts";
import { temporaryFolder } from "./_temporary_folder.ts";

const NOW = Date.UTC(2026, 0, 1);
const ALL = { from: NOW - 3_600_000, to: NOW + 3_600_000 };

interface Place extends AsyncDisposable {
  readonly disk: ForgetfulDisk;
  readonly errors: unknown[];
  readonly clock: VirtualClock;
  readonly path: string;
  open(more?: MetricsStoreOptions): Promise<MetricsStore>;
  /** What a start after a kill finds, in a store of its own; of the disk as it is now, unless another is given. */
  found(disk?: Disk): Promise<{ readonly values: readonly number[]; readonly state: unknown }>;
}

async function place(): Promise<Place> {
  const folder = await temporaryFolder();
  const disk = new ForgetfulDisk();
  const clock = new VirtualClock();
  const errors: unknown[] = [];
  const path = join(folder.path, "metrics.db");
  const basis = { path, clock, onError: (error: unknown) => void errors.push(error) };
  let others = 0;
  return {
    disk,
    errors,
    clock,
    path,
    open: (more) => MetricsStore.openOn(disk, { ...basis, ...more }),
    async found(given = disk.copy()) {
      // a kill leaves a lock behind that is taken over; here its holder lives
      const elsewhere = join(folder.path, `${others++}`, "metrics.db");
      const moved: Disk = movedDisk(given, path, elsewhere);
      const store = await MetricsStore.openOn(moved, { ...basis, path: elsewhere });
      const values = store.query({ key: "n", ...ALL }).map(([, value]) => value);
      const state = store.getState("alerts");
      await store.close();
      return { values, state };
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** The same disk, with the files of one folder seen in another. */
function movedDisk(disk: Disk, from: string, to: string): Disk {
  const back = (path: string): string => path.replace(to, from);
  return {
    read: (path) => disk.read(back(path)),
    list: (folder) => disk.list(join(back(join(folder, "metrics.db")), "..")),
    create: (path) => disk.create(back(path)),
    replace: (path, bytes) => disk.replace(back(path), bytes),
    remove: (path) => disk.remove(back(path)),
    setAside: (path, now) => disk.setAside(back(path), now),
  };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

suite("MetricsStore journal", () => {
  test("what was flushed is there after a power cut, state too, and what came after it does no harm", async () => {
    await using at = await place();
    const store = await at.open();
    for (const n of upTo(20)) store.append(NOW + n, { n, [`other{n="${n % 3}"}`]: n / 3 });
    store.putState("alerts", { pending: [1] });
    await store.flush();
    store.append(NOW + 20, { n: 20 });
    store.putState("alerts", { pending: [2] });
    at.disk.cutPower();
    assert.deepEqual(await at.found(), { values: upTo(20), state: { pending: [1] } });
    await store.close();
    assert.deepEqual(await at.found(), { values: upTo(21), state: { pending: [2] } });
  });

  test("a kill costs less than an interval, a power cut by default no more", async () => {
    for (const [sync, afterPowerCut] of [
      ["interval", 3],
      ["always", 4],
      ["never", 0],
    ] as const) {
      await using at = await place();
      const store = await at.open({ sync, syncIntervalMs: 1000 });
      for (const n of upTo(3)) store.append(NOW + n, { n });
      await at.clock.advance(1000);
      assert.deepEqual((await at.found()).values, upTo(3), sync);
      store.append(NOW + 3, { n: 3 });
      await at.clock.advance(1);
      at.disk.cutPower();
      assert.deepEqual((await at.found()).values, upTo(afterPowerCut), sync);
      await store.close();
    }
  });

  test("flush() makes durable what was written without a sync before, and syncs nothing twice", async () => {
    await using at = await place();
    const store = await at.open({ sync: "never", syncIntervalMs: 10 });
    store.append(NOW, { n: 0 });
    await at.clock.advance(10);
    assert.equal(at.disk.syncs, 0);
    await Promise.all([store.flush(), store.flush()]);
    at.disk.cutPower();
    assert.deepEqual((await at.found()).values, [0]);
    const { syncs } = at.disk;
    await store.flush();
    assert.equal(at.disk.syncs, syncs);
    await store.close();
  });

  test("its end torn at every byte costs what was not whole there, and nothing else", async () => {
    await using at = await place();
    const store = await at.open();
    for (const n of upTo(6)) store.append(NOW + n, { n, ...(n === 3 && { late: 1 }) });
    await store.flush();
    const [segment = ""] = at.disk.segments;
    const whole = at.disk.files.get(segment)!.current;
    let least = 0;
    for (let length = 0; length <= whole.length; length++) {
      const torn = at.disk.copy();
      torn.put(segment, whole.subarray(0, length));
      const { values } = await at.found(torn);
      assert.deepEqual(values, upTo(values.length));
      assert.ok(values.length >= least, `${values.length} at ${length}`);
      least = values.length;
    }
    assert.equal(least, 6);
    assert.deepEqual(at.errors, []);
    await store.close();
  });

  test("a damaged segment gives what comes before the damage, is set aside, and that is told", async () => {
    await using at = await place();
    const store = await at.open();
    for (const n of upTo(4)) store.append(NOW + n, { n });
    await store.flush();
    at.disk.roomBytes = 2000; // too little for the file: the journal goes on in a segment of its own
    await assert.rejects(store.save(), { name: "StoreSaveError", code: "ENOSPC" });
    store.append(NOW + 4, { n: 4 });
    await store.flush();
    assert.equal(at.disk.segments.length, 2);
    const [segment = ""] = at.disk.segments;
    const whole = at.disk.files.get(segment)!.current;
    for (let index = 0; index < whole.length; index++) {
      const damaged = at.disk.copy();
      const bytes = Buffer.from(whole);
      bytes[index]! ^= 0x10;
      damaged.put(segment, bytes);
      at.errors.length = 0;
      const { values } = await at.found(damaged);
      assert.equal(values.at(-1), 4);
      assert.deepEqual(values.slice(0, -1), upTo(values.length - 1));
      assert.match(String(at.errors), /^JournalDamagedError: .* got damage after \d+ of \d+ bytes;/);
    }
    at.disk.roomBytes = Infinity;
    await store.close();
  });

  test("a full disk is told once, flush() rejects, and all is there when there is room", async () => {
    await using at = await place();
    const store = await at.open({ saveIntervalMs: 1e9 });
    store.append(NOW, { n: 0 });
    at.disk.roomBytes = 30;
    await at.clock.advance(5000);
    assert.match(String(at.errors), /^StoreSaveError: Cannot save metrics to \S+: ENOSPC[^,]*, write$/);
    store.append(NOW + 1, { n: 1 });
    await assert.rejects(store.flush(), { name: "StoreSaveError", code: "ENOSPC" });
    at.disk.roomBytes = Infinity;
    await at.clock.advance(1000);
    assert.deepEqual((await at.found()).values, [0, 1]);
    assert.equal(at.errors.length, 1);
    await store.close();
  });

  test("after a sync that failed nothing of the journal is believed: the next flush() writes the file", async () => {
    await using at = await place();
    const store = await at.open();
    store.append(NOW, { n: 0 });
    at.disk.failsToSync = true;
    await assert.rejects(store.flush(), { code: "EIO" });
    at.disk.failsToSync = false;
    store.append(NOW + 1, { n: 1 });
    await store.flush();
    store.append(NOW + 2, { n: 2 });
    await store.flush();
    at.disk.cutPower();
    assert.deepEqual((await at.found()).values, [0, 1, 2]);
    await store.close();
  });

  test("the journal begins anew with each save, and what stays of an old one is known to be old", async () => {
    await using at = await place();
    const store = await at.open();
    for (const n of upTo(3)) store.append(NOW + n, { n });
    store.putState("alerts", "old");
    await store.flush();
    at.disk.failsToRemove = true;
    await store.save();
    store.putState("alerts", "new");
    await store.save();
    assert.equal(at.disk.segments.length, 1);
    assert.deepEqual(await at.found(), { values: upTo(3), state: "new" });
    at.disk.failsToRemove = false;
    await store.close();
    assert.deepEqual(at.disk.segments, []);
  });

  test("what is added while the file is saved is in the journal that goes on", async () => {
    await using at = await place();
    const store = await at.open();
    for (const n of upTo(30)) {
      store.append(NOW + 2 * n, { n: 2 * n });
      const saved = store.save();
      store.append(NOW + 2 * n + 1, { n: 2 * n + 1 });
      await store.flush();
      await saved;
      at.disk.cutPower();
      assert.deepEqual((await at.found()).values, upTo(2 * n + 2));
    }
    await store.close();
  });

  test("a file that is damaged is set aside, and the next start takes in the journal", async () => {
    await using at = await place();
    const store = await at.open();
    store.append(NOW, { n: 0 });
    await store.save();
    store.append(NOW + 1, { n: 1 });
    await store.flush();
    const damaged = at.disk.copy();
    damaged.put(at.path, Buffer.alloc(4096, 7));
    await assert.rejects(at.found(damaged), { name: "StoreCorruptError" });
    assert.deepEqual((await at.found(damaged)).values, [1]);
    await store.close();
  });

  test("refuses a policy and an interval that are none", async () => {
    await assert.rejects(MetricsStore.open({ sync: "often" as never }), {
      name: "RangeError",
      message: "Cannot open metrics store: 'sync' must be always or interval or never, got often",
    });
    await assert.rejects(MetricsStore.open({ syncIntervalMs: 0 }), { name: "RangeError" });
  });
});

suite("journal frames", () => {
  test("are read as they were written, whatever they are", () => {
    const key = fc.string({ unit: "grapheme" });
    const value = fc.double({ noNaN: true });
    const batch = fc.tuple(
      fc.integer(),
      fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, minLength: 1 }),
    );
    const state = fc.tuple(key, fc.json());
    fc.assert(
      fc.property(fc.array(fc.oneof(batch, state)), (added) => {
        const writer = new FrameWriter();
        writer.begin();
        for (const [first, second] of added) {
          if (typeof first === "number") {
            const samples = second as [string, number][];
            const values = samples.map(([, value]) => value);
            writer.addSamples(
              first,
              samples.map(([key]) => key),
              values,
            );
          } else writer.addState(first, second as string);
        }
        const bytes = writer.take();
        const { entries, wholeBytes } = readSegment(bytes);
        assert.equal(wholeBytes, bytes.length);
        assert.deepEqual(
          entries.map((entry) => {
            if (entry.kind === "samples") {
              return [entry.time, entry.keys.map((key, i) => [key, entry.values[i]])];
            }
            assert.equal(entry.kind, "state");
            return entry.kind === "state" ? [entry.name, entry.value] : [];
          }),
          added.map(([first, second]) => [
            first,
            typeof first === "number" ? second : JSON.parse(second as string),
          ]),
        );
      }),
    );
  });

  test("garbage is read as far as it is whole, and throws nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const { entries, wholeBytes } = readSegment(bytes);
        assert.deepEqual([entries.length, wholeBytes], [0, 0]);
      }),
    );
  });
});
