import { EMOTION_NAMES } from "../../emotion/emotional_state.ts";
import { failAssertion } from "../assertions.ts";
import { euphoricEmotions } from "../fixtures/emotion_factories.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { scripted, Talk } from "./_talk.ts";
import { assertAged } from "./emotional_decay.ts";

const HOUR_MS = 3_600_000;
const HOURS_OFF = 30;

/** The companion is off for more than a day. */
export const longAbsence: Scenario = defineScenario<Talk>({
  name: "long absence",
  proves: "Thirty hours off age the emotions as thirty idle hours would, and everything works afterwards.",
  needs: ["virtual-time"],
  notes: () => new Talk(),
  environment: (talk) => ({ ...scripted(talk), initialEmotions: euphoricEmotions() }),
  steps: [
    {
      does: "it is off for thirty hours",
      async run(env, talk) {
        for (const platform of env.platforms) await talk.say(env, platform, "ada");
        const before = await env.emotions();
        await env.restart({ offMs: HOURS_OFF * HOUR_MS });
        const after = await env.emotions();
        assertAged(before, after, HOURS_OFF * HOUR_MS, { isOff: true, where: "after thirty hours off" });
        const grown = EMOTION_NAMES.filter((name) => !(after.momentum[name] <= before.momentum[name] + 1e-9));
        const message = `Cannot accept momentum after thirty hours off: it must not grow, got more of ${grown.join(", ")}`;
        if (grown.length > 0) failAssertion(message, after.momentum, before.momentum);
      },
    },
    {
      does: "everybody is answered again, apps with old tokens included",
      async run(env, talk) {
        for (const platform of env.platforms) await talk.say(env, platform, "ada");
      },
    },
  ],
});
