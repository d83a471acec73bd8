// This module is browser-safe.
import type { EmotionDynamics } from "./_affect_dynamics.ts";
import type { EmotionFinding, EmotionFindingKind } from "./emotion_finding.ts";
import type { FalseAlarmStatement } from "./false_alarms.ts";
import type { EmotionEpisode } from "./_finding_log.ts";

/** Whether a check looks, and if not, why. */
export interface EmotionCheckStatus {
  readonly kind: EmotionFindingKind;
  readonly state: "on" | "off" | "learning";
  /** Why it is off, what it still needs, or what it can see; a sentence. */
  readonly why: string;
}

/** What a monitor knows, as data. */
export interface EmotionReport {
  /** `not-enough-evidence`: too few looks, or none that could show anything. */
  readonly verdict: "healthy" | "defect" | "not-enough-evidence";
  /** What is missing for a verdict. */
  readonly needs: string | undefined;
  readonly profile: string;
  readonly observations: number;
  readonly firstAt: number | undefined;
  readonly lastAt: number | undefined;
  /** The last ones, the oldest first. */
  readonly findings: readonly EmotionFinding[];
  /** How many there were, those that are not kept any more included. */
  readonly totalFindings: number;
  readonly episodes: readonly EmotionEpisode[];
  readonly checks: readonly EmotionCheckStatus[];
  readonly dynamics: readonly EmotionDynamics[];
  readonly falseAlarms: FalseAlarmStatement;
}
