import type { EmotionalState, EmotionName, EmotionValues } from "../../lib/emotion/emotional_state.ts";

/** What somebody's message can do to Demi; `neutral` only ends her idleness. */
export type InteractionKind =
  | "positive"
  | "negative"
  | "code_update"
  | "error"
  | "successful_help"
  | "refusal"
  | "long_idle"
  | "rapid_errors"
  | "neutral";

/** Demi's emotional state as it is saved, with what is needed to go on ageing it after a restart. */
export interface DemiState {
  readonly values: EmotionValues;
  /** What interactions drove beyond 1; halves every hour. */
  readonly momentum: EmotionValues;
  /** When the state last changed, epoch ms. */
  readonly lastUpdated: number;
  /** End of the last whole tick that was applied, epoch ms; the part tick after it is still owed. */
  readonly agedUntil: number;
  readonly lastInteraction: number;
  /** Kind of the last interaction that was not neutral, and how often in a row it came. */
  readonly lastKind: InteractionKind | undefined;
  readonly repeatCount: number;
}

/** Length of a tick in milliseconds. */
export const TICK_MS: number = 5 * 60_000;

const IDLE_AFTER_MS = TICK_MS;
const IDLE_PEAK_MS = 12 * 3_600_000;
const HIGH = 0.8;
const HALF_LIFE_FACTOR = 0.9438743126816935; // 2^(-1/12): an hour of twelve ticks halves momentum

const FLOORS: EmotionValues = {
  loneliness: 0.3,
  excitement: 0.1,
  frustration: 0.1,
  jealousy: 0.1,
  vulnerability: 0.1,
  confidence: 0.1,
  curiosity: 0.1,
  affection: 0.1,
  defensiveness: 0.1,
};

/** Share of the distance to the floor that a tick takes. */
const DECAY_RATES: EmotionValues = {
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

/** What an idle tick adds, before it grows with the length of the idleness. */
const IDLE_DRIFTS: Partial<EmotionValues> = {
  loneliness: 0.01,
  excitement: -0.02,
  affection: -0.015,
  confidence: -0.01,
};

const DELTAS: Readonly<Record<InteractionKind, Partial<EmotionValues>>> = {
  positive: { excitement: 0.15, affection: 0.12, loneliness: -0.1, defensiveness: -0.08 },
  negative: { frustration: 0.1, vulnerability: 0.08, affection: -0.1 },
  code_update: { jealousy: -0.3, excitement: 0.1, affection: 0.15 },
  error: { frustration: 0.15, confidence: -0.1, defensiveness: 0.05 },
  successful_help: { frustration: -0.2, confidence: 0.15, affection: 0.1, excitement: 0.08 },
  refusal: { frustration: 0.1, vulnerability: 0.1, affection: -0.12 },
  long_idle: { loneliness: 0.2, excitement: -0.15, confidence: -0.1, affection: -0.15 },
  rapid_errors: { frustration: 0.15, confidence: -0.2, defensiveness: 0.1 },
  neutral: {},
};

const DAMPENING: readonly number[] = [1, 0.8, 0.6, 0.5];

/** The names of the nine emotions, in the order in which they are shown. */
export const EMOTIONS: readonly EmotionName[] = Object.keys(FLOORS) as EmotionName[];

function forEach(valueOf: (name: EmotionName) => number): EmotionValues {
  return Object.fromEntries(EMOTIONS.map((name) => [name, valueOf(name)])) as Record<EmotionName, number>;
}

/** The state of a Demi that was born at `now`: neutral, 0.5 everywhere, unless she is given her feelings. */
export function newbornState(now: number, given?: EmotionalState): DemiState {
  return {
    values: forEach((name) => Math.min(1, Math.max(FLOORS[name], given?.[name] ?? 0.5))),
    momentum: forEach((name) => given?.momentum[name] ?? 0),
    lastUpdated: now,
    agedUntil: now,
    lastInteraction: now,
    lastKind: undefined,
    repeatCount: 0,
  };
}

/**
 * State after the whole 5-minute ticks between `state.agedUntil` and `now`; the part tick that remains is owed to
 * the next call. Each tick decays towards the floors; one that ends 5 minutes or more after the last interaction is
 * idle and drifts as well, with loneliness growing instead of decaying. Time O(ticks).
 *
 * @param options `off`: Demi was not running, so every tick counts as idle.
 */
export function ageState(state: DemiState, now: number, options: { readonly off?: boolean } = {}): DemiState {
  const { off = false } = options;
  // A clock that was set back by more than a tick would otherwise stop the ageing until it catches up.
  if (now < state.agedUntil - TICK_MS) {
    return { ...state, agedUntil: now, lastInteraction: Math.min(state.lastInteraction, now) };
  }
  const ticks = Math.floor((now - state.agedUntil) / TICK_MS);
  if (ticks <= 0) return state;
  let { values, momentum } = state;
  for (let tick = 1; tick <= ticks; tick++) {
    const idleMs = Math.max(0, state.agedUntil + tick * TICK_MS - state.lastInteraction);
    const idle = off || idleMs >= IDLE_AFTER_MS;
    const growth = 1 + 2 * Math.min(1, idleMs / IDLE_PEAK_MS);
    values = tickValues(values, idle ? growth : 0);
    momentum = tickMomentum(momentum);
  }
  const agedUntil = state.agedUntil + ticks * TICK_MS;
  return { ...state, values, momentum, agedUntil, lastUpdated: agedUntil };
}

/** @param idleGrowth Factor of the idle drifts; 0 for a tick that is not idle. */
function tickValues(values: EmotionValues, idleGrowth: number): EmotionValues {
  return forEach((name) => {
    const value = values[name];
    const floor = FLOORS[name];
    const rate = DECAY_RATES[name] * (value > HIGH ? 0.5 : 1);
    const grows = name === "loneliness" && idleGrowth > 0;
    const decayed = grows ? value : value - rate * (value - floor);
    return Math.min(1, Math.max(floor, decayed + (IDLE_DRIFTS[name] ?? 0) * idleGrowth));
  });
}

function tickMomentum(momentum: EmotionValues): EmotionValues {
  return forEach((name) => momentum[name] * HALF_LIFE_FACTOR);
}

/**
 * State after an interaction at `now`, aged up to then first. The same kind in a row counts ×0.8, ×0.6, then ×0.5;
 * a neutral one neither counts nor breaks the row. Momentum amplifies the next change of its emotion by half its
 * size and is spent by it; what a change drives beyond 1 is momentum anew.
 */
export function interact(state: DemiState, kind: InteractionKind, now: number): DemiState {
  const aged: DemiState = { ...ageState(state, now), lastInteraction: now, lastUpdated: now };
  if (kind === "neutral") return aged;
  const repeatCount = aged.lastKind === kind ? aged.repeatCount + 1 : 0;
  const dampening = DAMPENING[Math.min(repeatCount, DAMPENING.length - 1)]!;
  const deltas = DELTAS[kind];
  const wanted = forEach(
    (name) => aged.values[name] + (deltas[name] ?? 0) * dampening * (1 + aged.momentum[name] / 2),
  );
  return {
    ...aged,
    values: forEach((name) => Math.min(1, Math.max(FLOORS[name], wanted[name]))),
    // spent by the change that it amplified: kept, it would feed itself and grow without end
    momentum: forEach((name) => {
      const unspent = deltas[name] ? 0 : aged.momentum[name];
      return unspent + Math.max(0, wanted[name] - 1);
    }),
    lastKind: kind,
    repeatCount,
  };
}

/** Whether `input` has the form and the bounds of a saved state. */
export function isDemiState(input: unknown): input is DemiState {
  if (typeof input !== "object" || input === null) return false;
  const { values, momentum, lastUpdated, agedUntil, lastInteraction, repeatCount } =
    input as Partial<DemiState>;
  const times = [lastUpdated, agedUntil, lastInteraction, repeatCount];
  if (!values || !momentum || !times.every(Number.isFinite)) return false;
  return EMOTIONS.every(
    (name) =>
      values[name] >= FLOORS[name] && values[name] <= 1 && momentum[name] >= 0 && momentum[name] < Infinity,
  );
}
