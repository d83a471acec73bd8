/**
 * The emotional state as data. Browser-safe.
 *
 * @module
 */
export {
  EMOTION_NAMES,
  type EmotionalState,
  type EmotionName,
  type EmotionValues,
  mapEmotions,
  parseEmotionalState,
} from "./emotional_state.ts";
