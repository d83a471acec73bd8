import { assertResponseTime, failAssertion } from "../assertions.ts";
import type { PlatformName, TestEnvironment } from "../environment.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { type Exchange, scripted, Talk } from "./_talk.ts";

const USERS = 12;
const MESSAGES = 2;
const AFTERWARDS_MS = 15_000;
const LIMIT_MS = 10_000;

interface Notes {
  readonly talk: Talk;
  readonly said: Exchange[];
}

/** Many users write at the same moment. */
export const concurrentLoad: Scenario = defineScenario<Notes>({
  name: "concurrent load",
  proves: "Many users at once get their own answers, in their order, without waiting for one another.",
  needs: [],
  notes: () => ({ talk: new Talk(), said: [] }),
  environment: ({ talk }) => scripted(talk),
  steps: [
    {
      does: "twelve users on all platforms write two messages each, all at once",
      async run(env, { talk, said }) {
        const users = Array.from({ length: USERS }, (_, index) => `user${index}`);
        for (const [index, user] of users.entries()) {
          const platform = env.platforms[index % env.platforms.length]!;
          talk.know(platform, user);
          if (platform === "android") await env.android(user); // log-ins are not what is measured
        }
        const conversations = users.map((user, index) =>
          converse(env, talk, env.platforms[index % env.platforms.length]!, user),
        );
        said.push(...(await Promise.all(conversations)).flat());
      },
    },
    {
      does: "everybody got their own answers, once, in their order",
      async run(env, { talk, said }) {
        await env.advance(AFTERWARDS_MS);
        const messages = await talk.companionMessages(env);
        for (const exchange of said) await talk.assertAnsweredOnce(env, exchange);
        for (const { user, platform } of new Set(said.map(({ reply }) => reply))) {
          if (platform === "voice") continue;
          const mine = said.filter(({ reply }) => reply.user === user && reply.platform === platform);
          const order = mine.map(({ answer }) => messages.findIndex(({ text }) => text.includes(answer)));
          const isSorted = order.every((position, index) => index === 0 || position > order[index - 1]!);
          const message = `Cannot accept replies to ${user} on ${platform}: they must come in the order of the messages, got another`;
          if (!isSorted)
            failAssertion(
              message,
              order,
              order.toSorted((a, b) => a - b),
            );
        }
      },
    },
    {
      does: "nobody waited long for others",
      run(_env, { said }) {
        const replies = said.map(({ reply }) => reply);
        assertResponseTime(replies, {
          limitMs: LIMIT_MS,
          minSamples: USERS * MESSAGES,
          where: "twelve users at once",
        });
        return Promise.resolve();
      },
    },
  ],
});

async function converse(
  env: TestEnvironment,
  talk: Talk,
  platform: PlatformName,
  user: string,
): Promise<readonly Exchange[]> {
  const exchanges: Exchange[] = [];
  for (let i = 0; i < MESSAGES; i++) exchanges.push(await talk.say(env, platform, user));
  return exchanges;
}
