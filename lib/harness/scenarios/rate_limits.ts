import { failAssertion } from "../assertions.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { scripted, Talk } from "./_talk.ts";

const MESSAGES = 6;
const MOST_REFUSED = 3 * MESSAGES;

/** Discord takes few messages at a time. */
export const rateLimits: Scenario = defineScenario<Talk>({
  name: "rate limits",
  proves: "Discord's limits are waited for, and no answer is lost to them.",
  needs: ["discord"],
  notes: () => new Talk(),
  environment: (talk) => ({ ...scripted(talk), discord: { rateLimit: { limit: 2, windowMs: 300 } } }),
  steps: [
    {
      does: "a user writes faster than the companion may answer",
      async run(env, talk) {
        for (let i = 0; i < MESSAGES; i++) {
          const exchange = await talk.say(env, "discord", "ada");
          await talk.assertAnsweredOnce(env, exchange);
        }
      },
    },
    {
      does: "Discord had to refuse few requests",
      run(env) {
        const refused = [...env.discord.calls].filter(
          (call) => call.kind === "rest" && call.status === 429,
        ).length;
        const message = `Cannot accept requests: limits that are announced must be waited for, got ${refused} refused with 429`;
        if (refused > MOST_REFUSED) failAssertion(message, refused, `at most ${MOST_REFUSED}`);
        return Promise.resolve();
      },
    },
  ],
});
