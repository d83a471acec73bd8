import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { EMOTION_NAMES } from "demi-health/emotion";
import {
  assertEmotionBounds,
  assertEmotionDirections,
  CONVERSATION_FIXTURE_NAMES,
  conversationFixtures,
  EMOTION_FIXTURE_NAMES,
  emotionFixtures,
  emotionProgression,
  euphoricEmotions,
  makeEmotionalState,
  randomEmotions,
  stressEmotions,
} from "demi-health/harness";
import { interact, newbornState } from "../../examples/demi/emotions.ts";
import { classifyMessage } from "../../examples/demi/interactions.ts";

// Values that differ from 0.5, as the facts of the first companion list them.
const FACTS: Readonly<Record<string, string>> = {
  neutral: "",
  lonely: "loneliness .9 excitement .3 affection .7 confidence .4 curiosity .4",
  excited: "excitement .9 loneliness .3 confidence .8 curiosity .8 affection .7",
  frustrated: "frustration .9 confidence .7 defensiveness .8 affection .3 loneliness .6",
  confident: "confidence .9 loneliness .3 excitement .7 frustration .2 defensiveness .2",
  vulnerable: "vulnerability .8 confidence .3 loneliness .7 defensiveness .2 affection .6",
  jealous: "jealousy .8 frustration .7 confidence .6 affection .6 defensiveness .7",
  affectionate: "affection .8 loneliness .4 excitement .6 vulnerability .6",
  defensive: "defensiveness .85 frustration .6 vulnerability .4",
  curious: "curiosity .9 excitement .7 confidence .6 loneliness .4",
};

suite("emotionFixtures", () => {
  test("are the ten of the facts", () => {
    assert.deepEqual(Object.keys(FACTS), EMOTION_FIXTURE_NAMES);
    for (const name of EMOTION_FIXTURE_NAMES) {
      const given = new Map(
        [...FACTS[name]!.matchAll(/(\w+) (\.\d+)/g)].map(([, key, value]) => [key, Number(value)]),
      );
      for (const emotion of EMOTION_NAMES) {
        assert.equal(emotionFixtures[name][emotion], given.get(emotion) ?? 0.5, `${name}: ${emotion}`);
      }
    }
  });

  test("cannot be changed by one test behind the back of another", () => {
    const state = emotionFixtures.lonely as { loneliness: number };
    assert.throws(() => (state.loneliness = 0), TypeError);
  });
});

suite("factories of emotional states", () => {
  test("randomEmotions() gives one state a seed, within the bounds", () => {
    assert.deepEqual(randomEmotions(1), randomEmotions(1));
    assert.notDeepEqual(randomEmotions(1), randomEmotions(2));
    for (let seed = 0; seed < 100; seed++) assertEmotionBounds(randomEmotions(seed));
  });

  test("emotionProgression() begins and ends where it must, in equal steps", () => {
    const states = emotionProgression(emotionFixtures.neutral, emotionFixtures.excited, 5, { stepMs: 1000 });
    assert.deepEqual(
      states.map(({ excitement }) => Number(excitement.toFixed(9))),
      [0.5, 0.6, 0.7, 0.8, 0.9],
    );
    assert.equal(states[4]!.lastUpdated - states[0]!.lastUpdated, 4000);
    for (const steps of [1, 0, NaN, 2.5]) {
      assert.throws(() => emotionProgression(states[0]!, states[1]!, steps), RangeError);
    }
  });

  test("stressEmotions() and euphoricEmotions() are within the bounds and have momentum", () => {
    for (const state of [stressEmotions(), euphoricEmotions()]) {
      assertEmotionBounds(state);
      assert.ok(EMOTION_NAMES.some((name) => state.momentum[name] > 0));
    }
  });

  test("makeEmotionalState() refuses what no emotion can be", () => {
    for (const excitement of [NaN, -0.1, 1.1]) {
      assert.throws(() => makeEmotionalState({ excitement }), /'excitement' must be in \[0, 1\]/);
    }
    assert.throws(() => makeEmotionalState({}, { momentum: { jealousy: -1 } }), /'momentum.jealousy'/);
  });
});

suite("conversationFixtures", () => {
  const TURNS = [1, 3, 2, 2, 2, 2, 1, 3, 1, 3];

  test("are all kinds, with their numbers of turns", () => {
    const turns = CONVERSATION_FIXTURE_NAMES.map((name) => conversationFixtures[name].turns.length);
    assert.deepEqual(turns.slice(0, TURNS.length), TURNS);
    assert.ok(turns.slice(TURNS.length).every((count) => count >= 5));
    assert.equal(conversationFixtures["ramble trigger"].idleMs, 1_800_000);
  });

  for (const name of CONVERSATION_FIXTURE_NAMES) {
    test(`${name}: moves pocket Demi as it says`, () => {
      let state = newbornState(0);
      for (const { text, expects } of conversationFixtures[name].turns) {
        const after = interact(state, classifyMessage(text), 1000);
        const [from, to] = [state, after].map((each) => makeEmotionalState(each.values));
        assertEmotionDirections(from!, to!, expects, { where: text });
        state = after;
      }
    });
  }
});
