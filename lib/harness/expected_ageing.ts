import { type EmotionName, type EmotionValues, mapEmotions } from "../emotion/emotional_state.ts";
import { EMOTION_FLOORS } from "./fixtures/emotion_floors.ts";

/** Options of {@linkcode ageingBounds}. */
export interface AgeingOptions {
  /** How long nobody has spoken to the companion when the time begins. @default {0} */
  readonly idleMs?: number | undefined;
  /** Whether the companion is off: all of the time then counts as idle. @default {false} */
  readonly isOff?: boolean | undefined;
}

/** Between which values each emotion must be. */
export interface AgeingBounds {
  readonly min: EmotionValues;
  readonly max: EmotionValues;
}

const TICK_MS = 300_000;
const IDLE_AFTER_MS = 300_000;
const IDLE_PEAK_MS = 12 * 3_600_000;
const HIGH = 0.8;
const SLACK = 0.005; // of a prompt or a page that rounds to two digits

const RATES: EmotionValues = {
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

// Somebody ignored gets lonelier: at least so much a tick, whatever decay takes meanwhile.
const LEAST_LONELINESS_DRIFT = 0.0025;

interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * What ageing may make of emotions in a time without interactions, by a calculation of the harness's own. The rules
 * leave room (decay is a share of the value or of its distance to the floor, the last tick has come or not, the idle
 * drift grows evenly or in steps), and every reading of them is within the bounds.
 *
 * @param values At the beginning.
 * @param durationMs How long it lasts.
 */
export function ageingBounds(
  values: EmotionValues,
  durationMs: number,
  options: AgeingOptions = {},
): AgeingBounds {
  const ranges = {} as Record<EmotionName, Range>;
  mapEmotions((name) => {
    ranges[name] = ageOne(name, values[name], durationMs, options);
    return 0;
  });
  return { min: mapEmotions((name) => ranges[name].low), max: mapEmotions((name) => ranges[name].high) };
}

/** The span over one tick less to one tick more: where the ticks fall is the companion's own business. */
function ageOne(name: EmotionName, value: number, durationMs: number, options: AgeingOptions): Range {
  const { idleMs = 0, isOff = false } = options;
  const ticks = Math.floor(durationMs / TICK_MS);
  let range: Range = { low: value, high: value };
  let [low, high] = ticks <= 1 ? [value, value] : [Infinity, -Infinity];
  for (let tick = 1; tick <= ticks + 1; tick++) {
    const idleForMs = idleMs + tick * TICK_MS;
    range = ageTick(name, range, idleForMs, isOff);
    if (tick < ticks - 1) continue;
    low = Math.min(low, range.low);
    high = Math.max(high, range.high);
  }
  return { low: low - SLACK, high: high + SLACK };
}

function ageTick(name: EmotionName, { low, high }: Range, idleForMs: number, isOff: boolean): Range {
  const growth = 1 + 2 * Math.min(1, idleForMs / IDLE_PEAK_MS);
  const isIdle = isOff || idleForMs > IDLE_AFTER_MS;
  const mayBeIdle = isIdle || idleForMs >= IDLE_AFTER_MS;
  const drift = DRIFTS[name] ?? 0;
  if (name === "loneliness" && isIdle) {
    return { low: clamp(name, low + LEAST_LONELINESS_DRIFT), high: clamp(name, high + drift * growth) };
  }
  const most = mayBeIdle ? drift * growth : 0;
  const least = isIdle ? drift : 0;
  return {
    low: clamp(name, low - mostDecay(name, low) + Math.min(most, least)),
    high: clamp(name, high - leastDecay(name, high) + Math.max(most, least)),
  };
}

function mostDecay(name: EmotionName, value: number): number {
  return RATES[name] * (value > HIGH + SLACK ? 0.5 : 1) * value;
}

function leastDecay(name: EmotionName, value: number): number {
  return RATES[name] * (value > HIGH - SLACK ? 0.5 : 1) * Math.max(0, value - EMOTION_FLOORS[name]);
}

function clamp(name: EmotionName, value: number): number {
  return Math.min(1, Math.max(EMOTION_FLOORS[name], value));
}
