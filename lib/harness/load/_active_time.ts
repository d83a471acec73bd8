import type { ResolvedPattern } from "./_resolve_pattern.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Turns active time, in which messages come evenly, into time since the beginning of the plan: monotone, and a day of
 * the one is a day of the other where there is a time of day, or the active hours of one.
 *
 * @param startMs When the plan begins, since the Unix epoch.
 */
export function activeToPlanTime(pattern: ResolvedPattern, startMs: number): (activeMs: number) => number {
  const { timeOfDay, activeHoursPerDay } = pattern;
  if (timeOfDay) return alongCurve(timeOfDay.weights, startMs + timeOfDay.utcOffsetHours * HOUR_MS);
  const dayMs = activeHoursPerDay * HOUR_MS;
  return (activeMs) => Math.floor(activeMs / dayMs) * DAY_MS + (activeMs % dayMs);
}

/** The inverse of the integral of the curve; by it an even process gets the rate that the curve has. */
function alongCurve(weights: readonly number[], localStartMs: number): (activeMs: number) => number {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  const speeds = weights.map((weight) => weight / mean);
  const sums = [0]; // active time from midnight to each hour
  for (const speed of speeds) sums.push(sums.at(-1)! + speed * HOUR_MS);
  const dayMs = sums.at(-1)!;
  const sinceMidnightMs = ((localStartMs % DAY_MS) + DAY_MS) % DAY_MS;
  const startHour = Math.floor(sinceMidnightMs / HOUR_MS);
  const beforeMs = sums[startHour]! + speeds[startHour]! * (sinceMidnightMs % HOUR_MS);
  return (activeMs) => {
    const restMs = (beforeMs + activeMs) % dayMs;
    const days = Math.round((beforeMs + activeMs - restMs) / dayMs);
    let hour = 0;
    while (hour < 23 && restMs >= sums[hour + 1]!) hour++;
    const inHourMs = (restMs - sums[hour]!) / (speeds[hour]! || 1);
    return Math.max(0, days * DAY_MS + hour * HOUR_MS + inHourMs - sinceMidnightMs);
  };
}
