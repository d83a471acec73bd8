import { suite, test } from "node:test";
import assert, { AssertionError } from "node:assert/strict";
import {
  ageingBounds,
  assertEmotionBounds,
  assertEmotionDirections,
  assertEmotions,
  assertIsolated,
  assertPersisted,
  assertReply,
  assertResponseTime,
  emotionFixtures,
  makeEmotionalState,
  randomEmotions,
  type Reply,
} from "demi-health/harness";
import { ageState, newbornState } from "../../examples/demi/emotions.ts";

const REPLY: Reply = { platform: "discord", user: "ada", text: "Hello Ada", responseTimeMs: 500, at: 0 };
const { neutral, lonely } = emotionFixtures;

/** The message of the error that `work` must throw. */
function complaintOf(work: () => void): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof AssertionError, String(error));
    return error.message;
  }
  assert.fail("nothing was thrown");
}

suite("assertEmotions()", () => {
  test("accepts what is near, and looks at the named ones only", () => {
    assertEmotions(lonely, { loneliness: 0.905 });
    assertEmotions(lonely, { loneliness: 0.8 }, 0.11);
    assertEmotions(lonely, {});
  });

  test("names expected, actual and where", () => {
    const complaint = complaintOf(() =>
      assertEmotions(neutral, { loneliness: 0.9, curiosity: 0.1 }, 0.02, { where: "after the restart" }),
    );
    assert.match(complaint, /^after the restart: .*'loneliness' must be 0\.9 ± 0\.02, got 0\.5; 'curiosity'/);
  });

  test("a test runner can show the difference", () => {
    try {
      assertEmotions(neutral, { loneliness: 0.9 });
    } catch (error) {
      const { actual, expected } = error as AssertionError;
      assert.deepEqual([actual, expected], [{ loneliness: 0.5 }, { loneliness: 0.9 }]);
    }
  });

  test("NaN is near nothing, and what is missing is not there", () => {
    assert.match(
      complaintOf(() => assertEmotions({ jealousy: NaN }, { jealousy: 0.5 }, 1)),
      /got NaN/,
    );
    assert.match(
      complaintOf(() => assertEmotions({}, { jealousy: 0.5 }, 1)),
      /got none/,
    );
  });
});

suite("assertEmotionBounds()", () => {
  const wrong = [
    [{ ...neutral, affection: NaN }, /'affection' must be a finite number, got NaN/],
    [{ ...neutral, excitement: 1.01 }, /'excitement' must be within its bound of 1/],
    [{ ...neutral, loneliness: 0.29 }, /'loneliness' must be at or above its floor 0\.3/],
    [{ ...neutral, momentum: { ...neutral.momentum, jealousy: Infinity } }, /momentum of 'jealousy'/],
  ] as const;
  for (const [state, complaint] of wrong) {
    test(`complains of ${complaint.source}`, () => {
      assert.match(
        complaintOf(() => assertEmotionBounds(state)),
        complaint,
      );
    });
  }
});

suite("assertEmotionDirections()", () => {
  test("tells up from down, and what is at its bound from what does not move", () => {
    const up = makeEmotionalState({ affection: 0.6 });
    assertEmotionDirections(neutral, up, { affection: "up", jealousy: "any" });
    const complaint = complaintOf(() => assertEmotionDirections(up, neutral, { affection: "up" }));
    assert.match(complaint, /'affection' must go up from 0\.6, got 0\.5/);
    assert.match(
      complaintOf(() => assertEmotionDirections(up, up, { affection: "up" })),
      /must go up/,
    );
    const full = makeEmotionalState({ affection: 1, loneliness: 0.3 });
    assertEmotionDirections(full, full, { affection: "up", loneliness: "down" });
  });
});

suite("assertReply()", () => {
  test("accepts the right reply", () => {
    assertReply(REPLY, { platform: "discord", user: "ada", includes: "Hello", withinMs: 500 });
  });

  const wrong = [
    [undefined, {}, /must be there, got no reply/],
    [{ ...REPLY, text: " " }, {}, /must have a text/],
    [REPLY, { platform: "android" }, /must be on android, got discord/],
    [REPLY, { user: "grace" }, /must be for grace, got one for ada/],
    [REPLY, { includes: "Bye" }, /must have 'Bye' in its text, got "Hello Ada"/],
    [REPLY, { excludes: /Ada/ }, /must not match/],
    [REPLY, { withinMs: 499 }, /within 499 ms .*after 500 ms/],
  ] as const;
  for (const [reply, expected, complaint] of wrong) {
    test(`complains of ${complaint.source}`, () => {
      assert.match(
        complaintOf(() => assertReply(reply, expected)),
        complaint,
      );
    });
  }
});

suite("assertResponseTime()", () => {
  test("judges the p90, so that one slow reply in twenty is forgiven", () => {
    assertResponseTime([...Array<number>(19).fill(100), 60_000]);
    const complaint = complaintOf(() =>
      assertResponseTime([...Array<number>(5).fill(100), ...Array<number>(5).fill(4000)]),
    );
    assert.match(complaint, /p90 of the response time must be at most 3000 ms, got 4000 ms over 10 replies/);
  });

  test("refuses to judge nothing", () => {
    assert.match(
      complaintOf(() => assertResponseTime([])),
      /not enough evidence/,
    );
    assert.match(
      complaintOf(() => assertResponseTime([1, 2], { minSamples: 3 })),
      /at least 3 .*got 2/,
    );
    assert.match(
      complaintOf(() => assertResponseTime([NaN])),
      /got NaN/,
    );
  });
});

suite("assertIsolated()", () => {
  const replies = [{ ...REPLY, platform: "android" as const }];
  const red = { name: "discord", status: "offline", since: 0 } as const;
  const green = { name: "android", status: "online", since: 0 } as const;

  test("accepts a broken platform that stays alone", () => {
    assertIsolated({ broken: "discord", health: [red, green], replies });
  });

  test("says what is not alone, or not seen", () => {
    const check = (evidence: object): string =>
      complaintOf(() => assertIsolated({ broken: "discord", health: [red, green], replies, ...evidence }));
    assert.match(check({ replies: [] }), /not enough evidence/);
    assert.match(check({ replies: [REPLY] }), /not enough evidence/);
    assert.match(check({ health: [{ ...red, status: "online" }, green] }), /must not be green/);
    assert.match(check({ health: [red, { ...green, status: "offline" }] }), /android must be shown to work/);
    assert.match(check({ limitMs: 100 }), /android must answer within 100 ms meanwhile, got 500 ms/);
  });
});

suite("assertPersisted()", () => {
  const before = { emotions: makeEmotionalState({}, { momentum: { jealousy: 0.2 } }), history: ["a", "b"] };

  test("accepts what was kept, with what came since", () => {
    assertPersisted(before, { ...before, history: ["a", "b", "c"] });
  });

  test("names what was lost", () => {
    assert.match(
      complaintOf(() => assertPersisted(before, { ...before, history: ["b"] })),
      /all 2 messages, got 1 lost/,
    );
    assert.match(
      complaintOf(() => assertPersisted(before, { ...before, emotions: neutral })),
      /momentum: .*'jealousy'/,
    );
    assert.match(
      complaintOf(() => assertPersisted(before, { ...before, emotions: lonely })),
      /state: .*'loneliness'/,
    );
  });
});

suite("ageingBounds()", () => {
  const HOUR_MS = 3_600_000;
  const within = (state: object, values: typeof neutral, hours: number, isOff: boolean): boolean => {
    const { min, max } = ageingBounds(values, hours * HOUR_MS, { isOff });
    return Object.entries(state).every(([name, value]) => {
      const key = name as keyof typeof min;
      return value >= min[key] && value <= max[key];
    });
  };

  test("hold pocket Demi, for any state and time", () => {
    for (let seed = 0; seed < 50; seed++) {
      const values = randomEmotions(seed);
      for (const hours of [0.01, 0.1, 1, 3, 12, 30]) {
        for (const off of [true, false]) {
          const { momentum: _, lastUpdated: __, ...start } = values;
          const aged = ageState({ ...newbornState(0), values: start }, hours * HOUR_MS, { off });
          assert.ok(within(aged.values, values, hours, off), `seed ${seed}, ${hours} h, off ${off}`);
        }
      }
    }
  });

  test("hold a companion that decays by a share of the value, and no other rate", () => {
    const decayed = (rate: number): object => ({ frustration: Math.max(0.1, 0.7 * (1 - rate) ** 12) });
    assert.ok(within(decayed(0.04), makeEmotionalState({ frustration: 0.7 }), 1, false));
    for (const rate of [0, 0.01, 0.08]) {
      assert.ok(!within(decayed(rate), makeEmotionalState({ frustration: 0.7 }), 1, false), `rate ${rate}`);
    }
  });

  test("somebody ignored gets lonelier", () => {
    assert.ok(!within({ loneliness: 0.5 }, neutral, 1, false));
    assert.ok(within({ loneliness: 0.62 }, neutral, 1, false));
  });
});
