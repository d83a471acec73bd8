import { assertEmotionBounds } from "../assertions.ts";
import { EMOTION_FLOORS } from "../fixtures/emotion_floors.ts";
import { makeEmotionalState } from "../fixtures/emotion_fixtures.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { scripted, SENTENCES, Talk } from "./_talk.ts";

const HOUR_MS = 3_600_000;
const MESSAGES = 8;

/** Everything is at its floor, and then more is taken away. */
export const emotionBounds: Scenario = defineScenario<Talk>({
  name: "emotion bounds",
  proves:
    "No emotion falls below its floor or rises above 1, whatever is said and however long it is left alone.",
  needs: ["virtual-time"],
  notes: () => new Talk(),
  environment: (talk) => ({ ...scripted(talk), initialEmotions: makeEmotionalState(EMOTION_FLOORS) }),
  steps: [
    {
      does: "nobody speaks to it for six hours",
      async run(env) {
        for (let hour = 1; hour <= 6; hour++) {
          await env.advance(HOUR_MS);
          assertEmotionBounds(await env.emotions(), { where: `after ${hour} h alone, from the floors on` });
        }
      },
    },
    {
      does: "users are unkind, again and again",
      async run(env, talk) {
        for (let i = 1; i <= MESSAGES; i++) {
          await talk.say(env, env.platforms[i % env.platforms.length]!, "ada", SENTENCES.unkind);
          assertEmotionBounds(await env.emotions(), { where: `after unkind message ${i}` });
        }
      },
    },
    {
      does: "users are kind, again and again",
      async run(env, talk) {
        for (let i = 1; i <= MESSAGES; i++) {
          await talk.say(env, env.platforms[i % env.platforms.length]!, "ada", SENTENCES.kind);
          assertEmotionBounds(await env.emotions(), { where: `after kind message ${i}` });
        }
      },
    },
    {
      does: "it is off for three days",
      async run(env) {
        await env.restart({ offMs: 72 * HOUR_MS });
        assertEmotionBounds(await env.emotions(), { where: "after three days off" });
      },
    },
  ],
});
