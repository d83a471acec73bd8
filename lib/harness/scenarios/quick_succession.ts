import { failAssertion } from "../assertions.ts";
import type { PlatformName, TestEnvironment } from "../environment.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { assertStruck, waitFor } from "./_observe.ts";
import { type CodedMessage, scripted, Talk } from "./_talk.ts";

const MESSAGES = 3;
const SLOW_MS = 5000;
const PATIENCE_MS = 120_000;

/** Somebody writes on before the answer is there. */
export const quickSuccession: Scenario = defineScenario<Talk>({
  name: "quick succession",
  proves:
    "Messages written before the first is answered are thought about with it in view, and answered in their order.",
  needs: ["llm"],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    {
      does: "a user writes three messages at once, and the model takes its time for the first",
      async run(env, talk) {
        for (const platform of env.platforms) if (platform !== "voice") await hurry(env, talk, platform);
      },
    },
  ],
});

async function hurry(env: TestEnvironment, talk: Talk, platform: PlatformName): Promise<void> {
  await talk.say(env, platform, "ada");
  using slow = env.ollama.injectFault({ kind: "slow", ms: SLOW_MS }, { times: 1 });
  const sent = Array.from({ length: MESSAGES }, () => talk.code(env));
  const app = platform === "android" ? await env.android("ada") : undefined;
  for (const { text } of sent) {
    if (app) app.send(text);
    else env.discord.sendDM("ada", text);
  }
  const last = sent.at(-1)!;
  const isOver = (): boolean => talk.model.promptAbout(last.word) !== undefined;
  await waitFor(
    env,
    `messages in quick succession on ${platform} are all thought about`,
    isOver,
    PATIENCE_MS,
  );
  const isAnswered = async (): Promise<boolean> => (await talk.placesOf(env, last.answer)).length > 0;
  await waitFor(env, `the last of them is answered on ${platform}`, isAnswered, PATIENCE_MS);
  await env.advance(SLOW_MS * MESSAGES);
  assertStruck(slow, "a slow answer of the model");
  checkView(talk, sent, platform);
  await checkOrder(env, talk, sent, platform);
  const isTyping = app?.isTyping ?? false;
  const restless = `Cannot accept typing on ${platform}: it must end with the last answer, got one that goes on`;
  if (isTyping) failAssertion(restless, isTyping, false);
}

// Who thinks about several at once has them all in one prompt; who takes turns has the earlier ones in the history.
function checkView(talk: Talk, sent: readonly CodedMessage[], platform: PlatformName): void {
  const last = sent.at(-1)!;
  const told = talk.model.promptAbout(last.word)!.all;
  const missing = sent.filter(({ word }) => !told.includes(word)).length;
  const message = `Cannot accept prompt of the last of ${MESSAGES} messages in quick succession on ${platform}: all of them must be in it, got ${missing} missing, as if they were not one conversation`;
  if (missing > 0) failAssertion(message, MESSAGES - missing, MESSAGES);
}

async function checkOrder(
  env: TestEnvironment,
  talk: Talk,
  sent: readonly CodedMessage[],
  platform: PlatformName,
): Promise<void> {
  const messages = (await talk.companionMessages(env)).filter((each) => each.platform === platform);
  const positions = sent
    .map(({ answer }) => messages.findIndex(({ text }) => text.includes(answer)))
    .filter((position) => position >= 0);
  if (positions.every((position, index) => index === 0 || position >= positions[index - 1]!)) return;
  const message = `Cannot accept replies to messages in quick succession on ${platform}: they must come in the order of the messages, got another`;
  failAssertion(
    message,
    positions,
    positions.toSorted((a, b) => a - b),
  );
}
