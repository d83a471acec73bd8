import { failAssertion } from "../assertions.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { waitFor } from "./_observe.ts";
import { scripted, Talk } from "./_talk.ts";

const PATIENCE_MS = 30_000;
const INTO_MS = 600;
const AFTERWARDS_MS = 15_000;

/** A user speaks into the companion's answer. */
export const voiceBargeIn: Scenario = defineScenario<Talk>({
  name: "voice barge-in",
  proves: "Interrupted by a user, the companion falls silent, listens, and answers what was said instead.",
  needs: ["voice", "llm"],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    { does: "a user is answered", run: async (env, talk) => void (await talk.say(env, "voice", "ada")) },
    {
      does: "the user speaks into the next answer",
      async run(env, talk) {
        const { voice } = env;
        const begun = (): number =>
          [...voice.calls].filter(({ method }) => method === "reply_started").length;
        const before = begun();
        const first = voice.say("ada", talk.code(env).text);
        await waitFor(env, "the companion begins to answer", () => begun() > before, PATIENCE_MS);
        await env.advance(INTO_MS);
        const second = talk.code(env);
        const spoken = voice.say("ada", second.text);
        const cut = await env.run(voice.waitForReply({ to: first, timeoutMs: PATIENCE_MS }));
        const reply = await env.run(voice.waitForReply({ to: spoken, timeoutMs: PATIENCE_MS }));
        const goesOn =
          "Cannot accept reply on voice: it must end when its user speaks into it, got one that was spoken to its end";
        if (!cut.isInterrupted) failAssertion(goesOn, cut.isInterrupted, true);
        const wrong = `Cannot accept reply on voice after an interruption: it must answer what was said into the other, got ${reply.text.length} characters about something else`;
        if (!reply.text.includes(second.answer)) failAssertion(wrong, reply.text, second.answer);
      },
    },
    {
      does: "it talks on as before",
      async run(env, talk) {
        await env.advance(AFTERWARDS_MS);
        await talk.say(env, "voice", "ada");
      },
    },
  ],
});
