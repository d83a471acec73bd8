import { failAssertion } from "../assertions.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { type Exchange, scripted, Talk } from "./_talk.ts";

const TURNS = 30;
/** Exchanges that nobody has forgotten while they are still talking. */
const FRESH = 2;

/** One person talks on and on. */
export const longConversation: Scenario = defineScenario<Talk>({
  name: "long conversation",
  proves: "After many turns the model still sees what was said last.",
  needs: ["llm"],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    {
      does: `a user talks for ${TURNS} turns`,
      async run(env, talk) {
        const [platform] = env.platforms;
        if (!platform) return;
        const said: Exchange[] = [];
        for (let turn = 1; turn <= TURNS; turn++) {
          const exchange = await talk.say(env, platform, "ada");
          const told = exchange.prompt?.all ?? "";
          const fresh = said.slice(-FRESH);
          const missing = fresh.filter(({ word, answer }) => !told.includes(word) || !told.includes(answer));
          const message = `Cannot accept prompt at turn ${turn} on ${platform}: the latest ${fresh.length} exchanges must be in it, got ${missing.length} missing from its history`;
          if (missing.length > 0) failAssertion(message, fresh.length - missing.length, fresh.length);
          said.push(exchange);
        }
      },
    },
  ],
});
