/** The emotions that a prompt may state. */
export const STATED_EMOTIONS = [
  "loneliness",
  "excitement",
  "frustration",
  "jealousy",
  "vulnerability",
  "confidence",
  "curiosity",
  "affection",
  "defensiveness",
] as const;

/** Name of an emotion that a prompt may state. */
export type EmotionNameText = (typeof STATED_EMOTIONS)[number];

const STATED = new RegExp(`\\b(${STATED_EMOTIONS.join("|")})\\W{1,4}(\\d+(?:\\.\\d+)?)\\s*(%)?`, "gi");

/** Emotions that a text states as `name 0.83` or `name: 83 %`, from 0 to 1, in the order in which they are stated. */
export function statedEmotions(text: string): ReadonlyMap<EmotionNameText, number> {
  const stated = new Map<EmotionNameText, number>();
  for (const [, name, digits, percent] of text.matchAll(STATED)) {
    stated.set(name!.toLowerCase() as EmotionNameText, Number(digits) / (percent ? 100 : 1));
  }
  return stated;
}
