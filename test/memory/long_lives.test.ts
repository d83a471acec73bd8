// Weeks of a process's life, as a monitor meets them: an attack on the detector found each of these where synthetic traces
// of a few days had not.
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { SeededRandom } from "demi-health/base";
import { LeakDetector, type LeakDetectorOptions, type MemorySample } from "demi-health/memory";

const HOUR_MS = 3_600_000;
const START = 1_700_000_000_000;

interface Life extends LeakDetectorOptions {
  readonly days: number;
  /** Megabytes after a collection, by hours of life. */
  readonly floor: (hours: number) => number;
  readonly uptime?: ((hours: number) => number) | undefined;
  readonly seed?: string | undefined;
  readonly everyMinutes?: number | undefined;
}

/** Samples of a life, with a megabyte of noise, garbage above the floor, and the time since the last start. */
function* live({
  days,
  floor,
  uptime = (hours) => hours,
  seed = "life",
  everyMinutes = 10,
}: Life): Generator<MemorySample & { readonly hours: number }> {
  const random = new SeededRandom(seed);
  for (let hours = 0; hours <= 24 * days; hours += everyMinutes / 60) {
    const postGcBytes = (floor(hours) + random.next() + random.next()) * 1e6;
    yield {
      hours,
      timestamp: START + Math.round(hours * HOUR_MS),
      postGcBytes,
      heapUsedBytes: postGcBytes + 30e6 * random.next(),
      uptimeSeconds: Math.round(uptime(hours) * 3600),
    };
  }
}

function judge(life: Life): ReturnType<LeakDetector["verdict"]> {
  const detector = new LeakDetector(life);
  for (const sample of live(life)) detector.add(sample);
  return detector.verdict();
}

/** Hours of life at which a monitor that asks each hour is told of a leak; undefined where it never is. */
function toldAt(life: Life, fromHours = 2): number | undefined {
  const detector = new LeakDetector({ looks: "repeatedly", ...life });
  let asked = fromHours;
  for (const sample of live(life)) {
    detector.add(sample);
    if (sample.hours < asked) continue;
    asked = sample.hours + 1;
    if (detector.verdict().verdict === "leak") return sample.hours;
  }
  return undefined;
}

suite("LeakDetector, over weeks", () => {
  for (const [days, perHour] of [
    [7, 20],
    [14, 200],
    [30, 50],
  ] as const) {
    test(`a leak of ${perHour} MB an hour that begins after ${days} healthy days is told within half a day`, () => {
      const floor = (hours: number): number => 400 + perHour * Math.max(0, hours - 24 * days);
      const at = toldAt({ days: days + 1, floor });
      assert.ok(at !== undefined && at > 24 * days && at <= 24 * days + 12, `told at ${at} h`);
    });
  }

  test("weeks of healthy days, of a step and of bursts are told of nothing", () => {
    const days = 15;
    const day = (hours: number): number => 400 + 40 * Math.sin((hours / 12) * Math.PI);
    const step = (hours: number): number => (hours < 200 ? 400 : 460);
    const burst = (hours: number): number => 400 + (hours % 50 < 2 ? 80 : 0);
    for (const floor of [day, step, burst, (): number => 400]) {
      // a day's course is none before it was seen
      assert.equal(toldAt({ days, floor }, 30), undefined, String(floor));
    }
  });

  for (const period of [6, 24, 48]) {
    test(`what a program lets go of every ${period} hours by itself is no leak once it has done so twice`, () => {
      for (const phase of [0, 0.3, 0.7]) {
        const life: Life = { days: 6, floor: (hours) => 200 + 100 * ((hours / period + phase) % 1) };
        const detector = new LeakDetector(life);
        let asked = (2 - phase) * period;
        for (const sample of live(life)) {
          detector.add(sample);
          if (sample.hours < asked + 0.5) continue;
          asked = sample.hours + 3;
          const { verdict, evidence } = detector.verdict();
          assert.notEqual(verdict, "leak", `at ${sample.hours} h: ${evidence.join(" ")}`);
        }
      }
    });
  }

  test("and it is one when it rises well past what it was ever let go of", () => {
    const floor = (hours: number): number =>
      hours < 60 ? 200 + 100 * ((hours / 30) % 1) : 200 + (100 / 30) * (hours - 60);
    const { verdict, needs } = judge({ days: 4, floor });
    assert.equal(verdict, "growing");
    assert.match(needs, /growth past what it let go of before: (?:once|2 times) it fell back by [\d.]+ MB/);
    assert.equal(judge({ days: 8, floor }).verdict, "leak");
  });

  for (const [hours, days] of [
    [24, 7],
    [24, 9],
    [24, 30],
    [4, 7],
  ] as const) {
    test(`10 MB an hour in each run leak, restarted every ${hours} hours for ${days} days`, () => {
      const life: Life = { days, floor: (at) => 300 + 10 * (at % hours), uptime: (at) => at % hours };
      const { verdict, series, evidence } = judge(life);
      assert.equal(verdict, "leak", evidence.join(" "));
      const { low, high } = series[0]!.slopeBytesPerHour;
      assert.ok(low < 10e6 && high > 9e6, `${low} to ${high}: ${evidence.join(" ")}`);
      assert.match(evidence.join(" "), /growth is counted within the runs/);
      // the same that warms up for an hour and then stands
      const warm = judge({ ...life, floor: (at) => 300 + 40 * (1 - Math.exp(-(at % hours) / 0.5)) });
      assert.notEqual(warm.verdict, "leak", warm.evidence.join(" "));
    });
  }

  test("a leak that was mended a day ago is none any more, and it says since when", () => {
    const { verdict, evidence, series } = judge({
      days: 7,
      floor: (hours) => 400 + 20 * Math.min(hours, 144),
    });
    assert.equal(verdict, "growing");
    assert.match(evidence[0]!, /^The floor grew by [\d.]+ % in 7 d, and has stood for the last \d+ h/);
    assert.ok(Math.abs(series[0]!.slopeBytesPerHour.value) < 1e6);
  });

  test("what is foretold goes on at the pace of the last day", () => {
    const floor = (hours: number): number => 400 + hours + 19 * Math.max(0, hours - 144);
    const { verdict, series } = judge({ days: 7, floor });
    const { low, high } = series[0]!.slopeBytesPerHour;
    assert.equal(verdict, "leak");
    assert.ok(low < 20e6 && high > 20e6 && low > 15e6, `${low} to ${high}`);
  });

  test("the slope of a leak is above 0 in all of its interval", () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = new SeededRandom(`slow ${seed}`);
      let walk = 0;
      const floor = (hours: number): number =>
        400 + 0.15 * hours + (walk = 0.9 * walk + 4 * (random.next() - 0.5));
      const { verdict, series } = judge({ days: 3, floor, seed: String(seed), everyMinutes: 20 });
      if (verdict === "leak") assert.ok(series[0]!.slopeBytesPerHour.low > 0, String(seed));
    }
  });

  test("external memory that was nothing for half a day leaks like any other", () => {
    const detector = new LeakDetector();
    for (let minute = 0; minute <= 48 * 60; minute += 2) {
      const arrayBuffersBytes = 50e6 * Math.max(0, minute / 60 - 12);
      detector.add({ timestamp: START + minute * 60_000, arrayBuffersBytes });
    }
    const { verdict, decidedBy, series } = detector.verdict();
    assert.deepEqual([verdict, decidedBy], ["leak", "arrayBuffers"]);
    const { low, high } = series[0]!.slopeBytesPerHour;
    assert.ok(low < 50e6 && high > 50e6, `${low} to ${high}`);
  });

  test("a heap of 0 bytes is a reading that failed, and hides no leak", () => {
    const detector = new LeakDetector();
    let count = 0;
    for (const sample of live({ days: 3, floor: (hours) => 300 + 5 * hours })) {
      detector.add(count++ % 20 === 0 ? { ...sample, postGcBytes: 0, heapUsedBytes: 0 } : sample);
    }
    assert.equal(detector.verdict().verdict, "leak");
  });

  test("a first sample by a clock that was not set yet costs nothing", () => {
    const detector = new LeakDetector();
    detector.add({ timestamp: 0, postGcBytes: 300e6, heapUsedBytes: 310e6 });
    for (const sample of live({ days: 2, floor: (hours) => 300 + 5 * hours })) detector.add(sample);
    const { verdict, series } = detector.verdict();
    assert.equal(verdict, "leak");
    assert.equal(Math.round(series[0]!.looked.hours), 48);
  });

  test("figures that are none are refused with their type, and nothing is lost", () => {
    const detector = new LeakDetector();
    const life: Life = { days: 2, floor: (hours) => 300 + 5 * hours };
    for (const sample of live(life)) detector.add(sample);
    const before = detector.verdict();
    const timestamp = START + 49 * HOUR_MS;
    for (const [postGcBytes, got] of [
      ["500000000", `"500000000"`],
      [null, "null"],
      [true, "true"],
      [5n, "5"],
      [[7], "7"],
    ] as const) {
      assert.throws(() => detector.add({ timestamp, postGcBytes: postGcBytes as unknown as number }), {
        name: "RangeError",
        message: `Cannot take memory sample: 'postGcBytes' must be finite and >= 0, got ${got}`,
      });
    }
    assert.throws(() => detector.add({ timestamp: String(timestamp) as unknown as number }), /got "\d+"/);
    assert.deepEqual(detector.verdict(), before);
  });
});
