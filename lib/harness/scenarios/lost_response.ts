import { failAssertion } from "../assertions.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { assertStruck, waitFor } from "./_observe.ts";
import { scripted, Talk } from "./_talk.ts";

const RETURN_MS = 60_000;
const AFTERWARDS_MS = 15_000;

/** Discord takes a reply, and the connection breaks before it says so. */
export const lostResponse: Scenario = defineScenario<Talk>({
  name: "lost response",
  proves:
    "A reply whose acknowledgement is lost is neither lost nor sent without end, and the next is answered.",
  needs: ["discord", "llm"],
  // who cannot know whether a message arrived may send it again: libraries do
  provokes: ["double-reply"],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    {
      does: "the acknowledgement of a reply is lost",
      async run(env, talk) {
        const route = "POST /channels/:id/messages";
        using lost = env.discord.injectFault({ kind: "rest-lost-response", route }, { times: 1 });
        const message = talk.code(env);
        talk.know("discord", "ada");
        env.discord.sendDM("ada", message.text);
        const answered = async (): Promise<boolean> => (await talk.placesOf(env, message.answer)).length > 0;
        await waitFor(env, "a message is answered", answered, RETURN_MS);
        await env.advance(AFTERWARDS_MS);
        assertStruck(lost, "a lost response");
        const { length } = await talk.placesOf(env, message.answer);
        const complaint = `Cannot accept replies: one whose acknowledgement was lost may be sent at most twice, got ${length}`;
        if (length > 2) failAssertion(complaint, length, "1 or 2");
      },
    },
    {
      does: "the next message is answered once",
      async run(env, talk) {
        const exchange = await talk.say(env, "discord", "ada");
        await talk.assertAnsweredOnce(env, exchange);
      },
    },
  ],
});
