import { EMOTION_NAMES, type EmotionName, type EmotionValues } from "../../emotion/emotional_state.ts";
import { failAssertion } from "../assertions.ts";
import type { Prompt } from "./_scripted_model.ts";

const STATED = new RegExp(
  `\\b(${EMOTION_NAMES.join("|")})\\b\\W{1,6}(\\d+(?:\\.\\d+)?)\\s*(%|/\\s*10\\b)?`,
  "gi",
);

/** Words by which a prompt may speak of an emotion instead of a number. */
const WORDS: Readonly<Record<EmotionName, RegExp>> = {
  loneliness: /\b(lone(ly|some)|alone)\b/i,
  excitement: /\bexcited\b/i,
  frustration: /\bfrustrated\b/i,
  jealousy: /\bjealous\b/i,
  vulnerability: /\bvulnerable\b/i,
  confidence: /\bconfident\b/i,
  curiosity: /\bcurious\b/i,
  affection: /\baffectionate\b/i,
  defensiveness: /\bdefensive\b/i,
};

/** The numbers that a prompt states for emotions, from 0 to 1; the last one counts where there are several. */
export function readStatedEmotions(prompt: Prompt): Partial<EmotionValues> {
  const found: Partial<Record<EmotionName, number>> = {};
  for (const [, name, digits, unit] of prompt.all.matchAll(STATED)) {
    const value = Number(digits);
    const scale = unit?.startsWith("%") ? 100 : unit ? 10 : value > 1 ? 100 : 1;
    found[name!.toLowerCase() as EmotionName] = value / scale;
  }
  return found;
}

/**
 * The prompt tells the model how the companion feels: by a number that is right, or by the emotion's word.
 *
 * @param states The state before and after the message; a number must be near one of them or between.
 * @throws {AssertionError} That names the emotion, its value, and what the prompt says of it.
 */
export function assertPromptStates(
  prompt: Prompt,
  emotion: EmotionName,
  states: readonly EmotionValues[],
  where: string,
): void {
  const values = states.map((state) => state[emotion]);
  const [low, high] = [Math.min(...values) - 0.03, Math.max(...values) + 0.03];
  const stated = readStatedEmotions(prompt)[emotion];
  const range = `${values.map((value) => value.toFixed(2)).join(" to ")}`;
  if (stated === undefined) {
    if (WORDS[emotion].test(prompt.all)) return;
    const message = `Cannot accept prompt ${where}: it must tell the model of ${emotion} ${range}, got no word of it`;
    failAssertion(message, "nothing", range);
  }
  if (stated >= low && stated <= high) return;
  const message = `Cannot accept prompt ${where}: it must state ${emotion} as ${range}, got ${stated}`;
  failAssertion(message, stated, range);
}
