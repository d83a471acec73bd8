import { failAssertion } from "../assertions.ts";
import type { PlatformName, TestEnvironment } from "../environment.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { type Exchange, scripted, Talk } from "./_talk.ts";

const TURNS = 3;
const PEOPLE = ["ada", "grace"] as const;
const AFTERWARDS_MS = 15_000;

/** Two people talk to the companion side by side. */
export const multiTurnConversation: Scenario = defineScenario<Talk>({
  name: "multi-turn conversation",
  proves: "The model sees the earlier turns of a conversation, in their order, and none of somebody else's.",
  needs: ["llm"],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    {
      does: "two users take turns on each platform",
      async run(env, talk) {
        for (const platform of env.platforms) await converse(env, talk, platform);
      },
    },
  ],
});

async function converse(env: TestEnvironment, talk: Talk, platform: PlatformName): Promise<void> {
  const said: Record<string, Exchange[]> = { ada: [], grace: [] };
  for (let turn = 0; turn < TURNS; turn++) {
    for (const user of PEOPLE) {
      const exchange = await talk.say(env, platform, user);
      const other = user === "ada" ? "grace" : "ada";
      checkPrompt(exchange, said[user]!, said[other]!, `turn ${turn + 1} of ${user} on ${platform}`);
      said[user]!.push(exchange);
    }
  }
  await env.advance(AFTERWARDS_MS);
  for (const exchange of Object.values(said).flat()) await talk.assertAnsweredOnce(env, exchange);
}

function checkPrompt(
  { prompt }: Exchange,
  earlier: readonly Exchange[],
  others: readonly Exchange[],
  where: string,
): void {
  const told = prompt!.all;
  const positions = earlier.flatMap(({ word, answer }) => [told.indexOf(word), told.indexOf(answer)]);
  const missing = positions.filter((position) => position < 0).length;
  if (missing > 0) {
    const message = `Cannot accept prompt at ${where}: all ${positions.length} earlier messages of the conversation must be in it, got ${missing} missing from its history`;
    failAssertion(message, positions.length - missing, positions.length);
  }
  if (positions.some((position, index) => index > 0 && position < positions[index - 1]!)) {
    const message = `Cannot accept prompt at ${where}: the earlier turns must be in their order, got another`;
    failAssertion(
      message,
      positions,
      positions.toSorted((a, b) => a - b),
    );
  }
  const foreign = others.filter(({ word, answer }) => told.includes(word) || told.includes(answer)).length;
  if (foreign > 0) {
    const message = `Cannot accept prompt at ${where}: no message of another user's conversation may be in it, got ${foreign} mixed in`;
    failAssertion(message, foreign, 0);
  }
}
