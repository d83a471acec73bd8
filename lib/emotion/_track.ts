// This module is browser-safe.

/** What the monitor knows of the state that it follows, as plain data. */
export interface Track {
  /** How many looks it has taken in. */
  looks: number;
  platform: string | null;
  time: number;
  /** Time of the state itself; `null` when it was not told. */
  stateTime: number | null;
  /** `NaN` for an emotion whose value is not to be gone on from. */
  values: number[];
  momentum: number[] | null;
  /** Between which times the latest tick was. */
  tickLow: number;
  tickHigh: number;
  /** Between which times somebody spoke to it last. */
  spokenLow: number;
  spokenHigh: number;
  lastKind: string | null;
  repeats: number;
  /** Whether nothing can have come between the last kind and the one before. */
  isRowKnown: boolean;
  /** Kinds that were told and have not worked yet. */
  owed: string[];
  /** Kinds that were told with looks that were not taken in, as another platform showed something else. */
  held: string[];
  /** Ticks that came at other times than the phase lets expect; one is forgiven in six hours. */
  slips: number;
  slipTime: number;
  /** Since when no look differed from the one before, and how many. */
  stillSince: number;
  stillLooks: number;
  emotions: EmotionTrack[];
}

/** What is remembered of one emotion. */
export interface EmotionTrack {
  /** Ticks in a row that had to move it and did not; interactions likewise. */
  unmovedTicks: number;
  unmovedReactions: number;
  unmovedSince: number;
  unmovedTime: number;
  /** Whether an interaction moved it meanwhile. */
  hasReacted: boolean;
  /** Steps in a row that looked like ticks and were off the model. */
  offTicks: number;
  offSince: number;
  offTime: number;
  /** What is left over step by step, each too small to tell. */
  leak: number;
  leakSteps: number;
  leakSince: number;
  /** Direction of its last change that nothing explains, and how often in a row it turned. */
  swing: number;
  swings: number;
  swingTime: number;
  swingSince: number;
  /** What decay had to take while it stood still to the last digit, in how many looks. */
  stillFall: number;
  stillLooks: number;
  stillSince: number;
}

export function freshTrack(size: number): Track {
  return {
    looks: 0,
    platform: null,
    time: 0,
    stateTime: null,
    values: Array.from({ length: size }, () => NaN),
    momentum: null,
    tickLow: 0,
    tickHigh: 0,
    spokenLow: 0,
    spokenHigh: 0,
    lastKind: null,
    repeats: 0,
    isRowKnown: false,
    owed: [],
    held: [],
    slips: 0,
    slipTime: 0,
    stillSince: 0,
    stillLooks: 0,
    emotions: Array.from({ length: size }, freshEmotion),
  };
}

function freshEmotion(): EmotionTrack {
  return {
    unmovedTicks: 0,
    unmovedReactions: 0,
    unmovedSince: 0,
    unmovedTime: 0,
    hasReacted: false,
    offTicks: 0,
    offSince: 0,
    offTime: 0,
    leak: 0,
    leakSteps: 0,
    leakSince: 0,
    swing: 0,
    swings: 0,
    swingTime: 0,
    swingSince: 0,
    stillFall: 0,
    stillLooks: 0,
    stillSince: 0,
  };
}
