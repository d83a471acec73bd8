import { failAssertion } from "../assertions.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { CHATTING, NOT_GREEN, until } from "./_observe.ts";
import { scripted, Talk } from "./_talk.ts";

const RETURN_MS = 120_000;

/** The companion starts while nothing that it talks to is there. */
export const startWhileDown: Scenario = defineScenario<Talk>({
  name: "start while down",
  proves:
    "A companion that starts while Discord is down lives with what is there, and comes online by itself.",
  needs: ["discord"],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    {
      does: "it is started while Discord is down",
      async run(env, talk) {
        await env.stop();
        void env.discord.outage(Infinity);
        await env.start().catch((error: unknown) => {
          const message = `Cannot start the companion while Discord is down: it must live without, got ${String(error)}`;
          failAssertion(message, error, "a companion that runs");
        });
        await until(env, "discord", NOT_GREEN, "while it is down from the start");
        for (const platform of env.platforms) {
          if (platform !== "discord") await talk.say(env, platform, "ada");
        }
      },
    },
    {
      does: "Discord is back",
      async run(env, talk) {
        env.discord.endOutage();
        await until(env, "discord", CHATTING, "after Discord came back", RETURN_MS);
        const exchange = await talk.say(env, "discord", "ada");
        await talk.assertAnsweredOnce(env, exchange);
      },
    },
  ],
});
