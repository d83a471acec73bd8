import { assertEmotionBounds, assertEmotionDirections, failAssertion } from "../assertions.ts";
import type { TestEnvironment } from "../environment.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { scripted, SENTENCES, Talk } from "./_talk.ts";

const MESSAGES = 12;
const TICK_MS = 300_000;
const FULL = 0.999;

interface Notes {
  readonly talk: Talk;
  /** What each message added to excitement, as long as there was room. */
  readonly steps: number[];
}

/** Somebody is kind, again and again. */
export const emotionAmplification: Scenario = defineScenario<Notes>({
  name: "emotion amplification",
  proves:
    "Repeated joys add up, each less than the one before, up to 1; what goes beyond is kept as momentum.",
  needs: ["virtual-time"],
  notes: () => ({ talk: new Talk(), steps: [] }),
  environment: ({ talk }) => scripted(talk),
  steps: [
    {
      does: "a user is kind until there is no room for more excitement",
      async run(env, { talk, steps }) {
        for (let i = 1; i <= MESSAGES; i++) {
          const before = await env.emotions();
          if (before.excitement >= FULL && steps.length >= 2) return;
          await talk.say(env, env.platforms[0]!, "ada", SENTENCES.kind);
          const after = await env.emotions();
          const where = `after kind message ${i}`;
          assertEmotionBounds(after, { where });
          assertEmotionDirections(before, after, { excitement: "up", affection: "up" }, { where });
          if (after.excitement < FULL) steps.push(after.excitement - before.excitement);
        }
        const { excitement } = await env.emotions();
        const message = `Cannot accept emotions: ${MESSAGES} kind messages in a row must bring excitement to 1, got ${excitement}`;
        if (excitement < FULL) failAssertion(message, excitement, 1);
      },
    },
    {
      does: "each message counted less than the one before",
      run: (_env, { steps }) => {
        const [first = 0, second = 0] = steps;
        const grown = steps.findIndex((step, index) => index > 0 && step > steps[index - 1]! * 1.02);
        const rounded = steps.map((step) => Number(step.toFixed(4)));
        const message = `Cannot accept emotions: repeated joys must be dampened, got changes of excitement ${rounded.join(", ")}`;
        if (grown >= 0 || second > first * 0.95)
          failAssertion(message, rounded, "each less than the one before");
        return Promise.resolve();
      },
    },
    {
      does: "what went beyond 1 is momentum, also after a tick",
      async run(env, { talk }) {
        await talk.say(env, env.platforms[0]!, "ada", SENTENCES.kind);
        await assertMomentum(env, "after a joy beyond 1");
        await env.advance(TICK_MS + 1000);
        await assertMomentum(env, "after a tick");
      },
    },
    {
      does: "one more joy stays within the bounds",
      async run(env, { talk }) {
        await talk.say(env, env.platforms[0]!, "ada", SENTENCES.kind);
        assertEmotionBounds(await env.emotions(), { where: "after one more joy" });
      },
    },
  ],
});

async function assertMomentum(env: TestEnvironment, where: string): Promise<void> {
  const { momentum } = await env.emotions();
  if (momentum.excitement > 0.001) return;
  const message = `Cannot accept momentum ${where}: that of excitement must be > 0, got ${momentum.excitement}`;
  failAssertion(message, momentum.excitement, "> 0");
}
