import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { SeededRandom } from "../../lib/base/random.ts";
import { LeakDetector, type LeakDetectorOptions } from "../../lib/memory/leak_detector.ts";
import type { LeakVerdict } from "../../lib/memory/leak_verdict.ts";
import type { MemorySample } from "../../lib/memory/sample.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);
const BASE = 400e6;

interface Course {
  readonly hours?: number;
  readonly everyMs?: number;
  readonly seed?: string;
  /** Standard deviation of the noise, as a share of 400 MB. */
  readonly noise?: number;
}

/** A heap after collections: 400 MB times a course, with noise. */
function* trace(level: (hour: number) => number, course: Course = {}): Generator<MemorySample> {
  const { hours = 24, everyMs = 60_000, seed = "heap", noise = 0.004 } = course;
  const random = new SeededRandom(seed);
  for (let at = 0; at <= hours * HOUR; at += everyMs) {
    const wobble = noise * (random.next() + random.next() + random.next() - 1.5) * 2;
    yield { timestamp: START + at, postGcBytes: BASE * (level(at / HOUR) + wobble) };
  }
}

function judge(samples: Iterable<MemorySample>, options?: LeakDetectorOptions): LeakVerdict {
  const detector = new LeakDetector(options);
  for (const sample of samples) detector.add(sample);
  return detector.verdict();
}

function recorded(
  file: string,
): readonly { name: string; leaks?: boolean; t: number[]; bytes?: number[]; kib?: number[] }[] {
  const url = new URL(`./fixtures/${file}`, import.meta.url);
  return (JSON.parse(readFileSync(url, "utf8")) as { traces: [] }).traces;
}

suite("LeakDetector", () => {
  test("growth without an end is a leak, with its slope inside the interval and the way to the limits", () => {
    for (const rate of [0.003, 0.01, 0.04]) {
      const { verdict, severity, decidedBy, series, evidence } = judge(trace((hour) => 1 + rate * hour));
      const [{ slopeBytesPerHour: slope, hoursUntil, inSevenDaysBytes }] = series as [
        LeakVerdict["series"][0],
      ];
      assert.deepEqual([verdict, severity, decidedBy], ["leak", "critical", "postGc"], String(rate));
      assert.ok(slope.low <= rate * BASE && rate * BASE <= slope.high, `${rate}: ${JSON.stringify(slope)}`);
      assert.ok(slope.high - slope.low < 0.4 * rate * BASE);
      const truth = BASE * (1 + rate * (24 + 168));
      assert.ok(inSevenDaysBytes.low < truth && truth < inSevenDaysBytes.high);
      const toEight = (8e9 - BASE * (1 + rate * 24)) / (rate * BASE);
      const eight = hoursUntil[0]?.hours;
      if (toEight < 8766)
        assert.ok(eight && eight.low < toEight && toEight < eight.high, JSON.stringify(eight));
      assert.match(evidence[0]!, /grew by .* and goes on by/);
    }
  });

  test("growth that comes to an end is none, whatever its shape", () => {
    const shapes: Record<string, (hour: number) => number> = {
      constant: () => 1,
      "a warm-up": (hour) => 1.5 - 0.5 * Math.exp(-hour / 1.5),
      "a cache that fills": (hour) => 1 + 0.5 * Math.min(1, hour / 8),
      "a step": (hour) => (hour > 13 ? 1.2 : 1),
      "two steps": (hour) => 1 + (hour > 7 ? 0.1 : 0) + (hour > 17 ? 0.15 : 0),
      "a decline": (hour) => 1.4 - 0.01 * hour,
      bursts: (hour) => (hour % 7 < 0.4 ? 1.8 : 1),
    };
    for (const [name, shape] of Object.entries(shapes)) {
      for (const seed of ["a", "b", "c"])
        assert.equal(judge(trace(shape, { seed })).verdict, "healthy", name);
    }
    const day = (hour: number): number => 1 + 0.15 * Math.sin((hour / 24) * 2 * Math.PI);
    assert.equal(judge(trace(day, { hours: 96 })).verdict, "healthy", "the hours of the day");
  });

  test("who looks again and again is not told of a cache that still fills, and is told of a leak in time", () => {
    const looks = "repeatedly";
    const ramp = (hour: number): number => 1 + 0.08 * Math.min(hour, 6);
    for (let hours = 2; hours <= 24; hours++) {
      const { verdict, needs } = judge(trace(ramp, { hours }), { looks });
      assert.notEqual(verdict, "leak", `after ${hours} h`);
      if (verdict === "growing") assert.match(needs, /more hours/);
    }
    assert.equal(judge(trace(ramp, { hours: 5 })).verdict, "leak", "at one look it is all that can be said");
    const slow = (hour: number): number => 1 + 0.005 * hour;
    assert.equal(judge(trace(slow, { hours: 30 }), { looks }).verdict, "leak");
  });

  test("who looks again and again is told when a leak has looked like one for a while", () => {
    const detector = new LeakDetector({ looks: "repeatedly" });
    const told: { hours: number; verdict: string; needs: string }[] = [];
    for (const sample of trace((hour) => 1 + 0.005 * hour, { hours: 40 })) {
      detector.add(sample);
      const minutes = (sample.timestamp - START) / 60_000;
      if (minutes % 30 !== 0) continue;
      const { verdict, needs } = detector.verdict();
      told.push({ hours: minutes / 60, verdict, needs });
    }
    const held = told.find(({ needs }) => /must look like a leak/.test(needs))!;
    const leak = told.find(({ verdict }) => verdict === "leak")!;
    assert.ok(held.verdict === "growing" && held.hours < leak.hours, JSON.stringify([held, leak]));
    assert.ok(leak.hours >= 1.2 * held.hours - 0.5 && leak.hours < 30, JSON.stringify([held, leak]));
    assert.equal(told.at(-1)?.verdict, "leak");
  });

  test("the life of days in minutes is judged when that is said", () => {
    const fast = function* (): Generator<MemorySample> {
      for (const { timestamp, postGcBytes } of trace((hour) => 1 + 0.02 * hour)) {
        yield { timestamp: START + (timestamp - START) / 72, postGcBytes };
      }
    };
    assert.match(judge(fast()).needs, /more minutes: 2 h at least/);
    assert.equal(judge(fast(), { minHours: 0.25 }).verdict, "leak");
  });

  test("what is not known bounds nothing that is foretold", () => {
    const [{ inSevenDaysBytes, hoursUntil } = assert.fail()] = judge(trace(() => 1, { hours: 1 })).series;
    assert.deepEqual([inSevenDaysBytes.low, inSevenDaysBytes.high], [0, Infinity]);
    assert.deepEqual(
      hoursUntil.map(({ hours }) => hours),
      [undefined, undefined],
    );
  });

  test("a leak is found under a garbage collector's teeth, a day's course, bursts, and gaps", () => {
    const teeth = (hour: number): number => 1 + 0.01 * hour + 0.3 * ((hour * 3) % 1);
    const day = (hour: number): number => 1 + 0.004 * hour + 0.1 * Math.sin((hour / 24) * 2 * Math.PI);
    const bursts = (hour: number): number => 1 + 0.01 * hour + (hour % 7 < 0.4 ? 0.8 : 0);
    const late = (hour: number): number => 1 + 0.02 * Math.max(0, hour - 10);
    assert.equal(judge(trace(teeth)).verdict, "leak");
    assert.equal(judge(trace(day, { hours: 96 })).verdict, "leak");
    assert.equal(judge(trace(bursts)).verdict, "leak");
    assert.equal(judge(trace(late)).verdict, "leak");
    const gaps = [...trace((hour) => 1 + 0.01 * hour)].filter((_, i) => i % 3 !== 0 && !(i > 400 && i < 650));
    assert.equal(judge(gaps).verdict, "leak");
  });

  test("a process that is restarted before it is large leaks all the same", () => {
    const sample = (each: MemorySample, i: number): MemorySample => ({
      ...each,
      uptimeSeconds: (i % 480) * 60,
    });
    const runs = [...trace((hour) => 1 + 0.02 * (hour % 8), { hours: 40 })];
    const told = judge(runs.map(sample));
    assert.equal(told.verdict, "leak");
    assert.equal(told.series[0]?.looked.restarts, 5);
    const healthy = [...trace(() => 1, { hours: 40 })];
    assert.equal(judge(healthy.map(sample)).verdict, "healthy");
  });

  test("recorded heaps after full collections: every leak, and nothing else but one that still warms up", () => {
    for (const { name, leaks, t, bytes } of recorded("recorded_post_gc.json")) {
      const { verdict } = judge(t.map((timestamp, i) => ({ timestamp, postGcBytes: bytes![i]! })));
      if (name.includes("log-warmup")) continue; // it grows by 0.7 % an hour to its end: its label is debatable
      assert.equal(verdict === "leak", leaks, `${name}: ${verdict}`);
    }
  });

  test("recorded raw heaps that were hardly collected are not taken for leaks", () => {
    for (const { name, t, kib } of recorded("recorded_raw_heap.json")) {
      const answer = judge(t.map((timestamp, i) => ({ timestamp, heapUsedBytes: kib![i]! * 1024 })));
      assert.equal(answer.verdict, "not-enough-evidence", name);
      assert.match(answer.needs, /collect/);
    }
  });

  test("external memory that only grows is a leak, a resident set that never fell is no evidence", () => {
    const samples = [...trace((hour) => 1 + 0.02 * hour, { noise: 0 })];
    const external = judge(
      samples.map(({ timestamp, postGcBytes }) => ({ timestamp, externalBytes: postGcBytes })),
    );
    assert.deepEqual([external.verdict, external.decidedBy], ["leak", "external"]);
    const rss = judge(samples.map(({ timestamp, postGcBytes }) => ({ timestamp, rssBytes: postGcBytes })));
    assert.equal(rss.verdict, "not-enough-evidence");
    assert.match(rss.needs, /never fallen/);
  });

  test("a heap after collections that never falls leaks, where the heap in use says that it is one", () => {
    const both = [...trace((hour) => 1 + 0.01 * hour, { noise: 0 })].map((sample) => {
      return {
        ...sample,
        heapUsedBytes: sample.postGcBytes! * (1.1 + 0.1 * ((sample.timestamp / 60_000) % 5)),
      };
    });
    assert.deepEqual([judge(both).verdict, judge(both).decidedBy], ["leak", "postGc"]);
    const alone = trace((hour) => 1 + 0.01 * hour, { noise: 0 });
    assert.equal(judge(alone).verdict, "not-enough-evidence", "it may be the heap in use, never collected");
  });

  test("external memory that stands still says nothing of a heap that is not known", () => {
    const samples = [...trace((hour) => 1 + 0.01 * hour, { noise: 0 })].map(({ timestamp, postGcBytes }) => {
      return { timestamp, heapUsedBytes: postGcBytes, externalBytes: 5e6 };
    });
    assert.equal(judge(samples).verdict, "not-enough-evidence");
  });

  test("a process that is minutes old on its own clock may grow by what V8 compiles, however long its virtual days are", () => {
    const grown = [...trace((hour) => 0.1 + 0.00026 * hour, { noise: 0.0001 })]; // 40 MB, and 2.5 MB more in the end
    const aged = (secondsAnHour: number): MemorySample[] =>
      grown.map((sample) => {
        return { ...sample, uptimeSeconds: ((sample.timestamp - START) / HOUR) * secondsAnHour };
      });
    assert.equal(judge(aged(3600)).verdict, "leak");
    assert.equal(judge(aged(1)).verdict, "healthy");
  });

  test("too little is said to be too little, with what is missing", () => {
    assert.deepEqual(judge([]).verdict, "not-enough-evidence");
    assert.match(judge([]).needs, /samples/);
    assert.match(judge([{ timestamp: 1, rssBytes: 1 }]).needs, /11 more samples/);
    const hour = judge(trace((at) => 1 + 0.1 * at, { hours: 1 }));
    assert.match(hour.needs, /60 more minutes: 2 h at least/);
    const slow = judge(trace((at) => 2 - Math.exp(-at / 12), { hours: 6, noise: 0.002 }));
    assert.notEqual(slow.verdict, "healthy");
  });

  test("a million samples cost little and stay below a megabyte", () => {
    const detector = new LeakDetector();
    const before = process.memoryUsage();
    for (let i = 0; i < 1_000_000; i++)
      detector.add({ timestamp: i * 10_000, rssBytes: 1e9 + ((i * 7919) % 13) * 1e6 });
    assert.equal(detector.verdict().verdict, "healthy");
    assert.equal(detector.verdict().series[0]?.looked.samples, 1_000_000);
    assert.ok(process.memoryUsage().arrayBuffers - before.arrayBuffers < 1e6);
  });

  test("bad figures are refused, and the state before them stands", () => {
    const detector = new LeakDetector();
    for (const sample of trace((hour) => 1 + 0.01 * hour)) detector.add(sample);
    const before = detector.verdict();
    const { timestamp } = before;
    for (const [sample, message] of [
      [{ timestamp: NaN, rssBytes: 1 }, /'timestamp' must be finite, got NaN/],
      [{ timestamp: timestamp - 1, rssBytes: 1 }, /'timestamp' must be at or after the last one/],
      [{ timestamp, postGcBytes: -1 }, /'postGcBytes' must be finite and >= 0, got -1/],
      [{ timestamp, rssBytes: 5, heapUsedBytes: Infinity }, /'heapUsedBytes' must be finite/],
      [{ timestamp, uptimeSeconds: NaN }, /'uptimeSeconds'/],
    ] as const) {
      assert.throws(() => detector.add(sample), { name: "RangeError", message });
    }
    assert.deepEqual(detector.verdict(), before);
    for (const options of [{ limitsBytes: [0] }, { minHours: -1 }, { minHours: NaN }, { looks: "often" }]) {
      assert.throws(() => new LeakDetector(options as LeakDetectorOptions), RangeError);
    }
    assert.throws(
      () => new LeakDetector({ limitsBytes: [0] }),
      /'limitsBytes' must be finite and > 0, got 0/,
    );
  });

  test("whatever the figures, there is an answer", () => {
    const gap = fc.constantFrom(0, 1, 1000, 60_000, 3_600_000);
    const bytes = fc.oneof(fc.constant(0), fc.nat(1e9), fc.constant(5e15));
    fc.assert(
      fc.property(fc.array(fc.tuple(gap, bytes), { maxLength: 120 }), (steps) => {
        const detector = new LeakDetector();
        let timestamp = 0;
        for (const [ms, value] of steps) detector.add({ timestamp: (timestamp += ms), postGcBytes: value });
        const { verdict, series } = detector.verdict();
        assert.ok(["healthy", "growing", "leak", "not-enough-evidence"].includes(verdict));
        for (const { slopeBytesPerHour, confidence } of series) {
          assert.ok(Number.isFinite(slopeBytesPerHour.value) && confidence >= 0 && confidence <= 1);
        }
      }),
      { numRuns: 300 },
    );
  });
});
