import { assertPersisted, failAssertion } from "../assertions.ts";
import type { TestEnvironment } from "../environment.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { CHATTING, until, waitFor } from "./_observe.ts";
import { type CodedMessage, type Exchange, scripted, SENTENCES, Talk } from "./_talk.ts";
import { assertRemembered } from "./persistence_verification.ts";

const RETURN_MS = 120_000;
const LATE_MS = 60_000;

interface Notes {
  readonly talk: Talk;
  readonly said: Exchange[];
}

async function crashAndStart(env: TestEnvironment, where: string): Promise<void> {
  await env.crash();
  await env.start();
  for (const platform of env.platforms) await until(env, platform, CHATTING, where, RETURN_MS);
}

/** The companion is killed, between messages and within one. */
export const recoveryAfterCrash: Scenario = defineScenario<Notes>({
  name: "recovery after crash",
  proves: "A kill at any moment loses nothing that was answered, and nothing is answered twice afterwards.",
  needs: [],
  notes: () => ({ talk: new Talk(), said: [] }),
  environment: ({ talk }) => scripted(talk),
  steps: [
    {
      does: "it is killed right after a reply, on each platform",
      async run(env, { talk, said }) {
        for (const platform of env.platforms) {
          for (const sentence of [SENTENCES.unkind, SENTENCES.kind]) {
            said.push(await talk.say(env, platform, "ada", sentence));
          }
          const before = { emotions: await env.emotions() };
          await crashAndStart(env, "after a crash");
          const where = `emotional state after a crash right after a reply on ${platform}`;
          const tolerance = env.virtualClock ? 1e-6 : 0.03; // a tick may come while it starts in real time
          assertPersisted(before, { emotions: await env.emotions() }, { where, tolerance });
        }
      },
    },
    {
      does: "nothing that was answered is forgotten",
      run: (env, { talk, said }) => assertRemembered(env, talk, said, "after a crash"),
    },
    {
      does: "it is killed while it thinks of a reply on Discord",
      async run(env, { talk }) {
        if (!env.platforms.includes("discord") || !env.hasLlm) return;
        const message = talk.code(env);
        talk.know("discord", "grace");
        env.discord.sendDM("grace", message.text);
        const asked = (): boolean => talk.model.promptAbout(message.word) !== undefined;
        await waitFor(env, "the model is asked", asked);
        await crashAndStart(env, "after a crash within a message");
        await checkNotTwice(env, talk, message);
      },
    },
    {
      does: "it answers everybody as before",
      async run(env, { talk }) {
        for (const platform of env.platforms) {
          const exchange = await talk.say(env, platform, "grace");
          await talk.assertAnsweredOnce(env, exchange);
        }
      },
    },
  ],
});

async function checkNotTwice(env: TestEnvironment, talk: Talk, { answer }: CodedMessage): Promise<void> {
  await env.advance(LATE_MS);
  const { length } = await talk.placesOf(env, answer);
  const message = `Cannot accept replies: a message that a crash interrupted must be answered at most once, got ${length} replies`;
  if (length > 1) failAssertion(message, length, "0 or 1");
}
