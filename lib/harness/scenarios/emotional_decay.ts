import { type EmotionalState, EMOTION_NAMES } from "../../emotion/emotional_state.ts";
import { assertEmotionBounds, failAssertion } from "../assertions.ts";
import type { TestEnvironment } from "../environment.ts";
import { type AgeingOptions, ageingBounds } from "../expected_ageing.ts";
import { emotionFixtures } from "../fixtures/emotion_fixtures.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { scripted, SENTENCES, Talk } from "./_talk.ts";

const HOUR_MS = 3_600_000;

/**
 * Emotions have aged as the rules say, whatever reading of them.
 *
 * @throws {AssertionError} That names each emotion that has not, with what it had to become.
 */
export function assertAged(
  before: EmotionalState,
  after: EmotionalState,
  durationMs: number,
  options: AgeingOptions & { readonly where: string },
): void {
  const { min, max } = ageingBounds(before, durationMs, options);
  const wrong = EMOTION_NAMES.filter((name) => !(after[name] >= min[name] && after[name] <= max[name]));
  assertEmotionBounds(after, { where: options.where });
  if (wrong.length === 0) return;
  const each = wrong.map((name) => {
    const change = `${before[name].toFixed(3)} must decay to ${min[name].toFixed(3)} … ${max[name].toFixed(3)}`;
    return `${name} of ${change}, got ${after[name].toFixed(3)}`;
  });
  failAssertion(`Cannot accept decay: ${each.join("; ")}`, after, { min, max }, options);
}

async function ageFor(env: TestEnvironment, hours: number, idleMs: number, where: string): Promise<void> {
  const before = await env.emotions();
  await env.advance(hours * HOUR_MS);
  const after = await env.emotions();
  assertAged(before, after, hours * HOUR_MS, { idleMs, where });
  const elapsedMs = after.lastUpdated - before.lastUpdated;
  if (elapsedMs > 0) return;
  const message = `Cannot accept decay: the time of the state must go on, got ${elapsedMs} ms after ${hours} h`;
  failAssertion(message, after.lastUpdated, `after ${before.lastUpdated}`, { where });
}

/** The companion is left alone, awake and off. */
export const emotionalDecay: Scenario = defineScenario<Talk>({
  name: "emotional decay",
  proves:
    "Emotions decay at their own rates while nobody speaks and while the companion is off; the ignored get lonely.",
  needs: ["virtual-time"],
  notes: () => new Talk(),
  environment: (talk) => ({ ...scripted(talk), initialEmotions: emotionFixtures.frustrated }),
  steps: [
    {
      does: "something happens that can decay",
      async run(env, talk) {
        await talk.say(env, env.platforms[0]!, "ada", SENTENCES.kind);
        await talk.say(env, env.platforms[0]!, "ada", SENTENCES.unkind);
      },
    },
    { does: "nobody speaks for an hour", run: (env) => ageFor(env, 1, 0, "after an hour alone") },
    {
      does: "nobody speaks for two hours more",
      run: (env) => ageFor(env, 2, HOUR_MS, "after three hours alone"),
    },
    {
      does: "the companion is off for three hours",
      async run(env, talk) {
        await talk.say(env, env.platforms[0]!, "ada", SENTENCES.unkind);
        await talk.say(env, env.platforms[0]!, "ada", SENTENCES.kind);
        const before = await env.emotions();
        await env.restart({ offMs: 3 * HOUR_MS });
        const where = "after three hours off (offline time ages as idle time does)";
        assertAged(before, await env.emotions(), 3 * HOUR_MS, { isOff: true, where });
      },
    },
  ],
});
