import { failAssertion } from "../assertions.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { CHATTING, until, waitFor } from "./_observe.ts";
import { scripted, Talk } from "./_talk.ts";

const LATE_MS = 60_000;
const RETURN_MS = 60_000;

/** The companion is stopped while it thinks. */
export const stopWithinMessage: Scenario = defineScenario<Talk>({
  name: "stop within a message",
  proves: "A graceful stop answers what was received, now or after the next start, and never twice.",
  needs: ["discord", "llm"],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    {
      does: "it is stopped and started while it thinks of a reply",
      async run(env, talk) {
        const message = talk.code(env);
        talk.know("discord", "ada");
        env.discord.sendDM("ada", message.text);
        const asked = (): boolean => talk.model.promptAbout(message.word) !== undefined;
        await waitFor(env, "the model is asked", asked);
        await env.restart();
        await until(env, "discord", CHATTING, "after a restart", RETURN_MS);
        await env.advance(LATE_MS);
        const { bot } = env.discord;
        const replies = env.discord.directMessages("ada").filter(({ author }) => author.id === bot.id).length;
        const complaint = `Cannot accept replies: a message that a graceful stop met must be answered exactly once, got ${replies} replies`;
        if (replies !== 1) failAssertion(complaint, replies, 1);
      },
    },
    { does: "it answers as before", run: async (env, talk) => void (await talk.say(env, "discord", "ada")) },
  ],
});
