import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { assertStruck } from "./_observe.ts";
import { scripted, Talk } from "./_talk.ts";

const AFTERWARDS_MS = 15_000;
const MESSAGES = 3;

/** Discord delivers messages twice, as it does after some reconnections. */
export const duplicateDelivery: Scenario = defineScenario<Talk>({
  name: "duplicate delivery",
  proves: "A message that is delivered twice is answered once.",
  needs: ["discord"],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    {
      does: "each message is delivered twice",
      async run(env, talk) {
        const event = "MESSAGE_CREATE";
        using twice = env.discord.injectFault({ kind: "duplicate-delivery", event });
        for (let i = 0; i < MESSAGES; i++) {
          const exchange = await talk.say(env, "discord", "ada");
          await env.advance(AFTERWARDS_MS);
          await talk.assertAnsweredOnce(env, exchange);
        }
        assertStruck(twice, "a duplicate delivery");
      },
    },
    {
      does: "messages are delivered once again",
      run: async (env, talk) => void (await talk.say(env, "discord", "ada")),
    },
  ],
});
