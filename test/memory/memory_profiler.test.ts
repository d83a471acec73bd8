import { Session } from "node:inspector";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { type Clock, VirtualClock } from "demi-health/base";
import { AllocationProfiler, type MemoryEvent, MemoryProfiler, ObjectTracker } from "demi-health/memory";
import * as functions from "./fixtures/growing_functions.ts";

const FIXTURE = fileURLToPath(new URL("fixtures/growing_functions.ts", import.meta.url));

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "memory-profiler-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

suite("MemoryProfiler", () => {
  test("says that a growing history leaks, by how much, and in which line", async () => {
    const clock = new VirtualClock();
    using profiler = new MemoryProfiler({
      clock,
      intervalMs: 60_000,
      collectGarbage: true,
      samplingIntervalBytes: 16_384,
    });
    profiler.start();
    profiler.takeSnapshot("start");
    for (let minute = 0; minute < 150; minute++) {
      functions.rememberMessages(1000);
      await clock.advance(60_000);
    }
    const { verdict, decidedBy, series } = profiler.verdict();
    assert.deepEqual([verdict, decidedBy], ["leak", "postGc"]);
    const perHour = series[0]!.slopeBytesPerHour.value;
    // 60,000 messages an hour of 60 to 90 bytes, as measured for the profiler of allocations
    assert.ok(perHour > 60_000 * 50 && perHour < 60_000 * 120, String(perHour));
    const [site] = profiler.findSites();
    assert.deepEqual([site?.functionName, site?.file, site?.line], ["rememberMessages", FIXTURE, 11]);

    await using folder = await temporaryFolder();
    const path = join(folder.path, "made", "report.html");
    profiler.takeSnapshot("end");
    const written = await profiler.generateReport(path);
    assert.deepEqual(written, [path, path.replace(".html", ".txt")]);
    assert.deepEqual((await readdir(join(folder.path, "made"))).sort(), ["report.html", "report.txt"]);
    for (const file of written) {
      const text = await readFile(file, "utf8");
      assert.match(text, /It leaks/);
      const found = text.replaceAll(/\s+/g, " ").includes(`allocated by rememberMessages ${FIXTURE}:11`);
      assert.ok(found, file);
    }
    functions.history.length = 0;
  });

  test("tells when limits are crossed, once each way", async () => {
    const clock = new VirtualClock();
    const events: MemoryEvent[] = [];
    const { rss } = process.memoryUsage();
    using profiler = new MemoryProfiler({
      clock,
      samplingIntervalBytes: false,
      warningBytes: rss / 4,
      criticalBytes: rss / 2,
    });
    const end = profiler.subscribe((event) => events.push(event));
    profiler.start();
    await clock.advance(60_000);
    const crossed = events.flatMap((event) => (event.type === "sample" ? [] : [event]));
    assert.deepEqual(
      crossed.map(({ type, limitBytes }) => [type, limitBytes]),
      [["critical", rss / 2]],
    );
    assert.ok(crossed[0]!.rssBytes >= rss / 2);
    assert.equal(events.filter(({ type }) => type === "sample").length, 7);
    end();
    await clock.advance(60_000);
    assert.equal(events.length, 8);
  });

  test("takes snapshots in detail and compares them", () => {
    using profiler = new MemoryProfiler({ clock: new VirtualClock() });
    profiler.start();
    const before = profiler.takeSnapshot("before");
    const buffers = Array.from({ length: 8 }, () => Buffer.alloc(1e6, 1));
    const watching = setInterval(() => {}, 1e6);
    const after = profiler.takeSnapshot("after");
    clearInterval(watching);
    assert.ok(after.heapLimitBytes! > 1e8 && after.heapSpaces!["old_space"]! > 1e6);
    const difference = profiler.compare(before, after);
    assert.ok(difference.arrayBuffersBytes! >= 8e6 && buffers.length === 8);
    assert.equal(difference.activeResources["Timeout"], 1);
    assert.throws(() => profiler.compare({ ...after, timestamp: after.timestamp + 1 }, before), RangeError);
    assert.throws(() => profiler.compare({ ...before, pid: 1 }, after), /must be of process 1, got one of/);
    assert.deepEqual(
      profiler.snapshots.map(({ label }) => label),
      ["before", "after"],
    );
    assert.deepEqual(JSON.parse(JSON.stringify(after.heapSpaces)), after.heapSpaces);
  });

  test("counts the objects that a tracker knows", () => {
    class Session {
      readonly user = "ada";
    }
    const clock = new VirtualClock();
    const objects = new ObjectTracker({ clock });
    objects.registerClass(Session);
    using profiler = new MemoryProfiler({ clock, samplingIntervalBytes: false, objects });
    const before = profiler.takeSnapshot("before");
    const session = objects.track(new Session(), "session");
    objects.release(session);
    const after = profiler.takeSnapshot("after");
    assert.deepEqual(profiler.compare(before, after).instances, { Session: 1 });
    const section = profiler.report().sections.find(({ title }) => title === "Objects");
    const table = section?.blocks.find((block) => block.type === "table");
    assert.deepEqual(table?.rows, [["session", "1", "0", "1", "1", "0 ms"]]);
  });

  test("shows the heap by class, and what grew since the time before", async () => {
    class Conversation {
      readonly text = "hello";
    }
    using profiler = new MemoryProfiler({ clock: new VirtualClock(), samplingIntervalBytes: false });
    const rows = (): readonly (readonly string[])[] => {
      const section = profiler.report().sections.find(({ title }) => title === "Heap by class");
      return section?.blocks.flatMap((block) => (block.type === "table" ? block.rows : [])) ?? [];
    };
    assert.deepEqual(rows(), []);
    const { count, classes } = await profiler.takeHeapSummary();
    assert.ok(count > 10_000 && classes.length > 100);
    const kept = Array.from({ length: 3000 }, () => new Conversation());
    await profiler.takeHeapSummary();
    assert.deepEqual(
      rows().find(([name, number]) => name === "Conversation" && number === `+${kept.length}`)?.length,
      3,
    );
    await assert.rejects(new MemoryProfiler({ pid: process.ppid }).takeHeapSummary(), TypeError);
  });

  test("looks at another process from outside, and says what is not known of it", async () => {
    const child = spawn(process.execPath, ["-e", "process.stdout.write('up'); setInterval(() => {}, 1e6)"]);
    await once(child.stdout, "data");
    using profiler = new MemoryProfiler({ pid: child.pid!, clock: new VirtualClock() });
    const sample = profiler.sample();
    assert.ok(sample.rssBytes > 10e6);
    assert.equal(sample.heapUsedBytes, undefined);
    assert.match(profiler.unsupported.join(), /no heap/);
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.throws(() => profiler.sample(), { name: "NoSuchProcessError", pid: child.pid });
  });

  test("tells failures while it samples to onError, and goes on", async () => {
    const errors: unknown[] = [];
    const clock = new VirtualClock();
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    using profiler = new MemoryProfiler({ pid: child.pid!, clock, onError: (error) => errors.push(error) });
    profiler.start();
    await clock.advance(20_000);
    assert.equal(errors.length, 3);
    assert.equal(profiler.isRunning, true);
  });

  test("starts and stops again and again, and what was measured stays", async () => {
    const clock = new VirtualClock();
    const profiler = new MemoryProfiler({ clock });
    profiler.start();
    profiler.start();
    await clock.advance(30_000);
    profiler.stop();
    profiler.stop();
    const { length } = profiler.samples;
    await clock.advance(30_000);
    assert.equal(profiler.samples.length, length);
    profiler.start();
    assert.equal(profiler.samples.length, length + 1);
    profiler.stop();
  });

  test("outlives another inspector that ended its sampling", async () => {
    const errors: unknown[] = [];
    const clock = new VirtualClock();
    const onError = (error: unknown): void => void errors.push(error);
    const profiler = new MemoryProfiler({ clock, samplingIntervalBytes: 16_384, onError });
    profiler.start();
    await clock.advance(30_000);
    const end = (): void => {
      const other = new Session();
      other.connect();
      other.post("HeapProfiler.startSampling", {});
      other.disconnect();
    };
    end();
    await clock.advance(60_000);
    assert.equal(profiler.samples.length, 10);
    assert.ok(profiler.takeSnapshot("after").profile);
    functions.rememberMessages(20_000);
    assert.equal(profiler.findSites()[0]?.functionName, "rememberMessages");
    functions.history.length = 0;
    assert.match(profiler.unsupported.join(), /Allocation sites .* another inspector/);
    end();
    profiler.stop();
    assert.equal(profiler.isRunning, false);
    assert.ok(profiler.report());
    assert.deepEqual(errors, []);
  });

  test("goes on where the clock of the day is set back by an hour", async () => {
    const errors: unknown[] = [];
    const clock = new VirtualClock();
    let backMs = 0;
    const setBack: Clock = {
      now: () => clock.now() - backMs,
      monotonicMs: () => clock.monotonicMs(),
      setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs),
      setRepeating: (callback, intervalMs) => clock.setRepeating(callback, intervalMs),
      sleep: (...args) => clock.sleep(...args),
      track: (work) => work,
    };
    const onError = (error: unknown): void => void errors.push(error);
    using profiler = new MemoryProfiler({ clock: setBack, samplingIntervalBytes: false, onError });
    profiler.start();
    const before = profiler.takeSnapshot("before");
    await clock.advance(60_000);
    backMs = 3_600_000;
    await clock.advance(60_000);
    assert.equal(profiler.samples.length, 13);
    assert.deepEqual(errors, []);
    assert.equal(profiler.compare(before, profiler.takeSnapshot("after")).hours, 1 / 30);
  });

  test("says that functions are not known where no two profiles could be compared", () => {
    using profiler = new MemoryProfiler({ clock: new VirtualClock(), samplingIntervalBytes: false });
    profiler.start();
    const section = profiler.report().sections.find(({ title }) => title === "Where it grows");
    assert.match(JSON.stringify(section), /not known which functions hold more/);
  });

  test("forgets that functions were not known once they are", () => {
    using busy = new AllocationProfiler();
    busy.start();
    using profiler = new MemoryProfiler({ clock: new VirtualClock() });
    profiler.start();
    assert.match(profiler.unsupported.join(), /Allocation sites are not known/);
    profiler.stop();
    busy.stop();
    profiler.start();
    assert.deepEqual(profiler.unsupported, []);
  });

  test("refuses senseless options", () => {
    for (const options of [
      { intervalMs: 1e12 },
      { samplingIntervalBytes: 0 },
      { warningBytes: 9e9, criticalBytes: 8e9 },
      { intervalMs: 0 },
      { pid: -1 },
      { warningBytes: NaN },
      { criticalBytes: Infinity },
    ]) {
      assert.throws(() => new MemoryProfiler(options), RangeError);
    }
  });
});
