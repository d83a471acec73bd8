import { assertResponseTime } from "../assertions.ts";
import type { Reply } from "../environment.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { scripted, SENTENCES, Talk } from "./_talk.ts";

const MESSAGES = 30;
const SAMPLES = 30;
const LIMIT_MS = 3000;

interface Notes {
  readonly talk: Talk;
  readonly replies: Reply[];
}

/** Ordinary messages, one after another. */
export const responseTime: Scenario = defineScenario<Notes>({
  name: "response time",
  proves: "Nine of ten messages are answered within 3 s by a model of ordinary speed, on each platform.",
  needs: [],
  notes: () => ({ talk: new Talk(), replies: [] }),
  environment: ({ talk }) => scripted(talk),
  steps: [
    {
      does: "users write thirty messages",
      async run(env, { talk, replies }) {
        const moods = Object.values(SENTENCES);
        for (let i = 0; i < MESSAGES; i++) {
          const platform = env.platforms[i % env.platforms.length]!;
          const { reply } = await talk.say(env, platform, `user${i % 5}`, moods[i % moods.length]);
          replies.push(reply);
        }
      },
    },
    {
      does: "the replies came in time",
      run(env, { replies }) {
        assertResponseTime(replies, { limitMs: LIMIT_MS, minSamples: SAMPLES });
        for (const platform of env.platforms) {
          const theirs = replies.filter((reply) => reply.platform === platform);
          assertResponseTime(theirs, {
            limitMs: LIMIT_MS,
            minSamples: 10,
            where: `response time on ${platform}`,
          });
        }
        return Promise.resolve();
      },
    },
  ],
});
