// What happens to a companion within its week, unless told otherwise.
import type { StabilityFault } from "demi-health/stability";

/** Each platform and the language model are down once a day; it crashes every other day, and is restarted as often. */
export const DEFAULT_FAULTS: readonly StabilityFault[] = [
  { kind: "outage", target: "discord", minutes: 10, timesPerDay: 1 },
  { kind: "outage", target: "android", minutes: 30, timesPerDay: 1 },
  { kind: "outage", target: "voice", minutes: 30, timesPerDay: 1 },
  { kind: "outage", target: "llm", minutes: 5, timesPerDay: 1 },
  { kind: "crash", timesPerDay: 0.5 },
  { kind: "restart", timesPerDay: 0.5 },
  { kind: "llm", fault: { kind: "slow", ms: 2000 }, minutes: 5, timesPerDay: 1 },
];
