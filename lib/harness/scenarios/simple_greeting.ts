import { assertEmotionBounds, assertEmotionDirections, failAssertion } from "../assertions.ts";
import { CHATTING, until } from "./_observe.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { scripted, SENTENCES, Talk } from "./_talk.ts";

const BYSTANDER = "bystander";
const AFTERWARDS_MS = 15_000;

/** Somebody says hello on each platform. */
export const simpleGreeting: Scenario = defineScenario<Talk>({
  name: "simple greeting",
  proves:
    "A greeting gets one reply, made from it by the model, in the right place, and pleases the companion.",
  needs: [],
  notes: () => new Talk(),
  environment: (talk) => ({ ...scripted(talk), discord: { channels: ["general", "garden"] } }),
  steps: [
    {
      does: "the companion is online everywhere",
      run: async (env) => {
        for (const platform of env.platforms) {
          await until(env, platform, CHATTING, "while nothing is wrong");
        }
      },
    },
    {
      does: "a user greets it on each platform",
      async run(env, talk) {
        if (env.platforms.includes("android")) {
          await env.android(BYSTANDER);
          talk.know("android", BYSTANDER);
        }
        talk.know("discord", BYSTANDER);
        for (const platform of env.platforms) {
          const before = await env.emotions();
          const exchange = await talk.say(env, platform, "ada", SENTENCES.kind);
          const after = await env.emotions();
          const where = `after the greeting on ${platform}`;
          assertEmotionBounds(after, { where });
          const expected = { excitement: "up", affection: "up", loneliness: "down" } as const;
          assertEmotionDirections(before, after, expected, { where });
          await env.advance(AFTERWARDS_MS);
          await talk.assertAnsweredOnce(env, exchange);
        }
      },
    },
    {
      does: "a user greets it in a channel that is not the first",
      async run(env, talk) {
        if (!env.platforms.includes("discord")) return;
        const { answer, text } = talk.code(env, SENTENCES.kind);
        const question = env.discord.sendAsUser("grace", text, { channel: "garden", mentionBot: true });
        const what = "the companion answers in the channel";
        const answered = async (): Promise<boolean> =>
          !env.hasLlm
            ? env.discord.history("garden").some(({ author }) => author.id === env.discord.bot.id)
            : (await talk.placesOf(env, answer)).length > 0;
        await env.until(what, answered, { timeoutMs: 60_000 });
        await env.advance(AFTERWARDS_MS);
        const places = env.hasLlm ? await talk.placesOf(env, answer) : ["discord #garden"];
        if (places.length === 1 && places[0] === "discord #garden") return;
        const message = `Cannot accept replies: exactly one must be in #garden, where ${question.author.username} asked, got ${places.length}: ${places.join(", ")}`;
        failAssertion(message, places, ["discord #garden"]);
      },
    },
  ],
});
