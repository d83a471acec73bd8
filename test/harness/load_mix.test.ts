import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { SeededRandom } from "demi-health/base";
import {
  type Arrival,
  EVENING_WEIGHTS,
  LoadGenerator,
  type LoadGeneratorOptions,
  type LoadPattern,
  MESSAGE_KINDS,
  type MessageKind,
  testEnvironment,
  WIDE_MESSAGE_MIX,
} from "demi-health/harness";
import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { writeMessage } from "../../lib/harness/load/message_kinds.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const EVERYTHING: LoadGeneratorOptions = {
  seed: 7,
  startMs: Date.UTC(2026, 0, 1, 17, 30),
  kinds: WIDE_MESSAGE_MIX,
  mix: [
    { pattern: "casual", users: 3, rate: 2 },
    {
      pattern: {
        messagesPerHour: 20,
        bursts: { messages: 6 },
        timeOfDay: { weights: EVENING_WEIGHTS, utcOffsetHours: 5.5 },
      },
      users: ["ada", "grace"],
    },
    { pattern: { messagesPerHour: 2, gaps: "heavy-tailed", bursts: { messages: 3 } }, users: 2 },
  ],
};

function arrivalsOf(options: LoadGeneratorOptions, durationMs: number): Arrival[] {
  return [...new LoadGenerator(options).plan(durationMs)];
}

/** Messages in each hour of the day. */
function byHour(arrivals: readonly Arrival[]): number[] {
  const counts = Array.from({ length: 24 }, () => 0);
  for (const { atMs } of arrivals) counts[Math.floor((atMs % DAY_MS) / HOUR_MS)]!++;
  return counts;
}

/** Variance of the counts in windows over their mean: 1 for a Poisson process. */
function dispersion(pattern: LoadPattern, windowMs: number, windows: number): number {
  const counts = Array.from({ length: windows }, () => 0);
  for (const { atMs } of arrivalsOf({ pattern, seed: 3 }, windows * windowMs)) {
    counts[Math.floor(atMs / windowMs)]!++;
  }
  const mean = counts.reduce((sum, count) => sum + count, 0) / windows;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (windows - 1) / mean;
}

suite("LoadGenerator, several groups of users", () => {
  test("the same plan for one seed on every runtime, with everything in it", () => {
    const plan = new LoadGenerator(EVERYTHING).plan(3 * DAY_MS);
    // seen on Node 26, Deno 2 and Bun 1
    assert.equal(plan.hash, "ed4cd8a777e4dc8dd288f05e022c49219c8d03bc4a4dd406e7aab89607e5b252");
  });

  test("arrivals come in the order of their time, and are numbered on", () => {
    const arrivals = arrivalsOf(EVERYTHING, 7 * DAY_MS);
    for (const [index, { sequence, atMs }] of arrivals.entries()) {
      assert.equal(sequence, index);
      assert.ok(Number.isInteger(atMs) && atMs >= (arrivals[index - 1]?.atMs ?? 0), String(atMs));
    }
  });

  test("users that are given by number are numbered on, and named ones may be in several", () => {
    const mix = [{ users: 2 }, { users: ["ada"] }, { users: ["ada", "bob"] }, {}];
    const plan = new LoadGenerator({ mix }).plan(0);
    assert.deepEqual(plan.users, ["user1", "user2", "ada", "bob", "user3", "user4", "user5"]);
  });

  test("each group writes as much as its pattern and rate say, on its own platforms", () => {
    const arrivals = arrivalsOf(
      {
        platforms: { discord: 1 },
        mix: [
          { pattern: "casual", users: ["slow"], rate: 0.5 },
          { pattern: "active", users: ["fast"], platforms: { android: 1 } },
        ],
      },
      20 * DAY_MS,
    );
    for (const [user, platform, expected] of [
      ["slow", "discord", 20 * 144],
      ["fast", "android", 20 * 960],
    ] as const) {
      const own = arrivals.filter((arrival) => arrival.user === user);
      assert.ok(own.every((arrival) => arrival.platform === platform));
      assert.ok(Math.abs(own.length - expected) < 4 * Math.sqrt(expected), `${user}: ${own.length}`);
    }
  });

  test("a group more does not move the others", () => {
    const { mix = [], ...rest } = EVERYTHING;
    const texts = (some: typeof mix): string[] =>
      arrivalsOf({ ...rest, mix: some }, DAY_MS)
        .filter(({ user }) => user !== "zoe")
        .map(({ atMs, text }) => `${atMs} ${text}`);
    assert.deepEqual(texts([...mix, { users: ["zoe"] }]), texts(mix));
  });

  test("refuses what cannot be planned", () => {
    const pattern = { messagesPerHour: 10 };
    const wrong: readonly (readonly [LoadGeneratorOptions, RegExp])[] = [
      [{ mix: [] }, /'mix' must have at least one group/],
      [{ mix: [{}], users: 3 }, /'users' must be left out where 'mix' is given/],
      [{ mix: [{ pattern, users: 0 }] }, /'users' must be an integer/],
      [{ rate: 0 }, /'rate' must be > 0/],
      [{ startMs: NaN }, /'startMs' must be finite/],
      [{ pattern: { ...pattern, bursts: { messages: 0.5 } } }, /'bursts.messages' must be finite and >= 1/],
      [{ pattern: { ...pattern, bursts: { messages: 2, gapMs: 1e9 } } }, /100 bursts at most overlap/],
      [{ pattern: { ...pattern, atOnce: 2, bursts: { messages: 2 } } }, /'atOnce' must be 1 where 'bursts'/],
      [{ pattern: { ...pattern, timeOfDay: { weights: [1, 2] } } }, /must be 24 numbers, got 2/],
      [{ pattern: { ...pattern, timeOfDay: { weights: () => 0 } } }, /> 0 for an hour at least/],
      [{ pattern: { ...pattern, timeOfDay: { weights: () => NaN } } }, /finite and >= 0, got NaN/],
      [
        { pattern: { ...pattern, activeHoursPerDay: 8, timeOfDay: { weights: () => 1 } } },
        /'activeHoursPerDay' must be left out/,
      ],
    ];
    for (const [options, message] of wrong) {
      assert.throws(() => new LoadGenerator(options), { name: "RangeError", message });
    }
  });
});

suite("LoadPattern.timeOfDay", () => {
  const timeOfDay = { weights: EVENING_WEIGHTS };

  test("gives each hour its share, and the day what the mean hour says", () => {
    const arrivals = arrivalsOf({ pattern: { messagesPerHour: 60, timeOfDay } }, 100 * DAY_MS);
    assert.ok(Math.abs(arrivals.length - 144_000) < 4 * Math.sqrt(144_000), String(arrivals.length));
    const total = EVENING_WEIGHTS.reduce((sum, weight) => sum + weight, 0);
    let chiSquare = 0;
    for (const [hour, count] of byHour(arrivals).entries()) {
      const expected = (144_000 * EVENING_WEIGHTS[hour]!) / total;
      if (expected === 0) assert.equal(count, 0, `somebody writes at ${hour}`);
      else chiSquare += (count - expected) ** 2 / expected;
    }
    assert.ok(chiSquare < 47.5, `${chiSquare}`); // R: qchisq(0.999, 22) = 48.27
  });

  test("is the local time: of the offset, and of when the plan begins", () => {
    const weights = (hour: number): number => (hour === 20 ? 1 : 0);
    const hoursOf = (utcOffsetHours: number, startMs: number): number[] => {
      const pattern = { messagesPerHour: 10, timeOfDay: { weights, utcOffsetHours } };
      const counts = byHour(arrivalsOf({ pattern, startMs }, 10 * DAY_MS));
      return counts.flatMap((count, hour) => (count > 0 ? [hour] : []));
    };
    assert.deepEqual(hoursOf(0, 0), [20]);
    assert.deepEqual(hoursOf(9, 0), [11]);
    assert.deepEqual(hoursOf(-5, 0), [1]);
    assert.deepEqual(hoursOf(5.5, 0), [14, 15]); // from 14:30 to 15:30 in UTC
    assert.deepEqual(hoursOf(0, Date.UTC(2026, 5, 1, 19)), [1]);
    assert.deepEqual(hoursOf(0, Date.UTC(2026, 5, 1, 20)), [0]);
  });

  test("an even curve changes nothing but the last digit", () => {
    const even = { messagesPerHour: 12, timeOfDay: { weights: () => 7 } };
    const moments = (pattern: LoadPattern): number[] =>
      arrivalsOf({ pattern }, DAY_MS).map(({ atMs }) => atMs);
    const plain = moments({ messagesPerHour: 12 });
    assert.ok(plain.length > 200);
    for (const [index, atMs] of moments(even).entries()) assert.ok(Math.abs(atMs - plain[index]!) <= 1);
  });
});

suite("LoadPattern.bursts", () => {
  // For a Poisson cluster process whose clusters have N members the ratio tends to E[N²] / E[N] as windows grow, which
  // is 2m − 1 for a geometric N with the mean m (D. R. Cox, V. Isham, Point Processes, 1980, 3.4).
  for (const messages of [1, 4, 10]) {
    test(`counts vary as those of a Poisson cluster process do: ${messages} in a burst`, () => {
      const pattern = { messagesPerHour: 12, bursts: { messages, gapMs: 15_000 } };
      const measured = dispersion(pattern, 6 * HOUR_MS, 4000);
      const expected = 2 * messages - 1;
      assert.ok(Math.abs(measured / expected - 1) < 0.1, `${measured} instead of ${expected}`);
    });
  }

  test("one of them is one user's, on one platform, in quick succession", () => {
    const pattern = { messagesPerHour: 0.2, bursts: { messages: 8, gapMs: 10_000 } };
    const arrivals = arrivalsOf({ pattern, users: 6 }, 400 * DAY_MS);
    const bursts: Arrival[][] = [];
    for (const arrival of arrivals) {
      const last = bursts.at(-1);
      if (last && arrival.atMs - last.at(-1)!.atMs < 300_000) last.push(arrival);
      else bursts.push([arrival]);
    }
    const together = bursts.filter(
      (burst) => new Set(burst.map(({ user, platform }) => `${user} ${platform}`)).size === 1,
    );
    assert.ok(together.length / bursts.length > 0.97, "but for those that overlap");
    assert.ok(Math.abs(arrivals.length / bursts.length - 8) < 0.9, "so many in each");
  });

  test("several overlap, and what is remembered of them stays small", () => {
    const pattern = { messagesPerHour: 3600, bursts: { messages: 20, gapMs: 60_000 } };
    const plan = new LoadGenerator({ pattern, users: 200 }).plan(HOUR_MS);
    let most = 0;
    for (const { sequence } of plan) {
      if (sequence % 50 === 0) most = Math.max(most, plan.position.parts[0]!.open.length);
    }
    assert.ok(most > 30 && most < 120, String(most)); // 57 in the mean
  });
});

suite("message kinds", () => {
  test("after a goodbye its user writes nothing for three hours at least, while others do", () => {
    const kinds = { "long-gap": 1, question: 20 };
    const arrivals = arrivalsOf({ pattern: "active", kinds, users: 3 }, 7 * DAY_MS);
    const goodbyes = arrivals.filter(({ kind }) => kind === "long-gap");
    let others = 0;
    for (const { user, atMs } of goodbyes) {
      const during = arrivals.filter((each) => each.atMs > atMs && each.atMs < atMs + 3 * HOUR_MS);
      assert.ok(!during.some((each) => each.user === user), `${user} is back too soon`);
      others += during.length;
    }
    assert.ok(goodbyes.length > 5 && others > 50);
  });

  test("goodbyes leave somebody to write: no pattern loses more than a third of its messages to them", () => {
    const ends = { "long-gap": 1, question: 1 }; // every second message would be a goodbye
    const arrivals = arrivalsOf({ pattern: "active", kinds: ends, users: 3, seed: 2 }, 60 * DAY_MS);
    assert.ok(arrivals.length > (960 * 60 * 2) / 3, String(arrivals.length));
    const only = arrivalsOf({ pattern: "active", kinds: { "long-gap": 1 }, users: 1 }, 7 * DAY_MS);
    for (const [index, { atMs }] of only.entries()) {
      if (index > 0) assert.ok(atMs - only[index - 1]!.atMs > 51 * HOUR_MS);
    }
  });

  test("texts are what their kind says, and well-formed", () => {
    const random = new SeededRandom("texts");
    const rules: Readonly<Partial<Record<MessageKind, (text: string) => boolean>>> = {
      empty: (text) => text.trim() !== "" && /^[\u200b\u2060\u2800\u3164]$/.test(text),
      "very-long": (text) => text.length === 2000 || text.length === 4000,
      long: (text) => text.length >= 200 && text.length <= 1519,
      "right-to-left": (text) => /[\u0590-\u06ff\u202e]/.test(text),
      emoji: (text) => /\p{Emoji}/u.test(text),
      random: (text) => text.length > 0 && !/[\p{Cc}\p{Cs}]/u.test(text),
    };
    for (const kind of MESSAGE_KINDS) {
      for (let i = 0; i < 300; i++) {
        const text = writeMessage(kind, random);
        assert.ok(text.isWellFormed() && (rules[kind]?.(text) ?? text.trim() !== ""), `${kind}: ${text}`);
      }
    }
  });

  test("a companion that answers what it can read answers each of them, on each platform", async () => {
    await using env = await testEnvironment({ companion: pocketDemi });
    const random = new SeededRandom("answers");
    for (const platform of ["discord", "android"] as const) {
      for (const kind of MESSAGE_KINDS) {
        const reply = await env.sendMessage(platform, "ada", writeMessage(kind, random));
        assert.ok(reply.text !== "", `${kind} on ${platform}`);
      }
    }
  });
});
