import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { HealthMonitor } from "demi-health";
import { VirtualClock } from "demi-health/base";
import type { FeedAlert, FeedMemory, FeedMessage } from "demi-health/feed";
import { collectGarbage } from "demi-health/memory";
import { MetricsRegistry } from "demi-health/metrics";
import { SampleHistory } from "../lib/_sample_history.ts";
import { type MemoryReading, MemoryWatch, type MemoryWatchOptions } from "../lib/memory_watch.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const HEAP_LIMIT = 4e9;

/** A companion's heap right after collection, with a little noise, by the hours that it has lived. */
type Course = (hours: number, index: number) => MemoryReading;

const noise = (index: number): number => 1e6 * ((index * 7919) % 13);
const leaking: Course = (hours, i) => ({ postGcBytes: 500e6 * (1 + 0.02 * hours) + noise(i) });
const steady: Course = (_hours, i) => ({ postGcBytes: 500e6 + noise(i) });

/** Watches a course on a virtual clock, a sample a minute. */
function watch(course: Course, options: MemoryWatchOptions = {}) {
  const clock = new VirtualClock();
  const registry = new MetricsRegistry();
  const told: FeedMemory[] = [];
  const start = clock.monotonicMs();
  let samples = 0;
  const memoryWatch = new MemoryWatch(registry, {
    clock,
    sampleIntervalMs: MINUTE,
    judgeIntervalMs: 30 * MINUTE,
    heapLimitBytes: HEAP_LIMIT,
    read: () => course((clock.monotonicMs() - start) / HOUR, samples++),
    onVerdict: (memory) => told.push(memory),
    ...options,
  });
  registry.addCollector(memoryWatch);
  const live = async (hours: number): Promise<void> => {
    for (let i = 0; i < hours * 120; i++) {
      await clock.advance(30_000);
      registry.collect();
    }
  };
  const values = (): Readonly<Record<string, number>> =>
    Object.fromEntries(registry.collect().map(({ key, value }) => [key, value]));
  return { clock, registry, told, live, values, samples: () => samples, last: () => told.at(-1) };
}

suite("MemoryWatch", () => {
  test("says at once what is missing, and the metrics claim nothing", () => {
    const { registry, last, values } = watch(steady);
    registry.collect();
    assert.equal(last()?.verdict, "not-enough-evidence");
    assert.match(last()?.needs ?? "", /more/);
    assert.equal(values()['demi_memory_leak_verdict{verdict="not-enough-evidence"}'], 1);
    assert.equal(values()['demi_memory_leak_verdict{verdict="leak"}'], 0);
    assert.deepEqual(
      Object.keys(values()).filter((key) => /limit|per_hour/.test(key)),
      [],
    );
  });

  test("samples and judges in its intervals, however often it is collected", async () => {
    const watched = watch(steady, { sampleIntervalMs: 10_000, judgeIntervalMs: MINUTE });
    for (let i = 0; i < 600; i++) {
      watched.registry.collect();
      await watched.clock.advance(500);
    }
    assert.equal(watched.samples(), 30);
    assert.equal(watched.told.length, 5);
    assert.equal(watched.last()?.series?.samples.length, 25);
  });

  test("a leak: verdict, growth, and when the limits are reached", async () => {
    const { live, last, values } = watch(leaking);
    await live(10);
    assert.equal(last()?.verdict, "leak");
    assert.equal(last()?.decidedBy, "postGc");
    const now = values();
    assert.equal(now['demi_memory_leak_verdict{verdict="leak"}'], 1);
    const growth = now['demi_memory_leak_per_hour_bytes{series="postGc"}']!;
    assert.ok(Math.abs(growth - 10e6) < 1e6, `${growth}`);
    assert.equal(now['demi_memory_growth_per_hour_bytes{series="postGc"}'], growth);
    const days = now['demi_memory_time_to_limit_seconds{limit="V8 heap"}']! / 86_400;
    assert.ok(Math.abs(days - (4e9 - 600e6) / 10e6 / 24) < 1.5, `${days}`);
    assert.ok(now['demi_memory_time_to_limit_seconds{limit="10 GB"}']! / 86_400 > days);
    assert.equal(last()?.series?.hoursUntil[0]?.label, "V8 heap");
  });

  test("no leak: nothing leaks, and no limit is foretold within a year", async () => {
    const { live, last, values } = watch(steady);
    await live(10);
    assert.equal(last()?.verdict, "healthy");
    assert.equal(values()['demi_memory_leak_per_hour_bytes{series="postGc"}'], 0);
    assert.equal(values()['demi_memory_time_to_limit_seconds{limit="10 GB"}'], 365 * 86_400);
  });

  test("the heap's limit is none for buffers, and resident memory alone foretells nothing", async () => {
    const growing = (hours: number, i: number): number => 500e6 * (1 + 0.02 * hours) + noise(i);
    const buffers = watch((hours, i) => ({ ...steady(hours, i), externalBytes: growing(hours, i) }));
    await buffers.live(10);
    assert.deepEqual([buffers.last()?.verdict, buffers.last()?.decidedBy], ["leak", "external"]);
    assert.equal(buffers.values()['demi_memory_time_to_limit_seconds{limit="V8 heap"}'], 365 * 86_400);
    assert.ok(buffers.values()['demi_memory_time_to_limit_seconds{limit="10 GB"}']! < 60 * 86_400);

    const resident = watch((hours, i) => ({ rssBytes: growing(hours, i) }));
    await resident.live(20);
    assert.deepEqual([resident.last()?.decidedBy, resident.last()?.severity], ["rss", "warning"]);
    assert.ok(resident.values()['demi_memory_leak_per_hour_bytes{series="rss"}']! > 5e6);
    assert.equal(resident.values()['demi_memory_time_to_limit_seconds{limit="10 GB"}'], 365 * 86_400);
  });

  test("asks where it leaks while it leaks, and seldom", async () => {
    let asked = 0;
    const growingSites = () => {
      asked++;
      return [
        {
          functionName: "remember",
          file: "/app/history.ts",
          line: 12,
          column: 1,
          bytesBefore: 0,
          bytesAfter: 8e6,
          growthBytes: 8e6,
          bufferGrowthBytes: 0,
          share: 0.8,
          newSamples: 16,
          stack: [],
          callers: [],
        },
      ];
    };
    const healthy = watch(steady, { growingSites });
    await healthy.live(12);
    assert.equal(asked, 0);
    const { live, last, told } = watch(leaking, { growingSites, judgeIntervalMs: 2 * MINUTE });
    await live(6);
    const leaks = told.filter(({ verdict }) => verdict === "leak").length;
    assert.deepEqual(last()?.sites, [
      { functionName: "remember", file: "/app/history.ts", line: 12, bytes: 8e6, share: 0.8 },
    ]);
    assert.ok(leaks > 30, `${leaks} verdicts of a leak`);
    assert.ok(asked >= 1 && asked < leaks / 4, `asked ${asked} times for ${leaks} verdicts`);
  });

  test("sites that cannot be had cost the sites, and are reported", async () => {
    const errors: unknown[] = [];
    const failure = new Error("busy");
    const { live, last } = watch(leaking, {
      growingSites: () => {
        throw failure;
      },
      onError: (error) => errors.push(error),
    });
    await live(10);
    assert.equal(last()?.verdict, "leak");
    assert.equal(last()?.sites, undefined);
    assert.equal(errors[0], failure);
  });

  test("refuses intervals and limits that are none", () => {
    for (const name of ["sampleIntervalMs", "judgeIntervalMs", "heapLimitBytes"]) {
      assert.throws(() => watch(steady, { [name]: 0 }), { name: "RangeError", message: /0/ }, name);
    }
  });

  test("reads this process by itself, its heap after a full collection included", async () => {
    const registry = new MetricsRegistry();
    const clock = new VirtualClock();
    const told: FeedMemory[] = [];
    using memoryWatch = new MemoryWatch(registry, {
      clock,
      sampleIntervalMs: 1000,
      onVerdict: (memory) => told.push(memory),
    });
    const isSeen = (): boolean => told.at(-1)?.decidedBy === "postGc";
    while (!isSeen()) {
      await collectGarbage();
      await clock.advance(MINUTE);
      memoryWatch.collect();
    }
    const [[, bytes] = [0, 0]] = told.at(-1)?.series?.samples ?? [];
    assert.ok(bytes > 1e6 && bytes <= process.memoryUsage().rss, `${bytes}`);
    assert.ok(told.at(-1)?.series?.hoursUntil.some(({ label }) => label === "V8 heap"));
  });
});

suite("HealthMonitor and memory", () => {
  test("a leak alerts, is on the feed, and in the snapshot", async () => {
    const clock = new VirtualClock();
    let hours = 0;
    let index = 0;
    const monitor = await HealthMonitor.start({
      clock,
      intervalMs: MINUTE / 2,
      sampleIntervalMs: MINUTE,
      memory: () => leaking((hours += 1 / 60), index++),
      onError: (error) => assert.fail(String(error)),
    });
    const messages: FeedMessage[] = [];
    monitor.subscribe((message) => messages.push(message));
    await clock.advance(6 * HOUR);
    const alerts = messages.flatMap((m): FeedAlert[] => (m.type === "alert" ? [m.data] : []));
    const suspected = alerts.find(({ rule }) => rule === "memory_leak_suspected");
    assert.deepEqual(suspected?.labels, { series: "postGc" });
    assert.match(suspected?.message ?? "", /grows by (9|10)\.\d+ MB an hour/);
    assert.equal(
      alerts.some(({ rule }) => rule === "memory_limit_predicted"),
      false,
      "10 GB is forty days away",
    );
    assert.ok(messages.filter(({ type }) => type === "memory").length > 350);
    assert.equal(monitor.snapshot().memory?.verdict, "leak");
    assert.equal(monitor.snapshot().status, "warning");
    const disposing = monitor[Symbol.asyncDispose]();
    await clock.advance(1000);
    await disposing;
  });
});

suite("SampleHistory", () => {
  test("keeps a bounded number over the whole time, and rather those after a collection", () => {
    const history = new SampleHistory(100);
    for (let i = 0; i < 10_000; i++) {
      history.add({ timestamp: i, heapUsedBytes: 2, ...(i % 300 === 0 && { postGcBytes: 1 }) });
      assert.ok(history.samples.length <= 100);
    }
    const { samples } = history;
    assert.ok(samples.length >= 50);
    assert.ok(samples[0]!.timestamp < 300);
    assert.equal(samples.at(-1)?.timestamp, 9999);
    const floors = samples.filter(({ postGcBytes }) => postGcBytes !== undefined).length;
    assert.ok(floors >= 30, `${floors} of 34`);
  });
});
