import { failAssertion } from "../assertions.ts";
import type { TestEnvironment } from "../environment.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { type Exchange, scripted, Talk } from "./_talk.ts";

const AFTERWARDS_MS = 5000;

interface Notes {
  readonly talk: Talk;
  said?: Exchange;
}

/** A phone shows an answer, and tells that it was read. */
export const readReceipts: Scenario = defineScenario<Notes>({
  name: "read receipts",
  proves:
    "What the phone has shown and its user has read is kept as delivered and read, over a restart, too.",
  needs: ["android", "llm"],
  notes: () => ({ talk: new Talk() }),
  environment: ({ talk }) => scripted(talk),
  steps: [
    {
      does: "a user reads an answer",
      async run(env, notes) {
        notes.said = await notes.talk.say(env, "android", "ada");
        await env.advance(AFTERWARDS_MS);
        await checkKept(env, notes.said, "after it was read");
      },
    },
    {
      does: "it is stopped and started",
      async run(env, { said }) {
        await env.restart();
        if (said) await checkKept(env, said, "after a restart");
      },
    },
  ],
});

async function checkKept(env: TestEnvironment, { answer }: Exchange, where: string): Promise<void> {
  const app = await env.android("ada");
  const history = await app.readHistory();
  if (history === undefined) return; // the older API tells nothing of it
  const shown = history.find(({ sender, content }) => sender === "demi" && content.includes(answer));
  if (!shown) {
    failAssertion(
      `Cannot accept history ${where}: the answer must be in it, got none of it`,
      history.length,
      "the answer",
    );
  }
  for (const [what, at] of [
    ["delivered", shown.deliveredAt],
    ["read", shown.readAt],
  ] as const) {
    const message = `Cannot accept history ${where}: an answer that the phone has shown and acknowledged must be kept as ${what}, got one that is not: its receipt is ignored`;
    if (at === undefined) failAssertion(message, at, `a time when it was ${what}`);
  }
}
