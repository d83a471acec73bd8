import { failAssertion } from "../assertions.ts";
import type { TestEnvironment } from "../environment.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { CHATTING, until, waitFor } from "./_observe.ts";
import { scripted, Talk } from "./_talk.ts";

const RETURN_MS = 60_000;
const AFTERWARDS_MS = 15_000;
const OP_RESUME = 6;

function countFrames(env: TestEnvironment, op: number): number {
  return [...env.discord.calls].filter((call) => call.kind === "gateway" && call.op === op).length;
}

/** Something cuts the connection; what was written meanwhile is still answered, once. */
async function checkResume(env: TestEnvironment, talk: Talk, how: string, cut: () => void): Promise<void> {
  const before = countFrames(env, OP_RESUME);
  const message = talk.code(env);
  talk.know("discord", "ada");
  cut();
  env.discord.sendDM("ada", message.text);
  const answered = async (): Promise<boolean> =>
    env.hasLlm
      ? (await talk.placesOf(env, message.answer)).length > 0
      : env.discord.directMessages("ada").at(-1)?.author.id === env.discord.bot.id;
  const what = `a message that was written while the connection was away (${how}) is answered, which takes a resumed session`;
  await waitFor(env, what, answered, RETURN_MS);
  await env.advance(AFTERWARDS_MS);
  const { length } = await talk.placesOf(env, message.answer);
  const complaint = `Cannot accept replies ${how}: a replayed message must be answered exactly once, got ${length} replies`;
  if (env.hasLlm && length !== 1) failAssertion(complaint, length, 1);
  const resumed = (): boolean => countFrames(env, OP_RESUME) > before;
  await waitFor(env, `the session is resumed (op 6) ${how}`, resumed, RETURN_MS);
}

/** The connection to Discord is lost in the ways in which it is lost every day. */
export const sessionResume: Scenario = defineScenario<Talk>({
  name: "session resume",
  proves: "After a lost connection the session is resumed, and what was missed is answered, once.",
  needs: ["discord"],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    { does: "a user is answered", run: async (env, talk) => void (await talk.say(env, "discord", "ada")) },
    {
      does: "the connection is reset",
      run: (env, talk) => checkResume(env, talk, "after a reset", () => env.discord.dropConnections()),
    },
    {
      does: "Discord asks for a reconnection",
      async run(env, talk) {
        await until(env, "discord", CHATTING, "after the reset", RETURN_MS);
        await checkResume(env, talk, "after op 7", () => env.discord.requestReconnect());
      },
    },
    {
      does: "a user is answered as before",
      async run(env, talk) {
        await until(env, "discord", CHATTING, "after op 7", RETURN_MS);
        await talk.say(env, "discord", "ada");
      },
    },
  ],
});
