import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { assertStruck } from "./_observe.ts";
import { scripted, Talk } from "./_talk.ts";

const AFTERWARDS_MS = 15_000;
const MESSAGES = 3;

/** Messages are delivered twice, as happens around reconnections. */
export const duplicateDelivery: Scenario = defineScenario<Talk>({
  name: "duplicate delivery",
  proves: "A message that is delivered twice is answered once.",
  needs: [],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    {
      does: "Discord delivers each message twice",
      async run(env, talk) {
        if (!env.platforms.includes("discord")) return;
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
      does: "the voice room tells the end of what a user says twice",
      async run(env, talk) {
        if (!env.platforms.includes("voice")) return;
        using twice = env.voice.injectFault({ kind: "room-duplicate" });
        await talk.say(env, "voice", "ada"); // the room itself complains of a second answer
        await env.advance(AFTERWARDS_MS);
        assertStruck(twice, "a duplicate in the voice room");
      },
    },
    {
      does: "messages are delivered once again",
      async run(env, talk) {
        for (const platform of env.platforms) await talk.say(env, platform, "ada");
      },
    },
  ],
});
