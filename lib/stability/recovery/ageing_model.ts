import { type EmotionalState, type EmotionValues, mapEmotions } from "../../emotion/emotional_state.ts";
import { type AgeingBounds, ageingBounds } from "../../harness/expected_ageing.ts";
import { EMOTION_FLOORS } from "../../harness/fixtures/emotion_floors.ts";

/** A time in which nobody spoke to a companion, on its own wall clock, in epoch ms. */
export interface QuietTime {
  readonly before: EmotionalState;
  readonly after: EmotionalState;
  /** When `before` and `after` were read. */
  readonly fromMs: number;
  readonly toMs: number;
  /** When somebody spoke to it last. */
  readonly lastInteractionMs: number;
  /** Until when it was off; absent where it was not. */
  readonly offUntilMs?: number | undefined;
}

/** What had to become of emotions in a quiet time, and of momentum where that is known, too. */
export type AgeingModel = (quiet: QuietTime) => AgeingBounds & { readonly momentum?: EmotionValues };

const TICK_MS = 300_000;
const DAY_MS = 86_400_000;

/**
 * For a companion whose rules are known roughly: all readings of them are within the bounds. A state that says of itself
 * that it has not changed must not have.
 */
export const roughAgeing: AgeingModel = ({ before, after, fromMs, toMs, lastInteractionMs, offUntilMs }) => {
  const durationMs = Math.max(0, toMs - fromMs);
  const isStill = after.lastUpdated === before.lastUpdated && before.lastUpdated > DAY_MS;
  if (isStill && durationMs < TICK_MS) return { min: before, max: before };
  const idleMs = Math.max(0, fromMs - lastInteractionMs);
  return ageingBounds(before, durationMs, { idleMs, isOff: offUntilMs !== undefined });
};

const SHARES: EmotionValues = {
  loneliness: 0.02,
  excitement: 0.06,
  frustration: 0.04,
  jealousy: 0.03,
  vulnerability: 0.08,
  confidence: 0.03,
  curiosity: 0.05,
  affection: 0.04,
  defensiveness: 0.05,
};
const DRIFTS: Partial<EmotionValues> = {
  loneliness: 0.01,
  excitement: -0.02,
  affection: -0.015,
  confidence: -0.01,
};
const HIGH = 0.8;
const LATE_MS = 1000; // of a timer on real time
const IDLE_AFTER_MS = TICK_MS;
const PEAK_MS = 12 * 3_600_000;
const MOMENTUM_HALF_LIFE_TICKS = 12;

/**
 * Demi's rules to the last digit, as her own documents say them: ticks of five minutes on a grid that `lastUpdated`
 * tells, decay by a share of the distance to the floor, half of it above 0.8, drifts that triple within twelve idle hours,
 * loneliness that only grows meanwhile, momentum halved within the hour. Written down here once more and not taken from her.
 */
export const demiAgeing: AgeingModel = (quiet) => {
  const { before, lastInteractionMs, offUntilMs = -Infinity } = quiet;
  let values: EmotionValues = before;
  const ticks = ticksWithin(quiet);
  for (const at of ticks) {
    const idleMs = Math.max(0, at - lastInteractionMs);
    const isIdle = at <= offUntilMs || idleMs >= IDLE_AFTER_MS;
    values = age(values, isIdle ? 1 + 2 * Math.min(1, idleMs / PEAK_MS) : 0);
  }
  const left = Math.pow(2, -ticks.length / MOMENTUM_HALF_LIFE_TICKS);
  return { min: values, max: values, momentum: mapEmotions((name) => before.momentum[name] * left) };
};

/** Times of the ticks that had to come: on the grid that the state tells, or on any where it claims not to have changed. */
function ticksWithin({ before, after, fromMs, toMs }: QuietTime): readonly number[] {
  const hasTicked = after.lastUpdated !== before.lastUpdated;
  const phase = (hasTicked ? after.lastUpdated : fromMs) % TICK_MS;
  const end = Math.max(hasTicked ? after.lastUpdated : 0, toMs - LATE_MS);
  const first = Math.floor((fromMs - phase) / TICK_MS) * TICK_MS + TICK_MS + phase;
  const count = Math.max(0, Math.floor((end - first) / TICK_MS) + 1);
  return Array.from({ length: count }, (_, i) => first + i * TICK_MS);
}

function age(values: EmotionValues, growth: number): EmotionValues {
  return mapEmotions((name) => {
    const [value, floor] = [values[name], EMOTION_FLOORS[name]];
    const share = value > HIGH ? SHARES[name] / 2 : SHARES[name];
    const isGrowing = name === "loneliness" && growth > 0;
    const decayed = isGrowing ? value : value - share * (value - floor);
    return Math.min(1, Math.max(floor, decayed + (DRIFTS[name] ?? 0) * growth));
  });
}
