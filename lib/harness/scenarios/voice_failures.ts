import { assertIsolated } from "../assertions.ts";
import type { Reply, TestEnvironment } from "../environment.ts";
import type { VoiceFault } from "../../mocks/voice/voice_faults.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { assertStruck, CHATTING, NOT_GREEN, until } from "./_observe.ts";
import { scripted, Talk } from "./_talk.ts";

const GIVEN_UP_MS = 90_000;
const REST_MS = 30_000;
const NORMAL_MS = 3000;
const RETURN_MS = 60_000;

const FAULTS: readonly VoiceFault[] = [
  { kind: "transcription-error", status: 503 },
  { kind: "transcription-stall" },
  { kind: "transcription-empty" },
  { kind: "speech-error", status: 500 },
  { kind: "speech-stall" },
];

async function checkOthers(env: TestEnvironment, talk: Talk): Promise<readonly Reply[]> {
  const replies: Reply[] = [];
  for (const platform of env.platforms) {
    if (platform !== "voice") replies.push((await talk.say(env, platform, "grace")).reply);
  }
  return replies;
}

/** Speech to text and text to speech fail in all their ways. */
export const voiceFailures: Scenario = defineScenario<Talk>({
  name: "voice failures",
  proves:
    "Speech services that fail or hang are given up, the next words are answered, and other platforms do not notice.",
  needs: ["voice", "two-platforms"],
  notes: () => new Talk(),
  environment: (talk) => ({ ...scripted(talk), voice: { replyPatienceMs: 500 } }),
  steps: [
    { does: "a user is answered", run: async (env, talk) => void (await talk.say(env, "voice", "ada")) },
    ...FAULTS.map((fault) => ({
      does: `speech fails once: ${fault.kind}`,
      async run(env: TestEnvironment, talk: Talk): Promise<void> {
        const struck = env.voice.injectFault(fault, { times: 1 });
        env.voice.say("ada", talk.code(env).text);
        await env.advance(GIVEN_UP_MS);
        struck[Symbol.dispose]();
        assertStruck(struck, `the fault '${fault.kind}'`);
        await env.advance(REST_MS);
        await talk.say(env, "voice", "ada");
      },
    })),
    {
      does: "the voice room is down",
      async run(env, talk) {
        void env.voice.outage(Infinity);
        await until(env, "voice", NOT_GREEN, "while it is down");
        const replies = await checkOthers(env, talk);
        const where = "isolated: while voice is down";
        assertIsolated(
          { broken: "voice", health: await env.health(), replies, limitMs: NORMAL_MS },
          { where },
        );
      },
    },
    {
      does: "the voice room is back",
      async run(env, talk) {
        env.voice.endOutage();
        await until(env, "voice", CHATTING, "after its outage", RETURN_MS);
        await talk.say(env, "voice", "ada");
      },
    },
  ],
});
