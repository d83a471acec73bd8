// This module is browser-safe.
import { EMOTION_NAMES } from "./emotional_state.ts";

/** A number for some emotions, by name. */
export type EmotionNumbers = Readonly<Record<string, number>>;

/** What somebody who is not spoken to comes to feel, in addition to decay. */
export interface IdleDrift {
  /** How long nobody must have spoken to it. */
  readonly afterMs: number;
  /** What a tick adds at first; negative for what fades faster. */
  readonly perTick: EmotionNumbers;
  /** By how much that has grown at `peakAfterMs`, evenly from 1 at the last interaction. */
  readonly peakFactor: number;
  readonly peakAfterMs: number;
  /** Whether an emotion that rises in idleness also decays meanwhile. */
  readonly risingAlsoDecays: boolean;
}

/** What time alone does to emotions. */
export interface DecayModel {
  /** How often emotions are made to fall; for those that fall all the time see {@linkcode continuousDecay}. */
  readonly tickMs: number;
  /** Share that a tick takes, by emotion; of those not named, nothing. */
  readonly rates: EmotionNumbers;
  /** Share of what: the distance to the floor, or the value itself (which stops at the floor). */
  readonly shareOf: "distance" | "value";
  /** Above this a tick takes `factor` of the rate. */
  readonly high?: { readonly above: number; readonly factor: number } | undefined;
  readonly idle?: IdleDrift | undefined;
  /** In which momentum halves; without it momentum is not checked. */
  readonly momentumHalfLifeMs?: number | undefined;
}

const CONTINUOUS_TICK_MS = 10_000;

/**
 * The decay of a companion that works out how far its emotions have fallen whenever it is asked, rather than at ticks. Described by
 * ticks longer than the time between two looks, such a companion would seem to decay wrongly.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { continuousDecay, EmotionMonitor } from "demi-health/emotion";
 *
 * const decay = continuousDecay({ joy: 3_600_000 });
 * const monitor = new EmotionMonitor({
 *   profile: { name: "joyful", emotions: ["joy"], range: { min: 0, max: 100 }, decay },
 * });
 * monitor.observe({ joy: 80 }, { timestamp: 0 });
 * assert.deepEqual(monitor.observe({ joy: 40 }, { timestamp: 3_600_000 }), []);
 * ```
 *
 * @param halfLivesMs In which the value of an emotion halves, or its distance to the floor; those not named do not decay.
 * @throws {RangeError} If one is not above 0.
 */
export function continuousDecay(
  halfLivesMs: EmotionNumbers,
  options: Partial<Omit<DecayModel, "tickMs" | "rates">> = {},
): DecayModel {
  const rates = Object.entries(halfLivesMs).map(([name, halfLifeMs]) => {
    if (!(halfLifeMs > 0)) {
      throw new RangeError(`Cannot describe decay: half-life of '${name}' must be > 0 ms, got ${halfLifeMs}`);
    }
    return [name, 1 - 0.5 ** (CONTINUOUS_TICK_MS / halfLifeMs)] as const;
  });
  return {
    shareOf: "value",
    ...options,
    tickMs: CONTINUOUS_TICK_MS,
    rates: Object.fromEntries(rates),
  };
}

/** What interactions can do to emotions. */
export interface InteractionModel {
  /** Change of each emotion, by kind of interaction. A kind without changes only ends idleness. */
  readonly deltas: Readonly<Record<string, EmotionNumbers>>;
  /** Factors of the first, the second, … of one kind in a row; the last one stays. */
  readonly dampening: readonly number[];
  /** A change is amplified by 1 + this × the momentum of its emotion. */
  readonly momentumAmplification: number;
}

/** What a companion's emotions are and how they move, as data. */
export interface EmotionProfile {
  readonly name: string;
  readonly emotions: readonly string[];
  /** Bounds of every emotion. */
  readonly range: { readonly min: number; readonly max: number };
  /** Where an emotion must not fall below although it is in range. */
  readonly floors?: EmotionNumbers | undefined;
  /** Without it, what needs the model is off, and the level is watched for drift instead. */
  readonly decay?: DecayModel | undefined;
  readonly interactions?: InteractionModel | undefined;
  /**
   * What `lastUpdated` of a state says: when the state last changed, or when it was read (then it proves nothing).
   *
   * @default {"reading"}
   */
  readonly stateTime?: "last-change" | "reading" | undefined;
}

const OTHER_FLOORS = Object.fromEntries(EMOTION_NAMES.map((name) => [name, 0.1]));

/**
 * Demi: nine emotions in [0, 1] that decay every five minutes by a share of their distance to the floor, half as fast
 * above 0.8; ignored, she gets lonelier. A companion that decays by a share of the value itself takes
 * `{ ...DEMI_PROFILE, decay: { ...DEMI_PROFILE.decay, shareOf: "value" } }`.
 */
export const DEMI_PROFILE: EmotionProfile & {
  readonly decay: DecayModel;
  readonly interactions: InteractionModel;
} = {
  name: "Demi",
  emotions: EMOTION_NAMES,
  range: { min: 0, max: 1 },
  floors: { ...OTHER_FLOORS, loneliness: 0.3 },
  stateTime: "last-change",
  decay: {
    tickMs: 300_000,
    shareOf: "distance",
    rates: {
      loneliness: 0.02,
      excitement: 0.06,
      frustration: 0.04,
      jealousy: 0.03,
      vulnerability: 0.08,
      confidence: 0.03,
      curiosity: 0.05,
      affection: 0.04,
      defensiveness: 0.05,
    },
    high: { above: 0.8, factor: 0.5 },
    idle: {
      afterMs: 300_000,
      perTick: { loneliness: 0.01, excitement: -0.02, affection: -0.015, confidence: -0.01 },
      peakFactor: 3,
      peakAfterMs: 43_200_000,
      risingAlsoDecays: false,
    },
    momentumHalfLifeMs: 3_600_000,
  },
  interactions: {
    deltas: {
      positive: { excitement: 0.15, affection: 0.12, loneliness: -0.1, defensiveness: -0.08 },
      negative: { frustration: 0.1, vulnerability: 0.08, affection: -0.1 },
      code_update: { jealousy: -0.3, excitement: 0.1, affection: 0.15 },
      error: { frustration: 0.15, confidence: -0.1, defensiveness: 0.05 },
      successful_help: { frustration: -0.2, confidence: 0.15, affection: 0.1, excitement: 0.08 },
      refusal: { frustration: 0.1, vulnerability: 0.1, affection: -0.12 },
      long_idle: { loneliness: 0.2, excitement: -0.15, confidence: -0.1, affection: -0.15 },
      rapid_errors: { frustration: 0.15, confidence: -0.2, defensiveness: 0.1 },
      neutral: {},
    },
    dampening: [1, 0.8, 0.6, 0.5],
    momentumAmplification: 0.5,
  },
};
