import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { applyMessage, EMPTY_MODEL } from "../../lib/feed/feed_model.ts";
import { HealthFeed } from "../../lib/feed/health_feed.ts";
import type { FeedMemory, FeedPoint } from "../../lib/feed/messages.ts";
import { parseEventStream } from "../../lib/feed/parse_event_stream.ts";
import { parseMessage } from "../../lib/feed/parse_message.ts";
import { toFeedMemory } from "../../lib/feed/to_feed_memory.ts";
import type { AllocationSite } from "../../lib/memory/compare_profiles.ts";
import { LeakDetector } from "../../lib/memory/leak_detector.ts";
import type { LeakVerdict, SeriesVerdict } from "../../lib/memory/leak_verdict.ts";
import type { MemorySample } from "../../lib/memory/sample.ts";
import { FakeSource } from "./_fake_source.ts";

const HOUR = 3_600_000;
const estimate = (value: number, low: number, high: number) => ({ value, low, high, confidence: 0.9 });

function seriesVerdict(changes: Partial<SeriesVerdict> = {}): SeriesVerdict {
  return {
    series: "heapUsed",
    verdict: "leak",
    confidence: 0.97,
    slopeBytesPerHour: estimate(5e6, 4e6, 6e6),
    slopeRatioPerHour: estimate(0.01, 0.008, 0.012),
    effectRatio: 0.2,
    levelBytes: 6e8,
    floor: [],
    inSevenDaysBytes: estimate(1.4e9, 1.2e9, 1.6e9),
    hoursUntil: [
      { limitBytes: 4.3e9, hours: estimate(740, 600, Infinity) },
      { limitBytes: 8e9, hours: undefined },
    ],
    looked: { samples: 9, hours: 20, collections: 4, restarts: 0 },
    needs: "",
    evidence: ["it grows"],
    ...changes,
  };
}

function verdictOf(series: SeriesVerdict): LeakVerdict {
  const { verdict, needs, evidence } = series;
  return {
    verdict,
    severity: "critical",
    timestamp: 5,
    decidedBy: series.series,
    series: [series],
    needs,
    evidence,
  };
}

/** As a reader gets it. */
function sent(message: FeedMemory): FeedMemory {
  const parsed = parseMessage("memory", JSON.stringify(message));
  assert.equal(parsed?.type, "memory");
  return parsed.data;
}

const times = (points: readonly FeedPoint[]): number[] => points.map(([time]) => time);
const values = (points: readonly FeedPoint[]): number[] => points.map(([, value]) => value);

suite("toFeedMemory()", () => {
  test("a leak that the detector found arrives whole, with floor, samples and growth", () => {
    const detector = new LeakDetector();
    const samples: MemorySample[] = [];
    for (let minute = 0; minute < 1200; minute++) {
      const postGcBytes = 500e6 * (1 + (0.01 * minute) / 60) + 1e6 * ((minute * 7919) % 13);
      samples.push({ timestamp: minute * 60_000, postGcBytes });
    }
    for (const sample of samples) detector.add(sample);
    const { verdict, decidedBy, severity, series, evidence } = sent(
      toFeedMemory(detector.verdict(), samples),
    );
    assert.deepEqual([verdict, decidedBy, severity], ["leak", "postGc", "critical"]);
    assert.ok(evidence.length > 0);
    assert.ok(series);
    const { slopeBytesPerHour: slope, floor, looked } = series;
    assert.ok(slope && slope.low! <= 5e6 && 5e6 <= slope.high!, JSON.stringify(slope));
    assert.ok(floor.length > 10 && floor.length <= 64, `${floor.length} points of the floor`);
    assert.equal(looked?.samples, 1200);
    assert.equal(series.samples.length <= 240 && series.samples.length > 100, true);
    assert.ok(JSON.stringify(series).length < 16_000, "small enough to be told each minute");
  });

  test("an end that nothing bounds is left out, never null", () => {
    const unbounded = seriesVerdict({
      slopeBytesPerHour: estimate(0, -Infinity, Infinity),
      slopeRatioPerHour: estimate(NaN, NaN, NaN),
    });
    const message = toFeedMemory(verdictOf(unbounded), []);
    assert.doesNotMatch(JSON.stringify(message), /null/);
    const { series } = sent(message);
    assert.deepEqual(series?.slopeBytesPerHour, { value: 0, confidence: 0.9 });
    assert.equal(series?.slopeRatioPerHour, undefined);
    assert.deepEqual(series?.hoursUntil[0]?.hours, { value: 740, low: 600, confidence: 0.9 });
    assert.equal(series?.hoursUntil[1]?.hours, undefined);
  });

  test("thins what is long, and loses neither peaks of the samples nor ends and lows of the floor", () => {
    const samples = Array.from({ length: 5000 }, (_, i) => ({
      timestamp: i,
      heapUsedBytes: i === 1234 ? 9e8 : i === 2222 ? 1e8 : 5e8,
    }));
    const floor = Array.from({ length: 500 }, (_, i) => ({ timestamp: i, bytes: i === 77 ? 1e8 : 2e8 }));
    const { series } = toFeedMemory(verdictOf(seriesVerdict({ floor })), samples);
    assert.ok(series && series.samples.length <= 240 && series.floor.length === 64);
    assert.deepEqual(
      [1234, 2222].map((time) => times(series.samples).includes(time)),
      [true, true],
    );
    for (const line of [series.samples, series.floor])
      assert.deepEqual(
        times(line),
        times(line).toSorted((a, b) => a - b),
      );
    assert.deepEqual([times(series.floor)[0], times(series.floor).at(-1)], [0, 499]);
    assert.equal(Math.min(...values(series.floor)), 1e8);
  });

  test("the heap's own limit has a name, and is none for other memory", () => {
    const told = (series: SeriesVerdict["series"]) =>
      toFeedMemory(verdictOf(seriesVerdict({ series })), [], { heapLimitBytes: 4.3e9 }).series?.hoursUntil;
    assert.deepEqual(
      told("heapUsed")?.map(({ limitBytes, label }) => [limitBytes, label]),
      [
        [4.3e9, "V8 heap"],
        [8e9, undefined],
      ],
    );
    assert.deepEqual(
      told("rss")?.map(({ limitBytes }) => limitBytes),
      [8e9],
    );
  });

  test("without samples it says what is missing, and nothing else", () => {
    const message = sent(toFeedMemory(new LeakDetector().verdict(), []));
    assert.deepEqual(
      [message.verdict, message.series, message.decidedBy],
      ["not-enough-evidence", undefined, undefined],
    );
    assert.match(message.needs, /samples/);
  });

  test("tells the ten sites that grow most, names cut to a length that a page can bear", () => {
    const site = (line: number): AllocationSite => ({
      functionName: "f".repeat(9999),
      file: "/app/history.ts",
      line,
      column: 1,
      bytesBefore: 0,
      bytesAfter: 1e6,
      growthBytes: 1e6,
      bufferGrowthBytes: 0,
      share: 0.05,
      newSamples: 9,
      stack: [],
      callers: [],
    });
    const sites = Array.from({ length: 20 }, (_, line) => site(line + 1));
    const { sites: told } = sent(toFeedMemory(verdictOf(seriesVerdict()), [], { sites }));
    assert.deepEqual(
      told?.map(({ line }) => line),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
    assert.equal(told?.[0]?.functionName.length, 500);
    assert.deepEqual([told?.[0]?.bytes, told?.[0]?.share], [1e6, 0.05]);
  });
});

suite("the feed's memory message", () => {
  const message = toFeedMemory(verdictOf(seriesVerdict({ floor: [{ timestamp: HOUR, bytes: 1 }] })), [], {
    sites: [],
  });

  test("is refused where its shape is wrong", () => {
    const { series } = message;
    for (const wrong of [
      { ...message, verdict: 3 },
      { ...message, evidence: ["a", 4] },
      { ...message, evidence: Array(1001).fill("a") },
      { ...message, series: [] },
      { ...message, series: { ...series, floor: [[1, "2"]] } },
      { ...message, series: { ...series, samples: [[1]] } },
      { ...message, series: { ...series, floor: Array.from({ length: 1001 }, () => [1, 2]) } },
      { ...message, series: { ...series, slopeBytesPerHour: { low: 1, high: 2 } } },
      { ...message, series: { ...series, hoursUntil: [{ hours: 3 }] } },
      { ...message, sites: [{ functionName: "f", file: {}, line: 1, bytes: 1, share: 1 }] },
    ])
      assert.equal(
        parseMessage("memory", JSON.stringify(wrong)),
        undefined,
        JSON.stringify(wrong).slice(0, 80),
      );
  });

  test("may say null for what it leaves out, as a host in another language might", () => {
    const open = { ...message, sites: null, decidedBy: null, series: null };
    assert.equal(parseMessage("memory", JSON.stringify(open))?.type, "memory");
  });

  test("a wrong one costs the snapshot nothing else", () => {
    const snapshot = { ...new FakeSource().snapshot(), memory: { verdict: 3 } };
    const parsed = parseMessage("snapshot", JSON.stringify(snapshot));
    assert.equal(parsed?.type, "snapshot");
    assert.equal(parsed.data.memory, undefined);
    const fine = parseMessage("snapshot", JSON.stringify({ ...snapshot, memory: message }));
    assert.equal(fine?.type === "snapshot" && fine.data.memory?.verdict, "leak");
  });

  test("is in the snapshot, replaced by the next, and forgotten with the run", () => {
    const start = 1000;
    const hello = { version: 1, name: "a", startedAt: start, time: start, intervalMs: 500 } as const;
    let model = applyMessage(EMPTY_MODEL, { type: "hello", data: hello }, 1);
    const snapshot = { ...new FakeSource().snapshot(), memory: message };
    model = applyMessage(model, { type: "snapshot", data: snapshot }, 2);
    assert.deepEqual([model.memory?.verdict, model.memory?.receivedAt], ["leak", 2]);
    model = applyMessage(model, { type: "memory", data: { ...message, verdict: "healthy" } }, 3);
    assert.deepEqual([model.memory?.verdict, model.memory?.receivedAt], ["healthy", 3]);
    model = applyMessage(model, { type: "hello", data: { ...hello, startedAt: start + 1 } }, 4);
    assert.equal(model.memory, undefined);
  });

  test("goes through a feed to its reader", async () => {
    const source = new FakeSource();
    await using feed = new HealthFeed(source);
    const events = parseEventStream(feed.handle(new Request("http://a/feed")).body!);
    await events.next();
    await events.next();
    source.tell({ type: "memory", data: message });
    const { value } = await events.next();
    assert.equal(value?.event, "memory");
    assert.deepEqual(parseMessage("memory", value.data)?.data, JSON.parse(JSON.stringify(message)));
    await events.return();
  });
});
