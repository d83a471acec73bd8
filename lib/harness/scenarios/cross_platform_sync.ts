import { assertEmotionDirections, assertEmotions } from "../assertions.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { assertPromptStates } from "./_stated_emotions.ts";
import { scripted, SENTENCES, Talk } from "./_talk.ts";

/** What happens on one platform is felt on the others. */
export const crossPlatformSync: Scenario = defineScenario<Talk>({
  name: "cross-platform sync",
  proves:
    "There is one emotional state: what is said on any platform moves it, and the model is told on every other.",
  needs: ["two-platforms"],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    {
      does: "a user is unkind on each platform in turn, and then speaks on the others",
      async run(env, talk) {
        for (const platform of env.platforms) {
          const before = await env.emotions();
          await talk.say(env, platform, "ada", SENTENCES.unkind);
          const after = await env.emotions();
          const where = `after an unkind message on ${platform}`;
          assertEmotionDirections(before, after, { frustration: "up", affection: "down" }, { where });
          for (const other of env.platforms) {
            if (other === platform) continue;
            const { prompt } = await talk.say(env, other, "ada");
            const now = await env.emotions();
            assertEmotions(now, { frustration: after.frustration }, 0.05, { where: `${where}, on ${other}` });
            if (prompt) assertPromptStates(prompt, "frustration", [after, now], `on ${other} ${where}`);
          }
        }
      },
    },
    {
      does: "a user is kind on each platform in turn",
      async run(env, talk) {
        for (const platform of env.platforms) {
          const before = await env.emotions();
          await talk.say(env, platform, "grace", SENTENCES.kind);
          const where = `after a kind message on ${platform}`;
          assertEmotionDirections(
            before,
            await env.emotions(),
            { excitement: "up", affection: "up" },
            { where },
          );
        }
      },
    },
  ],
});
