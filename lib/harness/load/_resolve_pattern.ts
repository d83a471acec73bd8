import {
  type Bursts,
  LOAD_PATTERN_NAMES,
  type LoadPattern,
  type LoadPatternName,
  loadPatterns,
  type TimeOfDay,
} from "./load_pattern.ts";

/** {@linkcode LoadPattern} with every number there, and checked. */
export interface ResolvedPattern {
  readonly messagesPerHour: number;
  readonly gaps: "poisson" | "heavy-tailed";
  readonly minGapMs: number;
  readonly maxGapMs: number;
  readonly activeHoursPerDay: number;
  readonly atOnce: number;
  readonly timeOfDay: { readonly weights: readonly number[]; readonly utcOffsetHours: number } | undefined;
  readonly bursts: Readonly<Required<{ [K in keyof Bursts]: number }>> | undefined;
}

const HOUR_MS = 3_600_000;
const HOURS = 24;
const MOST_OPEN_BURSTS = 100;

/** Mean time from one moment, or the beginning of one burst, to that of the next. */
export function meanGapMs({ messagesPerHour, atOnce, bursts }: ResolvedPattern): number {
  return (HOUR_MS * atOnce * (bursts?.messages ?? 1)) / messagesPerHour;
}

/**
 * @param rate How many times as much as the pattern says.
 * @throws {RangeError} If the name is not known, or a number is out of its range.
 */
export function resolvePattern(pattern: LoadPattern | LoadPatternName, rate = 1): ResolvedPattern {
  const given = typeof pattern === "string" ? loadPatterns[pattern] : pattern;
  if (given === undefined) {
    const names = LOAD_PATTERN_NAMES.join(", ");
    throw new RangeError(`Cannot plan load: 'pattern' must be one of ${names}, got ${String(pattern)}`);
  }
  const { gaps = "poisson", minGapMs = 600_000, maxGapMs = 86_400_000, activeHoursPerDay = HOURS } = given;
  const { atOnce = 1, timeOfDay, bursts } = given;
  check("rate", "> 0 and finite", rate, rate > 0 && rate < Infinity);
  const messagesPerHour = given.messagesPerHour * rate;
  check(
    "messagesPerHour",
    "> 0 and finite",
    messagesPerHour,
    messagesPerHour > 0 && messagesPerHour < Infinity,
  );
  const isDay = activeHoursPerDay > 0 && activeHoursPerDay <= HOURS;
  check("activeHoursPerDay", "in (0, 24]", activeHoursPerDay, isDay);
  check("atOnce", "an integer >= 1", atOnce, Number.isSafeInteger(atOnce) && atOnce >= 1);
  check("minGapMs", "> 0 and below 'maxGapMs'", minGapMs, minGapMs > 0 && minGapMs < maxGapMs);
  if (timeOfDay) {
    check(
      "activeHoursPerDay",
      "left out where 'timeOfDay' is given",
      activeHoursPerDay,
      isDay && activeHoursPerDay === HOURS,
    );
  }
  const resolved: ResolvedPattern = {
    messagesPerHour,
    gaps,
    minGapMs,
    maxGapMs,
    activeHoursPerDay,
    atOnce,
    timeOfDay: timeOfDay && resolveTimeOfDay(timeOfDay),
    bursts: bursts && resolveBursts(bursts, atOnce, messagesPerHour),
  };
  checkGaps(resolved);
  return resolved;
}

function resolveTimeOfDay({ weights, utcOffsetHours = 0 }: TimeOfDay): ResolvedPattern["timeOfDay"] {
  const each =
    typeof weights === "function" ? Array.from({ length: HOURS }, (_, hour) => weights(hour)) : weights;
  check("timeOfDay.weights", "24 numbers", each.length, each.length === HOURS);
  for (const weight of each) {
    check("timeOfDay.weights", "finite and >= 0", weight, weight >= 0 && weight < Infinity);
  }
  const total = each.reduce((sum, weight) => sum + weight, 0);
  check("timeOfDay.weights", "> 0 for an hour at least", total, total > 0 && total < Infinity);
  check("timeOfDay.utcOffsetHours", "from -24 to 24", utcOffsetHours, Math.abs(utcOffsetHours) <= HOURS);
  return { weights: [...each], utcOffsetHours };
}

function resolveBursts(
  { messages, gapMs = 20_000 }: Bursts,
  atOnce: number,
  messagesPerHour: number,
): ResolvedPattern["bursts"] {
  check("bursts.messages", "finite and >= 1", messages, messages >= 1 && messages < Infinity);
  check("bursts.gapMs", "finite and > 0", gapMs, gapMs > 0 && gapMs < Infinity);
  check("atOnce", "1 where 'bursts' is given", atOnce, atOnce === 1);
  const open = (messagesPerHour * gapMs) / HOUR_MS; // the mean number of bursts that are not over
  check(
    "bursts.gapMs",
    `such that ${MOST_OPEN_BURSTS} bursts at most overlap in the mean`,
    gapMs,
    open <= MOST_OPEN_BURSTS,
  );
  return { messages, gapMs };
}

function checkGaps(pattern: ResolvedPattern): void {
  if (pattern.gaps !== "heavy-tailed") return;
  const meanMs = meanGapMs(pattern);
  const isBetween = meanMs > pattern.minGapMs && meanMs < pattern.maxGapMs;
  const rule = "such that its mean gap is between the shortest and the longest";
  check("messagesPerHour", rule, pattern.messagesPerHour, isBetween);
}

function check(name: string, rule: string, value: number, holds: boolean): void {
  if (!holds) throw new RangeError(`Cannot plan load: '${name}' must be ${rule}, got ${value}`);
}
