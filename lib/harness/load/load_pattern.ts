/** Names of the patterns that are there. */
export const LOAD_PATTERN_NAMES = ["active", "casual", "sporadic", "stress"] as const;

/** Name of a pattern that is there. */
export type LoadPatternName = (typeof LOAD_PATTERN_NAMES)[number];

/** How messages are spread over time. */
export interface LoadPattern {
  /** Messages of all users together in an hour in which they are active. */
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

/** {@linkcode LoadPattern} with every field there. */
export type ResolvedPattern = Readonly<{ [K in keyof LoadPattern]-?: Exclude<LoadPattern[K], undefined> }>;

/** @throws {RangeError} If the name is not known, or a number is out of its range. */
export function resolvePattern(pattern: LoadPattern | LoadPatternName): ResolvedPattern {
  const given = typeof pattern === "string" ? loadPatterns[pattern] : pattern;
  if (given === undefined) {
    const names = LOAD_PATTERN_NAMES.join(", ");
    throw new RangeError(`Cannot plan load: 'pattern' must be one of ${names}, got ${String(pattern)}`);
  }
  const { messagesPerHour, gaps = "poisson", minGapMs = 600_000, maxGapMs = 86_400_000 } = given;
  const { activeHoursPerDay = 24, atOnce = 1 } = given;
  check(
    "messagesPerHour",
    "> 0 and finite",
    messagesPerHour,
    messagesPerHour > 0 && messagesPerHour < Infinity,
  );
  check(
    "activeHoursPerDay",
    "in (0, 24]",
    activeHoursPerDay,
    activeHoursPerDay > 0 && activeHoursPerDay <= 24,
  );
  check("atOnce", "an integer >= 1", atOnce, Number.isSafeInteger(atOnce) && atOnce >= 1);
  check("minGapMs", "> 0 and below 'maxGapMs'", minGapMs, minGapMs > 0 && minGapMs < maxGapMs);
  if (gaps === "heavy-tailed") {
    const meanMs = (3_600_000 * atOnce) / messagesPerHour;
    const isBetween = meanMs > minGapMs && meanMs < maxGapMs;
    check(
      "messagesPerHour",
      "such that its mean gap is between the shortest and the longest",
      messagesPerHour,
      isBetween,
    );
  }
  return { messagesPerHour, gaps, minGapMs, maxGapMs, activeHoursPerDay, atOnce };
}

function check(name: string, rule: string, value: number, holds: boolean): void {
  if (!holds) throw new RangeError(`Cannot plan load: '${name}' must be ${rule}, got ${value}`);
}
