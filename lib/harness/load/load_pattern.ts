/** Names of the patterns that are there. */
export const LOAD_PATTERN_NAMES = ["active", "casual", "sporadic", "stress"] as const;

/** Name of a pattern that is there. */
export type LoadPatternName = (typeof LOAD_PATTERN_NAMES)[number];

/** Messages that come in bursts: somebody writes several in quick succession, and then nothing for a while. */
export interface Bursts {
  /** Mean number of messages in a burst; the number is geometrically distributed, from 1. */
  readonly messages: number;
  /** Mean time between two messages of a burst, exponentially distributed. @default {20_000} */
  readonly gapMs?: number | undefined;
}

/** How much is written in which hour of the day. */
export interface TimeOfDay {
  /**
   * A weight for each hour of the local day, from midnight: 24 numbers, or a function of the hour, 0 to 23. 0 where
   * nobody writes. In an hour of twice the weight twice as much is written.
   */
  readonly weights: readonly number[] | ((hour: number) => number);
  /** Local time minus UTC, such as 5.5 in Delhi. @default {0} */
  readonly utcOffsetHours?: number | undefined;
}

/** How messages are spread over time. */
export interface LoadPattern {
  /**
   * Messages of all users together in an hour in which they are active; with `timeOfDay`, in the mean hour of a day.
   * Those of bursts are counted one by one.
   */
  readonly messagesPerHour: number;
  /**
   * `poisson`: each moment is as likely as any other. `heavy-tailed`: mostly short gaps and some very long ones,
   * between `minGapMs` and `maxGapMs`.
   *
   * @default {"poisson"}
   */
  readonly gaps?: "poisson" | "heavy-tailed" | undefined;
  /** Of heavy-tailed gaps. @default {600_000} */
  readonly minGapMs?: number | undefined;
  /** Of heavy-tailed gaps. @default {86_400_000} */
  readonly maxGapMs?: number | undefined;
  /** Hours from the beginning of each day of the plan in which anybody writes. @default {24} */
  readonly activeHoursPerDay?: number | undefined;
  /** Users who write at the same moment. @default {1} */
  readonly atOnce?: number | undefined;
  /** In the place of `activeHoursPerDay`. `minGapMs` and `maxGapMs` are stretched by it as all gaps are. */
  readonly timeOfDay?: TimeOfDay | undefined;
  /** Gaps are then those from the beginning of one burst to that of the next. @default none */
  readonly bursts?: Bursts | undefined;
}

/**
 * The four patterns. `active`: 120 messages an hour, for 8 hours a day. `casual`: 12 an hour. `sporadic`: one an
 * hour, with gaps of 10 minutes to a day. `stress`: 3,600 an hour, three users at a time.
 */
export const loadPatterns: Readonly<Record<LoadPatternName, LoadPattern>> = {
  active: { messagesPerHour: 120, activeHoursPerDay: 8 },
  casual: { messagesPerHour: 12 },
  sporadic: { messagesPerHour: 1, gaps: "heavy-tailed" },
  stress: { messagesPerHour: 3600, atOnce: 3 },
};

/**
 * Weights of a day as many people have it: asleep from one to six, awake for the rest, and most of it in the evening.
 * For {@linkcode TimeOfDay}.
 */
export const EVENING_WEIGHTS: readonly number[] = [
  6, 2, 1, 0, 0, 1, 3, 6, 8, 8, 8, 9, 11, 10, 8, 8, 9, 11, 14, 18, 22, 22, 18, 12,
];
