import { assertEmotionBounds, assertPersisted, failAssertion } from "../assertions.ts";
import type { TestEnvironment } from "../environment.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { type Exchange, scripted, SENTENCES, Talk } from "./_talk.ts";
import { assertAged } from "./emotional_decay.ts";

const HOUR_MS = 3_600_000;

interface Notes {
  readonly talk: Talk;
  readonly said: Exchange[];
}

/** What a conversation was about is known after a restart: to the model, and on the user's phone. */
export async function assertRemembered(
  env: TestEnvironment,
  talk: Talk,
  said: readonly Exchange[],
  where: string,
): Promise<void> {
  for (const platform of env.platforms) {
    const mine = said.filter(({ reply }) => reply.platform === platform && reply.user === "ada");
    if (mine.length === 0) continue;
    if (platform === "android") await checkPhone(env, mine, where);
    const { prompt } = await talk.say(env, platform, "ada");
    if (!prompt) continue;
    const lost = mine.filter(
      ({ word, answer }) => !prompt.all.includes(word) || !prompt.all.includes(answer),
    );
    if (lost.length === 0) continue;
    const message = `Cannot accept memory ${where}: all ${mine.length} exchanges on ${platform} must be in the history that the model is told, got ${lost.length} lost`;
    failAssertion(message, mine.length - lost.length, mine.length);
  }
}

async function checkPhone(env: TestEnvironment, said: readonly Exchange[], where: string): Promise<void> {
  const { messages } = await env.android("ada");
  const texts = messages.map(({ content }) => content).join("\n");
  const lost = said.filter(({ answer }) => !texts.includes(answer));
  if (lost.length === 0) return;
  const message = `Cannot accept history ${where}: all ${said.length} replies must be on the phone, got ${lost.length} lost`;
  failAssertion(message, said.length - lost.length, said.length);
}

/** The companion is stopped and started again. */
export const persistenceVerification: Scenario = defineScenario<Notes>({
  name: "persistence verification",
  proves:
    "A graceful restart changes nothing: emotions, momentum and history are what they were, aged by the time off.",
  needs: ["virtual-time"],
  notes: () => ({ talk: new Talk(), said: [] }),
  environment: ({ talk }) => scripted(talk),
  steps: [
    {
      does: "users move its emotions",
      async run(env, { talk, said }) {
        for (const platform of env.platforms) {
          said.push(await talk.say(env, platform, "ada", SENTENCES.unkind));
          for (let i = 0; i < 2; i++) said.push(await talk.say(env, platform, "ada", SENTENCES.kind));
        }
      },
    },
    {
      does: "it is stopped and started at once",
      async run(env, { talk, said }) {
        const before = { emotions: await env.emotions() };
        await env.restart();
        const after = { emotions: await env.emotions() };
        assertEmotionBounds(after.emotions, { where: "state after a restart" });
        assertPersisted(before, after, { where: "after a restart" });
        await assertRemembered(env, talk, said, "after a restart");
      },
    },
    {
      does: "it is stopped for two hours",
      async run(env, { talk, said }) {
        const before = await env.emotions();
        await env.restart({ offMs: 2 * HOUR_MS });
        const where = "state after two hours off";
        assertAged(before, await env.emotions(), 2 * HOUR_MS, { isOff: true, where });
        await assertRemembered(env, talk, said, "after two hours off");
      },
    },
  ],
});
