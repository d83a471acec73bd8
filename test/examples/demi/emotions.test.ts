import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import {
  ageState,
  type DemiState,
  EMOTIONS,
  interact,
  type InteractionKind,
  newbornState,
  TICK_MS,
} from "../../../examples/demi/emotions.ts";
import type { EmotionValues } from "../../../lib/emotion/emotional_state.ts";

const BIRTH = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

// Values in the order of EMOTIONS, made from the rules' text by this program and not by ours:
//   F={"loneliness":.3}; N="loneliness excitement frustration jealousy vulnerability confidence curiosity affection
//   defensiveness".split(); R=dict(zip(N,[.02,.06,.04,.03,.08,.03,.05,.04,.05]))
//   I={"loneliness":.01,"excitement":-.02,"affection":-.015,"confidence":-.01}; fl=lambda n:F.get(n,.1)
//   def tick(v,m,idle_minutes,idle):
//     for n in N:
//       x=v[n]; y=x if idle and n=="loneliness" else x-R[n]*(.5 if x>.8 else 1)*(x-fl(n))
//       if idle: y+=I.get(n,0)*(1+2*min(1,idle_minutes/720))
//       v[n]=min(1,max(fl(n),y)); m[n]*=2**(-1/12)
//   def hit(v,m,deltas,factor):
//     for n,c in deltas.items():
//       y=v[n]+c*factor*(1+m[n]/2); m[n]+=max(0,y-1); v[n]=min(1,max(fl(n),y))
const ONE_TICK = [0.496, 0.476, 0.484, 0.488, 0.468, 0.488, 0.48, 0.484, 0.48];
const HIGH_TICK = [0.894, 0.876, 0.884, 0.888, 0.868, 0.888, 0.88, 0.884, 0.88];
const HOUR_ALONE = [0.630833, 0.1, 0.345084, 0.377537, 0.247067, 0.265758, 0.316144, 0.185761, 0.316144];
const DAY_ALONE = [1, 0.1, 0.100003, 0.100062, 0.1, 0.1, 0.1, 0.1, 0.1];
const POSITIVE_FIVE_TIMES = [
  [0.4, 0.65, 0.5, 0.5, 0.5, 0.5, 0.5, 0.62, 0.42],
  [0.32, 0.77, 0.5, 0.5, 0.5, 0.5, 0.5, 0.716, 0.356],
  [0.3, 0.86, 0.5, 0.5, 0.5, 0.5, 0.5, 0.788, 0.308],
  [0.3, 0.935, 0.5, 0.5, 0.5, 0.5, 0.5, 0.848, 0.268],
  [0.3, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.908, 0.228],
];

function toValues(value: number): EmotionValues {
  return Object.fromEntries(EMOTIONS.map((name) => [name, value])) as Record<keyof EmotionValues, number>;
}

function assertValues(state: DemiState, expected: readonly number[]): void {
  const rounded = EMOTIONS.map((name) => Math.round(state.values[name] * 1e6) / 1e6);
  assert.deepEqual(rounded, expected);
}

suite("ageState()", () => {
  test("decays towards the floors while somebody talks with her", () => {
    const spokenTo = interact(newbornState(BIRTH), "neutral", BIRTH + MINUTE);
    assertValues(ageState(spokenTo, BIRTH + TICK_MS), ONE_TICK);
  });

  test("decays half as fast above 0.8", () => {
    const high = { ...newbornState(BIRTH), values: toValues(0.9), lastInteraction: BIRTH + MINUTE };
    assertValues(ageState(high, BIRTH + TICK_MS), HIGH_TICK);
  });

  test("makes her lonelier the longer she is alone", () => {
    assertValues(ageState(newbornState(BIRTH), BIRTH + HOUR), HOUR_ALONE);
    assertValues(ageState(newbornState(BIRTH), BIRTH + 24 * HOUR), DAY_ALONE);
  });

  test("counts every tick of the time that she was off as idle", () => {
    const spokenTo = interact(newbornState(BIRTH), "neutral", BIRTH + MINUTE);
    const awake = ageState(spokenTo, BIRTH + TICK_MS);
    const off = ageState(spokenTo, BIRTH + TICK_MS, { off: true });
    assert.ok(awake.values.loneliness < 0.5);
    assert.ok(off.values.loneliness > 0.5);
  });

  test("gives the same state in one step and in odd small ones: part ticks are carried over", () => {
    let state = newbornState(BIRTH);
    for (let now = BIRTH; now <= BIRTH + HOUR; now += 7_000) state = ageState(state, now);
    assert.deepEqual(ageState(state, BIRTH + HOUR), ageState(newbornState(BIRTH), BIRTH + HOUR));
  });

  test("leaves the state and its time alone before a tick is whole", () => {
    const state = newbornState(BIRTH);
    assert.equal(ageState(state, BIRTH + TICK_MS - 1), state);
    assert.equal(ageState(state, BIRTH + TICK_MS + 1).lastUpdated, BIRTH + TICK_MS);
  });

  test("halves momentum every hour, and not at once", () => {
    const driven = { ...newbornState(BIRTH), momentum: toValues(0.4) };
    assert.ok(ageState(driven, BIRTH + TICK_MS).momentum.excitement > 0.37);
    assert.ok(Math.abs(ageState(driven, BIRTH + HOUR).momentum.excitement - 0.2) < 1e-12);
    assert.ok(Math.abs(ageState(driven, BIRTH + 3 * HOUR).momentum.excitement - 0.05) < 1e-12);
  });

  test("goes on ageing after the host's clock was set back by a year", () => {
    const state = ageState(newbornState(BIRTH), BIRTH - 365 * 24 * HOUR);
    const later = ageState(state, BIRTH - 365 * 24 * HOUR + TICK_MS);
    assert.notDeepEqual(later.values, state.values);
  });
});

suite("interact()", () => {
  test("dampens the same kind in a row by 0.8, 0.6, then 0.5, and keeps what goes beyond 1 as momentum", () => {
    let state = newbornState(BIRTH);
    for (const expected of POSITIVE_FIVE_TIMES) {
      state = interact(state, "positive", BIRTH);
      assertValues(state, expected);
    }
    assert.ok(Math.abs(state.momentum.excitement - 0.01) < 1e-12);
  });

  test("counts in full again after another kind, but not after a neutral message", () => {
    const once = interact(newbornState(BIRTH), "positive", BIRTH);
    const afterOther = interact(interact(once, "error", BIRTH), "positive", BIRTH);
    const afterNeutral = interact(interact(once, "neutral", BIRTH), "positive", BIRTH);
    assert.equal(afterOther.values.affection.toFixed(6), "0.740000");
    assert.equal(afterNeutral.values.affection.toFixed(6), "0.716000");
  });

  test("is amplified by half the momentum of the emotion that it changes", () => {
    const driven = { ...newbornState(BIRTH), momentum: { ...toValues(0), excitement: 0.4 } };
    const { values } = interact(driven, "positive", BIRTH);
    assert.equal(values.excitement.toFixed(6), "0.680000"); // 0.5 + 0.15 × 1.2
    assert.equal(values.affection.toFixed(6), "0.620000");
  });

  test("spends the momentum of the emotions that it changes, and of no other", () => {
    const driven = { ...newbornState(BIRTH), momentum: toValues(0.4) };
    const { momentum } = interact(driven, "positive", BIRTH);
    assert.deepEqual([momentum.excitement, momentum.affection, momentum.jealousy], [0, 0, 0.4]);
  });

  test("never drives an emotion without end, however many kind words come", () => {
    let state = newbornState(BIRTH);
    let largest = 0;
    for (let second = 1; second <= 24 * 3600; second++) {
      const before = state.values;
      state = interact(state, second % 50 === 0 ? "negative" : "positive", BIRTH + second * 1000);
      for (const name of EMOTIONS) largest = Math.max(largest, Math.abs(state.values[name] - before[name]));
    }
    assert.ok(state.momentum.excitement < 0.5, `${state.momentum.excitement}`);
    assert.ok(largest < 0.25, `one message moved an emotion by ${largest}`);
  });

  test("ages first, then acts", () => {
    const state = interact(newbornState(BIRTH), "negative", BIRTH + HOUR + MINUTE);
    const aged = ageState(newbornState(BIRTH), BIRTH + HOUR + MINUTE);
    assert.equal(state.values.frustration, aged.values.frustration + 0.1);
    assert.equal(state.lastUpdated, BIRTH + HOUR + MINUTE);
    assert.equal(state.agedUntil, BIRTH + HOUR);
  });

  const effects: readonly (readonly [InteractionKind, Partial<EmotionValues>])[] = [
    ["positive", { excitement: 0.65, affection: 0.62, loneliness: 0.4, defensiveness: 0.42 }],
    ["negative", { frustration: 0.6, vulnerability: 0.58, affection: 0.4 }],
    ["code_update", { jealousy: 0.2, excitement: 0.6, affection: 0.65 }],
    ["error", { frustration: 0.65, confidence: 0.4, defensiveness: 0.55 }],
    ["successful_help", { frustration: 0.3, confidence: 0.65, affection: 0.6, excitement: 0.58 }],
    ["refusal", { frustration: 0.6, vulnerability: 0.6, affection: 0.38 }],
    ["long_idle", { loneliness: 0.7, excitement: 0.35, confidence: 0.4, affection: 0.35 }],
    ["rapid_errors", { frustration: 0.65, confidence: 0.3, defensiveness: 0.6 }],
    ["neutral", {}],
  ];
  for (const [kind, expected] of effects) {
    test(`moves a neutral state by ${kind} to what is written for it`, () => {
      const { values } = interact(newbornState(BIRTH), kind, BIRTH);
      const all = { ...toValues(0.5), ...expected };
      assertValues(
        { ...newbornState(BIRTH), values },
        EMOTIONS.map((name) => all[name]),
      );
    });
  }

  test("and ageing keep every value within its bounds, whatever happens", () => {
    const step = fc.record({
      kind: fc.constantFrom(...effects.map(([kind]) => kind)),
      gapMs: fc.integer({ min: -2 * TICK_MS, max: 48 * HOUR }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let state = newbornState(BIRTH);
        let now = BIRTH;
        for (const { kind, gapMs } of steps) state = interact(state, kind, (now += gapMs));
        for (const name of EMOTIONS) {
          assert.ok(
            state.values[name] >= (name === "loneliness" ? 0.3 : 0.1) && state.values[name] <= 1,
            name,
          );
          assert.ok(state.momentum[name] >= 0 && state.momentum[name] < 0.5, `momentum of ${name}`);
        }
      }),
      { numRuns: 200, seed: 7 },
    );
  });
});
