import type { AlertWatchState } from "./_alert_watch.ts";
import type { EmotionWatchState } from "./_emotion_watch.ts";
import type { LatencyState } from "../harness/load/latency_summary.ts";
import type { PropertyState } from "./property_checks.ts";
import type { TalliesState } from "./_run_tallies.ts";
import type { FaultResult, RunGap, StabilityFinding } from "./stability_results.ts";

/** All that a run must know to go on, as JSON carries it; what it saw so far is in its timeline. */
export interface RunState {
  /** Of the run's clock, since it began. */
  readonly elapsedMs: number;
  /** Epoch milliseconds of the run's clock. */
  readonly startedAt: number;
  /** Epoch milliseconds of real time when this was saved. */
  readonly savedAt: number;
  /** The first message that was not planned yet. */
  readonly nextSequence: number;
  readonly faultsDone: number;
  readonly samples: number;
  readonly timelineBytes: number;
  readonly ledger: { readonly hash: string; readonly count: number };
  readonly tallies: TalliesState;
  readonly recoveries: LatencyState;
  readonly counters: RunCounters;
  readonly findings: readonly StabilityFinding[];
  readonly faults: readonly FaultResult[];
  readonly properties: PropertyState;
  readonly gaps: readonly RunGap[];
  readonly resumes: number;
  readonly alerts: AlertWatchState;
  readonly emotions: EmotionWatchState;
  readonly brokenCheckpoints: readonly string[];
}

/** Figures of a run that only grow. */
export interface RunCounters {
  /** Time in which looks were answered, and in which they were not though the companion was meant to run. */
  upMs: number;
  downMs: number;
  unplannedRestarts: number;
  failedRecoveries: number;
  maxRssBytes: number;
  emotionLooks: number;
  memoryLooks: number;
  /** Messages on other platforms while one was down. */
  isolationAnswered: number;
  isolationFailed: number;
}

export const NO_COUNTERS: RunCounters = {
  upMs: 0,
  downMs: 0,
  unplannedRestarts: 0,
  failedRecoveries: 0,
  maxRssBytes: 0,
  emotionLooks: 0,
  memoryLooks: 0,
  isolationAnswered: 0,
  isolationFailed: 0,
};
