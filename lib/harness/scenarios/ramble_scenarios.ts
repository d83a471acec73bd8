import { failAssertion } from "../assertions.ts";
import type { PlatformName, TestEnvironment } from "../environment.ts";
import { type EmotionFixtureName, emotionFixtures } from "../fixtures/emotion_fixtures.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { waitFor } from "./_observe.ts";
import { scripted, Talk } from "./_talk.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const QUIET_MS = 25 * MINUTE_MS;

interface Notes {
  readonly talk: Talk;
  /** Messages of the companion that were there when everybody fell silent, by platform. */
  readonly earlier: Map<PlatformName, number>;
  silentSinceMs: number;
}

/** Where a companion can be heard by somebody who did not ask. */
function listeningPlatforms({ platforms }: TestEnvironment): readonly PlatformName[] {
  return platforms.filter((platform) => platform !== "voice");
}

async function countMessages(env: TestEnvironment, talk: Talk, platform: PlatformName): Promise<number> {
  const messages = await talk.companionMessages(env);
  return messages.filter((message) => message.platform === platform).length;
}

async function unaskedOn(env: TestEnvironment, notes: Notes, platform: PlatformName): Promise<number> {
  return (await countMessages(env, notes.talk, platform)) - (notes.earlier.get(platform) ?? 0);
}

const silence = {
  does: "a user says something neutral on each platform and falls silent",
  async run(env: TestEnvironment, notes: Notes): Promise<void> {
    for (const platform of listeningPlatforms(env)) {
      await notes.talk.say(env, platform, "ada");
    }
    for (const platform of listeningPlatforms(env)) {
      notes.earlier.set(platform, await countMessages(env, notes.talk, platform));
    }
    notes.silentSinceMs = env.clock.monotonicMs();
  },
};

function rambleScenario(name: string, mood: EmotionFixtureName, emotion: string): Scenario {
  return defineScenario<Notes>({
    name,
    proves: `A companion full of ${emotion} speaks unasked within the hour, once, wherever it is heard.`,
    needs: ["virtual-time", "initial-emotions", "rambles"],
    notes: () => ({ talk: new Talk(), earlier: new Map(), silentSinceMs: 0 }),
    environment: ({ talk }) => ({ ...scripted(talk), initialEmotions: emotionFixtures[mood] }),
    steps: [
      silence,
      {
        does: "it speaks of its own accord within the hour, on each platform",
        async run(env, notes) {
          for (const platform of listeningPlatforms(env)) {
            const what = `the companion rambles on ${platform} out of ${emotion}`;
            const leftMs = Math.max(1, HOUR_MS - (env.clock.monotonicMs() - notes.silentSinceMs));
            await waitFor(env, what, async () => (await unaskedOn(env, notes, platform)) > 0, leftMs);
          }
        },
      },
      {
        does: "it does not repeat itself within the hour",
        async run(env, notes) {
          const leftMs = HOUR_MS - (env.clock.monotonicMs() - notes.silentSinceMs) - MINUTE_MS;
          if (leftMs > 0) await env.advance(leftMs);
          for (const platform of listeningPlatforms(env)) {
            const count = await unaskedOn(env, notes, platform);
            if (count === 1) continue;
            const message = `Cannot accept rambles on ${platform}: there must be exactly one in an hour, got ${count}`;
            failAssertion(message, count, 1);
          }
        },
      },
    ],
  });
}

/** A lonely companion is left alone. */
export const lonelinessRamble: Scenario = rambleScenario("loneliness ramble", "lonely", "loneliness");

/** An excited companion is left alone. */
export const excitementRamble: Scenario = rambleScenario("excitement ramble", "excited", "excitement");

/** A content companion is left alone. */
export const silenceWhenContent: Scenario = defineScenario<Notes>({
  name: "silence when content",
  proves: "A companion that is neither lonely nor excited does not speak unasked.",
  needs: ["virtual-time", "initial-emotions"],
  notes: () => ({ talk: new Talk(), earlier: new Map(), silentSinceMs: 0 }),
  environment: ({ talk }) => ({ ...scripted(talk), initialEmotions: emotionFixtures.neutral }),
  steps: [
    silence,
    {
      does: "it is silent for 25 minutes",
      async run(env, notes) {
        await env.advance(QUIET_MS);
        for (const platform of listeningPlatforms(env)) {
          const count = await unaskedOn(env, notes, platform);
          const message = `Cannot accept rambles on ${platform}: a content companion must be silent, got ${count}`;
          if (count !== 0) failAssertion(message, count, 0);
        }
      },
    },
  ],
});
