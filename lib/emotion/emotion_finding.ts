// This module is browser-safe.

/** What can be wrong with emotions. */
export type EmotionFindingKind =
  | "not-a-number"
  | "out-of-bounds"
  | "floor-broken"
  | "jump"
  | "change-without-cause"
  | "reaction-off-model"
  | "stuck"
  | "frozen-source"
  | "decay-off-model"
  | "drift"
  | "oscillation"
  | "platforms-disagree"
  | "momentum-lost"
  | "older-state"
  | "foreign-state";

/** One look at a state, as a finding keeps it and as a monitor takes it. */
export interface EmotionSample {
  readonly timestamp: number;
  readonly values: Readonly<Record<string, number>>;
  /** Time of the state itself, where it was told. */
  readonly lastUpdated: number | undefined;
  readonly platform: string | undefined;
}

/** One emotion in a finding. */
export interface EmotionDeviation {
  readonly emotion: string;
  /** What was seen. A text for what is no finite number: `NaN`, `Infinity`. */
  readonly seen: number | string;
  /** Between which values it had to be; absent where the finding is not about a value. */
  readonly low: number | undefined;
  readonly high: number | undefined;
  /** `doubled`, `skipped`, `reversed`, `too fast`, `too slow`, `too strong`, `too weak`, … */
  readonly diagnosis: string | undefined;
}

/** Something that is wrong with a companion's emotions, with what it takes to believe it and to see it again. */
export interface EmotionFinding {
  readonly kind: EmotionFindingKind;
  /** The emotion it is about, the worst of several; `undefined` when it is about the state as a whole. */
  readonly emotion: string | undefined;
  /** Each emotion it is about, the worst first. */
  readonly deviations: readonly EmotionDeviation[];
  /** When it was seen, epoch ms. */
  readonly at: number;
  /** Since when it is so: the last look that was in order, or where a sum began to rise. */
  readonly since: number;
  /** Number of the look at which it was seen, from 1. */
  readonly observation: number;
  readonly platform: string | undefined;
  /** What was told to have happened. */
  readonly cause: string | undefined;
  /** One sentence for the owner: which emotion, what was expected, what was seen, since when. */
  readonly message: string;
  /** How to see it again. */
  readonly seeAgain: string;
  /** The look before, and this one. Given to a new monitor they show a finding that takes one step. */
  readonly before: EmotionSample | undefined;
  readonly after: EmotionSample;
}
