import type { AlertCount } from "./_alert_watch.ts";
import type { EmotionReport } from "../emotion/emotion_report.ts";
import type { LeakVerdict } from "../memory/leak_verdict.ts";
import type { LatencyQuantiles } from "../harness/load/latency_summary.ts";
import type { PlatformName } from "../harness/environment.ts";
import type { PropertyResult } from "./property_checks.ts";
import type { MessageCounts } from "./_run_tallies.ts";
import type { Requirement, ThresholdResult } from "./stability_thresholds.ts";

/** Something that is wrong with a companion. */
export interface StabilityFinding {
  readonly requirement: Requirement;
  /** Such as `no-reply`, `not-recovered`, `leak`; emotion findings have the monitor's kinds. */
  readonly kind: string;
  /** What was expected and what was seen. */
  readonly message: string;
  /** Milliseconds since the run began: the first time. */
  readonly atMs: number;
  /** How often it came. */
  readonly count: number;
  /** What shows it again. */
  readonly reproduce: string;
}

/** Answer to one of the four questions. */
export interface RequirementResult {
  readonly outcome: "healthy" | "defect" | "not-enough-evidence";
  /** Figures and facts behind it, one sentence each. */
  readonly evidence: readonly string[];
}

/** What was done to the companion, and how it came back. */
export interface FaultResult {
  readonly sequence: number;
  readonly what: string;
  readonly atMs: number;
  readonly durationMs: number;
  /** From its end until all platforms were up again; undefined where they were not in time, or nobody looked. */
  readonly recoveryMs: number | undefined;
}

/** A time in which nobody was there: the host slept, or the run was off. */
export interface RunGap {
  readonly atMs: number;
  readonly durationMs: number;
  readonly cause: "host slept" | "run was off";
}

/** What a run proved. Plain data. */
export interface StabilityResults {
  readonly format: 1;
  readonly name: string;
  readonly seed: string;
  readonly time: "virtual" | "system";
  /** `not-enough-evidence`: nothing is wrong, and too little was seen to say that all is well. */
  readonly outcome: "healthy" | "defect" | "not-enough-evidence";
  /** In a sentence. */
  readonly summary: string;
  /** Epoch milliseconds of the run's clock. */
  readonly startedAt: number;
  readonly elapsedMs: number;
  readonly plannedMs: number;
  /** `finished`: the whole time; `stopped`: on demand; `hopeless`: it could no longer pass. */
  readonly end: "finished" | "stopped" | "hopeless";
  /** How often it was resumed, and whether the end is that of a run that was never cut. */
  readonly resumes: number;
  readonly continuity: "whole" | "identical" | "continued, not identical";
  readonly eventHash: string;
  readonly events: number;
  readonly messages: MessageCounts;
  readonly platforms: Readonly<Partial<Record<PlatformName, MessageCounts>>>;
  readonly recoveries: LatencyQuantiles | undefined;
  readonly faults: readonly FaultResult[];
  readonly memory: {
    readonly maxRssBytes: number | undefined;
    readonly leak: LeakVerdict | undefined;
  };
  /**
   * What the emotion monitor saw: findings, home base, variability, inertia; and how often it cries wolf. Undefined of a
   * run that has not ended.
   */
  readonly emotions?: EmotionReport | undefined;
  readonly requirements: Readonly<Record<Requirement, RequirementResult>>;
  readonly thresholds: readonly ThresholdResult[];
  readonly properties: readonly PropertyResult[];
  readonly findings: readonly StabilityFinding[];
  /** Those that fired. They are shown, and judged by nothing: an outage that is planned must raise some. */
  readonly alerts: readonly AlertCount[];
  readonly gaps: readonly RunGap[];
  /** Checkpoints that could not be used, one sentence each. */
  readonly brokenCheckpoints: readonly string[];
}
