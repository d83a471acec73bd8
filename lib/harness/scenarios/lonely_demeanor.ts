import { assertEmotions } from "../assertions.ts";
import { emotionFixtures } from "../fixtures/emotion_fixtures.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { assertPromptStates } from "./_stated_emotions.ts";
import { scripted, SENTENCES, Talk } from "./_talk.ts";

/** A lonely companion is spoken to. */
export const lonelyDemeanor: Scenario = defineScenario<Talk>({
  name: "lonely demeanor",
  proves: "What the companion feels reaches its model, with the right values, on every platform.",
  needs: ["llm", "initial-emotions"],
  notes: () => new Talk(),
  environment: (talk) => ({ ...scripted(talk), initialEmotions: emotionFixtures.lonely }),
  steps: [
    {
      does: "the companion is lonely",
      run: async (env) => assertEmotions(await env.emotions(), { loneliness: 0.9, excitement: 0.3 }, 0.02),
    },
    {
      does: "somebody speaks to it on each platform, and the model is told",
      async run(env, talk) {
        for (const platform of env.platforms) {
          const before = await env.emotions();
          const { prompt } = await talk.say(env, platform, "ada");
          const states = [before, await env.emotions()];
          for (const emotion of ["loneliness", "affection", "confidence"] as const) {
            assertPromptStates(prompt!, emotion, states, `for a lonely companion on ${platform}`);
          }
        }
      },
    },
    {
      does: "it is comforted, and the model is told of that, too",
      async run(env, talk) {
        const [platform] = env.platforms;
        for (let i = 0; i < 3; i++) await talk.say(env, platform!, "ada", SENTENCES.kind);
        const before = await env.emotions();
        const { prompt } = await talk.say(env, platform!, "ada");
        const states = [before, await env.emotions()];
        assertPromptStates(prompt!, "loneliness", states, "after three kind messages");
      },
    },
  ],
});
