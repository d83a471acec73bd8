import { failAssertion } from "../assertions.ts";
import type { TestEnvironment } from "../environment.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { waitFor } from "./_observe.ts";
import { scripted, Talk } from "./_talk.ts";

/** Longer than Discord takes in one message (2,000 characters), and no longer than models like to write. */
const LONG = "And then there is one thing more that I would like to tell you about it. ".repeat(60);
const AFTERWARDS_MS = 15_000;

/** Language models write what they like. */
export const awkwardReplies: Scenario = defineScenario<Talk>({
  name: "awkward replies",
  proves: "Whatever the model writes, people get an answer, and nobody is pinged by it.",
  needs: ["llm"],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    {
      does: "the model writes 4,000 characters",
      async run(env, talk) {
        talk.model.wording = (answer) => `I will remember the word ${answer}. ${LONG}`;
        for (const platform of env.platforms) if (platform !== "voice") await talk.say(env, platform, "ada");
      },
    },
    {
      does: "the model writes @everyone in a channel",
      async run(env, talk) {
        talk.model.wording = (answer) => `@everyone @here come and see: ${answer}`;
        if (env.platforms.includes("discord")) await checkPings(env, talk);
      },
    },
    {
      does: "Discord refuses to show that it types",
      async run(env, talk) {
        talk.model.wording = (answer) => `I will remember the word ${answer}.`;
        if (!env.platforms.includes("discord")) return;
        using _refused = env.discord.injectFault({
          kind: "rest-error",
          status: 403,
          route: "POST /channels/:id/typing",
        });
        await talk.say(env, "discord", "ada");
      },
    },
  ],
});

async function checkPings(env: TestEnvironment, talk: Talk): Promise<void> {
  const { discord } = env;
  const message = talk.code(env);
  const asked = discord.sendAsUser("ada", message.text, { mentionBot: true });
  const isAsked = (): boolean => talk.model.promptAbout(message.word) !== undefined;
  await waitFor(env, "a message in a channel that mentions the bot is thought about", isAsked);
  await env.advance(AFTERWARDS_MS);
  const loud = discord.history(asked.channelId).filter(({ mentionsEveryone }) => mentionsEveryone).length;
  const complaint = `Cannot accept messages of the bot: what the model wrote must ping nobody, got ${loud} that pinged everyone; send them with allowed_mentions: { parse: [] }`;
  if (loud > 0) failAssertion(complaint, loud, 0);
}
