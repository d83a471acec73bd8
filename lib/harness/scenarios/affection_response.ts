import { assertEmotionBounds, assertEmotionDirections } from "../assertions.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { assertPromptStates } from "./_stated_emotions.ts";
import { scripted, Talk } from "./_talk.ts";

/** Somebody is affectionate, and then is not. */
export const affectionResponse: Scenario = defineScenario<Talk>({
  name: "affection response",
  proves: "Affection is felt and shows in what the model is told, and unkindness takes it away.",
  needs: [],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    {
      does: "a user is affectionate on each platform",
      async run(env, talk) {
        for (const platform of env.platforms) {
          const before = await env.emotions();
          await talk.say(env, platform, "ada", "I love talking to you, you made my day!");
          const after = await env.emotions();
          const where = `after affection on ${platform}`;
          assertEmotionDirections(before, after, { affection: "up", excitement: "up" }, { where });
          const { prompt } = await talk.say(env, platform, "ada");
          const states = [after, await env.emotions()];
          if (prompt) assertPromptStates(prompt, "affection", states, where);
        }
      },
    },
    {
      does: "a user is unkind on each platform",
      async run(env, talk) {
        for (const platform of env.platforms) {
          const before = await env.emotions();
          await talk.say(env, platform, "ada", "I hate this, you are useless and annoying.");
          const after = await env.emotions();
          const where = `after unkindness on ${platform}`;
          assertEmotionDirections(before, after, { affection: "down", frustration: "up" }, { where });
          assertEmotionBounds(after, { where });
        }
      },
    },
  ],
});
