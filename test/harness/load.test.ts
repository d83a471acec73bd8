import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { SeededRandom, VirtualClock } from "demi-health/base";
import {
  LatencySummary,
  LOAD_PATTERN_NAMES,
  LoadGenerator,
  type LoadGeneratorOptions,
  type LoadTarget,
  loadPatterns,
  MESSAGE_KINDS,
  type Reply,
  type SendMessageOptions,
  WIDE_MESSAGE_MIX,
} from "demi-health/harness";
import { quantile } from "demi-health/stats";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Answers each message after so many milliseconds. */
class FakeTarget implements LoadTarget {
  readonly clock = new VirtualClock();
  readonly texts: string[] = [];
  mostAtOnce = 0;
  #now = 0;
  readonly #delayMs: (text: string) => number;

  constructor(delayMs: (text: string) => number) {
    this.#delayMs = delayMs;
  }

  run<T>(work: Promise<T>): Promise<T> {
    return this.clock.advanceUntil(work);
  }

  async sendMessage(
    platform: Reply["platform"],
    user: string,
    text: string,
    options: SendMessageOptions = {},
  ): Promise<Reply> {
    this.texts.push(text);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#now);
    const delayMs = this.#delayMs(text);
    try {
      if (delayMs === Infinity) throw new TypeError("broken");
      await this.clock.sleep(delayMs, { signal: options.signal });
    } finally {
      this.#now--;
    }
    return { platform, user, text, responseTimeMs: delayMs, at: this.clock.now() };
  }
}

function gapsOf(options: LoadGeneratorOptions, durationMs: number): number[] {
  const moments = [...new Set([...new LoadGenerator(options).plan(durationMs)].map(({ atMs }) => atMs))];
  return moments.slice(1).map((atMs, index) => atMs - moments[index]!);
}

suite("LoadGenerator.plan()", () => {
  test("is the same for one seed on every runtime, and each time it is read", () => {
    const plan = new LoadGenerator({ pattern: "active", seed: 7, users: 5 }).plan(DAY_MS);
    assert.deepEqual([...plan], [...plan]);
    // seen on Node 26, Deno 2 and Bun 1
    assert.equal(plan.hash, "f55e3ddf01461c09747c8a21ad4db62d7ea3255250ea1864f69984939122c12d");
    assert.notEqual(plan.hash, new LoadGenerator({ pattern: "active", seed: 8, users: 5 }).plan(DAY_MS).hash);
  });

  // as they were before there were mixes, curves and bursts
  const HASHES = {
    active: "5cc498f7b00e1f286cdc54feafaed709104a093c03aa9f804a5a0f804175f7cc",
    casual: "df526b02545ef5129a1093d6b9484307a442e136f6b103f7e5386ca35ec63dfc",
    sporadic: "02261fde69cb5196cf872ca59da4485e6d215b6f8766b158ceb9fd1f01efa30c",
    stress: "14f5d5c3887775b492e8fd0b31e27484991ade2ed2f6483bef05c70d4200916e",
  } as const;
  for (const pattern of LOAD_PATTERN_NAMES) {
    test(`${pattern}: half a day has stayed the same since the first version`, () => {
      assert.equal(new LoadGenerator({ pattern }).plan(DAY_MS / 2).hash, HASHES[pattern]);
    });
  }

  test("a longer plan begins as a shorter one does", () => {
    const load = new LoadGenerator({ seed: 1, pattern: "stress" });
    const short = [...load.plan(60_000)];
    assert.deepEqual([...load.plan(600_000)].slice(0, short.length), short);
  });

  test("is lazy: a year of stress costs nothing until it is read", () => {
    const [first] = new LoadGenerator({ pattern: "stress" }).plan(365 * DAY_MS);
    assert.equal(first?.sequence, 0);
  });

  // A Poisson count over `days` has the standard deviation √n: 4 of them are one false alarm in 16,000.
  const RATES = [
    ["active", 960],
    ["casual", 288],
    ["stress", 86_400],
  ] as const;
  for (const [pattern, perDay] of RATES) {
    test(`${pattern}: ${perDay} messages a day`, () => {
      const days = pattern === "stress" ? 1 : 30;
      const count = [...new LoadGenerator({ pattern, seed: 3 }).plan(days * DAY_MS)].length;
      const atOnce = loadPatterns[pattern].atOnce ?? 1;
      const limit = 4 * Math.sqrt(perDay * days * atOnce);
      assert.ok(Math.abs(count - perDay * days) < limit, `${count} of ${perDay * days} ± ${limit}`);
    });
  }

  test("active: nobody writes in 16 of 24 hours", () => {
    for (const { atMs } of new LoadGenerator({ pattern: "active", seed: 4 }).plan(7 * DAY_MS)) {
      assert.ok(atMs % DAY_MS < 8 * HOUR_MS, String(atMs));
    }
  });

  test("sporadic: one an hour, with gaps of 10 minutes to a day", () => {
    const gaps = gapsOf({ pattern: "sporadic", seed: 5 }, 3000 * DAY_MS);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    assert.ok(Math.abs(mean / HOUR_MS - 1) < 0.03, `${mean / HOUR_MS} h`);
    assert.ok(Math.min(...gaps) >= 600_000 - 1);
    assert.ok(Math.max(...gaps) <= DAY_MS + 1);
    assert.ok(Math.max(...gaps) > 20 * HOUR_MS, "a day without a message comes, too");
  });

  test("casual: gaps are exponential", () => {
    const gaps = gapsOf({ pattern: "casual", seed: 6 }, 300 * DAY_MS).map((gap) => gap / 300_000);
    // quantiles of the exponential distribution with mean 1: ln 2, ln 10
    assert.ok(Math.abs(quantile(gaps, 0.5) - 0.6931) < 0.03);
    assert.ok(Math.abs(quantile(gaps, 0.9) - 2.3026) < 0.08);
  });

  test("stress: several users write at the same moment, and never one twice", () => {
    const byMoment = Map.groupBy(
      new LoadGenerator({ pattern: "stress", users: 5 }).plan(600_000),
      ({ atMs }) => atMs,
    );
    for (const arrivals of byMoment.values()) {
      if (arrivals.length === 3) assert.equal(new Set(arrivals.map(({ user }) => user)).size, 3);
    }
  });

  test("platforms, kinds and users are mixed as asked for", () => {
    const options = {
      platforms: { discord: 3, android: 1 },
      kinds: { long: 1, unusual: 1 },
      users: ["a", "b"],
    };
    const arrivals = [...new LoadGenerator({ pattern: "stress", ...options }).plan(HOUR_MS)];
    const share = arrivals.filter(({ platform }) => platform === "discord").length / arrivals.length;
    assert.ok(Math.abs(share - 0.75) < 0.03, String(share));
    assert.deepEqual([...new Set(arrivals.map(({ kind }) => kind))].sort(), ["long", "unusual"]);
    assert.deepEqual([...new Set(arrivals.map(({ user }) => user))].sort(), ["a", "b"]);
  });

  test("every kind comes, and no message is empty", () => {
    const arrivals = [...new LoadGenerator({ pattern: "stress", kinds: WIDE_MESSAGE_MIX }).plan(HOUR_MS)];
    assert.deepEqual([...new Set(arrivals.map(({ kind }) => kind))].sort(), [...MESSAGE_KINDS].sort());
    assert.ok(arrivals.every(({ text }) => text.trim() !== ""));
  });

  test("refuses what cannot be planned", () => {
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ pattern: "lazy" }, /'pattern' must be one of active, casual, sporadic, stress, got lazy/],
      [{ pattern: { messagesPerHour: 0 } }, /'messagesPerHour' must be > 0/],
      [{ pattern: { messagesPerHour: 30, gaps: "heavy-tailed" } }, /mean gap/],
      [{ users: 0 }, /'users' must be an integer >= 1/],
      [{ users: [] }, /'users' must have at least one name/],
      [{ platforms: { discord: -1 } }, /'platforms.discord'/],
      [{ kinds: {} }, /'kinds' must have a weight > 0/],
      [{ timeoutMs: NaN }, /'timeoutMs'/],
    ];
    for (const [options, message] of wrong) {
      assert.throws(() => new LoadGenerator(options), { name: "RangeError", message });
    }
    assert.throws(() => new LoadGenerator().plan(-1), /'durationMs' must be >= 0/);
  });
});

suite("LoadGenerator.run()", () => {
  test("sends what is planned, and reports what was answered and how fast", async () => {
    const target = new FakeTarget(() => 200);
    const load = new LoadGenerator({ pattern: "active", users: 10, seed: 1 });
    const report = await load.run(target, { durationMs: HOUR_MS });
    const planned = [...load.plan(HOUR_MS)];
    assert.deepEqual([report.sent, report.answered, report.failed], [planned.length, planned.length, 0]);
    assert.deepEqual([...target.texts].sort(), planned.map(({ text }) => text).sort());
    assert.ok(Math.abs(report.latency!.p50Ms - 200) < 5);
    assert.equal(report.platforms.discord!.sent + report.platforms.android!.sent, report.sent);
  });

  test("a companion that hangs for a minute cannot hide it: latency counts from the scheduled moment", async () => {
    let calls = 0;
    const target = new FakeTarget(() => (calls++ === 0 ? 50_000 : 100));
    const load = new LoadGenerator({
      pattern: { messagesPerHour: 3600 },
      users: 1,
      platforms: { discord: 1 },
    });
    const report = await load.run(target, { durationMs: 60_000 });
    assert.ok(report.latency!.p50Ms > 10_000, `${report.latency!.p50Ms} ms`);
  });

  test("does not wait for one user before it sends another's message", async () => {
    const target = new FakeTarget(() => 30_000);
    const load = new LoadGenerator({
      pattern: { messagesPerHour: 3600 },
      users: 20,
      platforms: { discord: 1 },
    });
    await load.run(target, { durationMs: 20_000 });
    assert.ok(target.mostAtOnce >= 8, String(target.mostAtOnce));
  });

  test("counts failures by their name and goes on", async () => {
    const target = new FakeTarget((text) => (text.includes("a") ? Infinity : 10));
    const report = await new LoadGenerator({ pattern: "active", users: 9 }).run(target, {
      durationMs: HOUR_MS,
    });
    assert.ok(report.failed > 0 && report.answered > 0);
    assert.deepEqual(report.failures, { TypeError: report.failed });
  });

  test("tells what became of each message, and withholds what its user could not send", async () => {
    const target = new FakeTarget((text) => (text.includes("a") ? Infinity : 10));
    const load = new LoadGenerator({ pattern: "active", users: 9 });
    const kinds = new Map<number, string>();
    const report = await load.run(target, {
      durationMs: HOUR_MS,
      shouldSend: ({ sequence }) => sequence >= 10,
      onOutcome: ({ kind, arrival }) => kinds.set(arrival.sequence, kind),
    });
    const count = (kind: string): number => [...kinds.values()].filter((each) => each === kind).length;
    assert.deepEqual(
      [...kinds.keys()].sort((a, b) => a - b),
      Array.from(kinds.keys(), (_, i) => i),
    );
    assert.equal(count("withheld"), 10);
    assert.deepEqual([count("answered"), count("failed")], [report.answered, report.failed]);
    assert.equal(report.sent, kinds.size - 10);
  });

  test("an abort ends it with what was done", async () => {
    const stop = new AbortController();
    const target = new FakeTarget(() => 100);
    const report = await new LoadGenerator({ pattern: "active" }).run(target, {
      durationMs: DAY_MS,
      signal: stop.signal,
      onProgress: ({ answered }) => void (answered === 5 && stop.abort()),
    });
    assert.ok(report.wasAborted);
    assert.equal(report.answered, 5);
    assert.ok(report.durationMs < HOUR_MS);
  });
});

suite("LatencySummary", () => {
  test("has the quantiles within 1 %, in bounded memory", () => {
    const random = new SeededRandom("latency");
    const values = Array.from({ length: 20_000 }, () => random.exponential(300));
    const summary = new LatencySummary();
    for (const value of values) summary.add(value);
    for (const probability of [0.01, 0.5, 0.9, 0.99]) {
      const exact = quantile(values, probability);
      assert.ok(Math.abs(summary.quantile(probability)! / exact - 1) < 0.02, String(probability));
    }
    assert.equal(summary.quantile(1), Math.max(...values));
  });

  test("of nothing says nothing", () => {
    assert.equal(new LatencySummary().toQuantiles(), undefined);
    assert.throws(() => new LatencySummary().add(NaN), RangeError);
  });
});
