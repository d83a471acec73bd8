// Runs that never were: what a companion with known properties would have shown.
import { SeededRandom } from "../../lib/base/random.ts";
import { EMOTION_NAMES } from "../../lib/emotion/emotional_state.ts";
import type { TimelineLine } from "../../lib/stability/_timeline.ts";
import type { ComparableRun } from "../../lib/stability/compare_runs.ts";
import type { RunPlan } from "../../lib/stability/inspect_run.ts";
import type { StabilityResults } from "../../lib/stability/stability_results.ts";

/** What a companion is like. */
export interface Nature {
  readonly hours?: number;
  readonly perHour?: number;
  /** Median of its replies. */
  readonly replyMs?: number;
  /** Factor of the slowest fifth of them. */
  readonly tail?: number;
  /** Share of messages without a reply, at any time. */
  readonly errorRate?: number;
  /** Hours in which nothing is answered. */
  readonly deadHours?: readonly number[];
  /** Bytes left after collections. */
  readonly heapBytes?: number;
  readonly excitement?: number;
  readonly recoveryMs?: number;
  readonly eventHash?: string;
  readonly results?: Partial<StabilityResults>;
  readonly plan?: Partial<RunPlan>;
}

const HOUR_MS = 3_600_000;

/** A run of such a companion: replies are slow and quick by the hour, moods last for hours. */
export function syntheticRun(seed: string, nature: Nature = {}): ComparableRun {
  const { hours = 72, perHour = 12, plan = {}, results = {}, eventHash = seed } = nature;
  const random = new SeededRandom(seed);
  const lines: TimelineLine[] = [];
  let [busy, mood] = [0, 0];
  // what differs from run to run of the same companion
  const heapBytes = (nature.heapBytes ?? 44e6) * (1 + 0.027 * random.normal());
  for (let hour = 0; hour < hours; hour++) {
    busy = 0.7 * busy + 0.1 * random.normal();
    for (let index = 0; index < perHour; index++) {
      lines.push(replyLine(random, (hour + index / perHour) * HOUR_MS, busy, nature));
    }
    for (let minute = 0; minute < 60; minute += 5) {
      mood = 0.97 * mood + 0.02 * random.normal();
      lines.push(
        lookLine((hour + minute / 60) * HOUR_MS, mood, heapBytes * (1 + 0.01 * random.normal()), nature),
      );
    }
    if (hour % 6 === 5) lines.push(recoveryLine(random, hour * HOUR_MS, nature.recoveryMs ?? 3000));
  }
  return {
    lines,
    plan: {
      seed,
      durationHours: hours,
      phases: [{ name: "run", hours, pattern: "casual" }],
      faults: [],
      sampleMs: 60_000,
      recoveryMs: 300_000,
      ...plan,
    },
    results: {
      ...NOTHING,
      seed,
      elapsedMs: hours * HOUR_MS,
      plannedMs: hours * HOUR_MS,
      eventHash,
      ...results,
    },
  };
}

function replyLine(random: SeededRandom, atMs: number, busy: number, nature: Nature): TimelineLine {
  const { replyMs = 500, tail = 1, errorRate = 0, deadHours = [] } = nature;
  const platform = random.chance(0.5) ? "discord" : "android";
  const [ratio, isFailed, isSlow] = [random.normal(), random.chance(errorRate), random.chance(0.2)];
  if (isFailed || deadHours.includes(Math.floor(atMs / HOUR_MS))) {
    return { kind: "no-reply", atMs, platform, isExcused: false };
  }
  const latencyMs = Math.round(replyMs * Math.max(0.1, 1 + busy + 0.2 * ratio) * (isSlow ? tail : 1));
  return { kind: "reply", atMs, platform, latencyMs };
}

function lookLine(
  atMs: number,
  mood: number,
  postGcBytes: number,
  { excitement = 0.4 }: Nature,
): TimelineLine {
  const emotions = EMOTION_NAMES.map((name) => (name === "excitement" ? excitement + mood : 0.2 + mood));
  return { kind: "look", atMs, emotions, memory: { rssBytes: 3 * postGcBytes, postGcBytes } };
}

function recoveryLine(random: SeededRandom, atMs: number, recoveryMs: number): TimelineLine {
  return {
    kind: "recovery",
    atMs,
    what: "Discord is down for 10 min",
    recoveryMs: recoveryMs * (0.5 + random.next()),
  };
}

const HEALTHY = { outcome: "healthy", evidence: [] } as const;

const NOTHING: StabilityResults = {
  format: 1,
  name: "synthetic",
  seed: "1",
  time: "virtual",
  outcome: "healthy",
  summary: "",
  startedAt: 0,
  elapsedMs: 0,
  plannedMs: 0,
  end: "finished",
  resumes: 0,
  continuity: "whole",
  eventHash: "",
  events: 0,
  messages: { sent: 0, answered: 0, failed: 0, excused: 0, withheld: 0, latency: undefined },
  platforms: {},
  recoveries: undefined,
  faults: [],
  memory: { maxRssBytes: undefined, leak: undefined },
  requirements: { "HEALTH-01": HEALTHY, "HEALTH-02": HEALTHY, "HEALTH-03": HEALTHY, "HEALTH-04": HEALTHY },
  thresholds: [],
  properties: [],
  findings: [],
  alerts: [],
  gaps: [],
  brokenCheckpoints: [],
};
