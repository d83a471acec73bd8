import { failAssertion } from "../assertions.ts";
import type { TestEnvironment } from "../environment.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { CHATTING, until, waitFor } from "./_observe.ts";
import { scripted, Talk } from "./_talk.ts";

const DROPS = 3;
const RETURN_MS = 60_000;
const AFTERWARDS_MS = 15_000;
const MOST_LOGINS = 4;

function countLogins(env: TestEnvironment): number {
  return [...env.discord.calls].filter((call) => call.kind === "gateway" && (call.op === 2 || call.op === 6))
    .length;
}

/** The connection is lost again and again. */
export const reconnectStorm: Scenario = defineScenario<Talk>({
  name: "reconnect storm",
  proves: "Lost connections in a row multiply neither log-ins nor answers.",
  needs: ["discord"],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    {
      does: "the connection is lost three times in a row",
      async run(env, talk) {
        await talk.say(env, "discord", "ada");
        const before = countLogins(env);
        const what = "the companion is back on Discord after a lost connection";
        for (let i = 0; i < DROPS; i++) {
          env.discord.dropConnections();
          await waitFor(env, what, () => env.discord.connectedSessions > 0, RETURN_MS);
          await until(env, "discord", CHATTING, `after lost connection ${i + 1}`, RETURN_MS);
        }
        const logins = countLogins(env) - before;
        const most = DROPS * MOST_LOGINS;
        const message = `Cannot accept reconnections: ${DROPS} lost connections may take at most ${most} log-ins, got ${logins}`;
        if (logins > most) failAssertion(message, logins, most);
      },
    },
    {
      does: "each message is answered once",
      async run(env, talk) {
        await until(env, "discord", CHATTING, "after the storm", RETURN_MS);
        const exchange = await talk.say(env, "discord", "ada");
        await env.advance(AFTERWARDS_MS);
        await talk.assertAnsweredOnce(env, exchange);
      },
    },
  ],
});
