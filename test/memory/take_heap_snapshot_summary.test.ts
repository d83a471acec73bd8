import { Buffer } from "node:buffer";
import { once } from "node:events";
import process from "node:process";
import { suite, test } from "node:test";
import { Worker } from "node:worker_threads";
import assert from "node:assert/strict";
import {
  AllocationProfiler,
  compareHeapSnapshots,
  compareProfiles,
  summarizeHeapSnapshot,
  takeHeapSnapshotSummary,
} from "demi-health/memory";
import * as functions from "./fixtures/growing_functions.ts";

class Conversation {
  readonly text: string;
  constructor(index: number) {
    this.text = Buffer.alloc(200, `message ${index} `).toString();
  }
}

suite("takeHeapSnapshotSummary()", () => {
  test("counts the living instances of a class, and no garbage", async () => {
    const kept = Array.from({ length: 300 }, (_, index) => new Conversation(index));
    Array.from({ length: 1000 }, (_, index) => new Conversation(index));
    const { classes, count, selfBytes } = await takeHeapSnapshotSummary();
    const found = classes.find(({ name }) => name === "Conversation");
    assert.equal(found?.count, kept.length);
    assert.ok(found.selfBytes >= 16 * kept.length && found.selfBytes < 64 * kept.length);
    assert.equal(
      count,
      classes.reduce((sum, each) => sum + each.count, 0),
    );
    assert.ok(selfBytes > 1e6 && selfBytes < process.memoryUsage().rss);
  });

  test("shows two of them what grew in between", async () => {
    const before = await takeHeapSnapshotSummary();
    const kept = Array.from({ length: 20_000 }, (_, index) => new Conversation(index));
    const growth = compareHeapSnapshots(before, await takeHeapSnapshotSummary());
    assert.equal(growth[0]?.name, "(string)");
    assert.ok(growth[0].share > 0.7 && growth[0].growthCount >= kept.length);
    const own = growth.find(({ name }) => name === "Conversation");
    assert.equal(own?.growthCount, kept.length);
  });

  test("leaves a running allocation profiler alone", async () => {
    using profiler = new AllocationProfiler({ samplingIntervalBytes: 4096 });
    profiler.start();
    const before = profiler.read({ collectGarbage: true });
    functions.rememberMessages(20_000);
    await takeHeapSnapshotSummary({ limit: 1 });
    const [site] = compareProfiles(before, profiler.read({ collectGarbage: true }));
    functions.history.length = 0;
    assert.equal(site?.functionName, "rememberMessages");
  });

  test("can be asked twice at once", async () => {
    const [one, two] = await Promise.all([takeHeapSnapshotSummary(), takeHeapSnapshotSummary({ limit: 3 })]);
    assert.deepEqual([two.classes.length, two.others.classes > 10], [3, true]);
    assert.ok(Math.abs(one.count - two.count) < 0.02 * one.count);
  });

  test("has a sibling for another thread's heap", async () => {
    const code = `class Held {}
      globalThis.held = [new Held(), new Held()];
      require("node:worker_threads").parentPort.once("message", () => {}).postMessage("ready");`;
    const worker = new Worker(code, { eval: true });
    await once(worker, "message");
    const { classes } = await summarizeHeapSnapshot(await worker.getHeapSnapshot());
    await worker.terminate();
    assert.equal(classes.find(({ name }) => name === "Held")?.count, 2);
  });

  test("refuses a limit of nothing", async () => {
    await assert.rejects(takeHeapSnapshotSummary({ limit: 0 }), RangeError);
  });
});
