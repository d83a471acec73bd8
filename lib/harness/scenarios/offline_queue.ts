import { failAssertion } from "../assertions.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { waitFor } from "./_observe.ts";
import { type CodedMessage, scripted, Talk } from "./_talk.ts";

const MESSAGES = 3;
const AWAY_MS = 600_000;

interface Notes {
  readonly talk: Talk;
  readonly sent: CodedMessage[];
}

/** A phone goes out of reach before it has its answers. */
export const offlineQueue: Scenario = defineScenario<Notes>({
  name: "offline queue",
  proves: "Answers that came while the phone was away are on it when it is back, each once, in their order.",
  needs: ["android", "llm", "virtual-time"],
  notes: () => ({ talk: new Talk(), sent: [] }),
  environment: ({ talk }) => scripted(talk),
  steps: [
    {
      does: "a user writes three messages and goes into a tunnel",
      async run(env, { talk, sent }) {
        await talk.say(env, "android", "ada");
        const app = await env.android("ada");
        for (let i = 0; i < MESSAGES; i++) {
          const message = talk.code(env);
          app.send(message.text);
          sent.push(message);
        }
        await app.close();
        const last = sent.at(-1)!;
        const asked = (): boolean => talk.model.promptAbout(last.word) !== undefined;
        await waitFor(env, "the messages of a phone that went away are still thought about", asked);
        await env.advance(AWAY_MS);
      },
    },
    {
      does: "the phone is back, and shows the answers",
      async run(env, { talk, sent }) {
        const app = await env.android("ada"); // connects again
        const missing = (): number =>
          sent.filter(({ answer }) => !app.messages.some(({ content }) => content.includes(answer))).length;
        await env.advance(1000);
        const lost = `Cannot accept queue of a phone that was away: all ${MESSAGES} missed answers must be in its history, got ${missing()} lost`;
        if (missing() > 0) failAssertion(lost, MESSAGES - missing(), MESSAGES);
        const shown = app.messages.filter(({ sender }) => sender === "demi").map(({ content }) => content);
        const order = sent.map(({ answer }) => shown.findIndex((content) => content.includes(answer)));
        const isSorted = order.every((position, index) => index === 0 || position > order[index - 1]!);
        const mixed =
          "Cannot accept queue of a phone that was away: the answers must be in the order of the messages, got another";
        if (!isSorted)
          failAssertion(
            mixed,
            order,
            order.toSorted((a, b) => a - b),
          );
        for (const { answer } of sent) {
          const { length } = await talk.placesOf(env, answer);
          const twice = `Cannot accept queue of a phone that was away: each answer must be there exactly once, got ${length}`;
          if (length !== 1) failAssertion(twice, length, 1);
        }
      },
    },
    {
      does: "it goes on as before",
      async run(env, { talk }) {
        const exchange = await talk.say(env, "android", "ada");
        await talk.assertAnsweredOnce(env, exchange);
      },
    },
  ],
});
