import type { AlertRule } from "../alerts/alert_rule.ts";
import type { PlatformHealth } from "../base/platform_health.ts";
import type { EmotionProfile } from "../emotion/emotion_profile.ts";
import type { EmotionalState } from "../emotion/emotional_state.ts";
import type { CompanionFactory, CompanionMemory } from "../harness/companion.ts";
import type { PlatformName, TestEnvironmentOptions } from "../harness/environment.ts";
import type { StabilityLoad, StabilityPhase } from "./_phased_load.ts";
import type { PropertyChecks, PropertyDeclaration } from "./property_checks.ts";
import type { StabilityFault } from "./stability_faults.ts";
import type { StabilityThreshold } from "./stability_thresholds.ts";
import type { TimelineLine } from "./_timeline.ts";

/** Options of `LongRunningStabilityTest`; those of the load are of its only phase, unless `phases` says more. */
export interface StabilityTestOptions extends StabilityLoad {
  readonly companion: CompanionFactory;
  /** What the results call it. @default {"companion"} */
  readonly name?: string | undefined;
  /** @default {168} */
  readonly durationHours?: number | undefined;
  /** Ends here, as if the run were no longer: to see again what happened then. @default {durationHours} */
  readonly untilHours?: number | undefined;
  /**
   * `virtual`: days in minutes. `system`: in earnest.
   *
   * @default {"virtual"}, and {"system"} for a companion that keeps its own time and cannot advance it
   */
  readonly time?: "virtual" | "system" | undefined;
  /** Everything random comes from it. @default {"stability"} */
  readonly seed?: string | number | undefined;
  /** Parts of the run with loads of their own, again from the first when the last is over. */
  readonly phases?: readonly StabilityPhase[] | undefined;
  /** @default none */
  readonly faults?: readonly StabilityFault[] | undefined;
  /** @default {DEFAULT_THRESHOLDS} */
  readonly thresholds?: readonly StabilityThreshold[] | undefined;
  /**
   * Rules on `demi_emotion`, `demi_emotion_out_of_bounds`, `demi_platform_up`, `demi_response_time_p90_seconds` and
   * `process_resident_memory_bytes`, as each look sees them. @default {defaultAlertRules}
   */
  readonly alertRules?: readonly AlertRule[] | undefined;
  /** What the emotions are and how they move, where they are not Demi's. @default {DEMI_PROFILE} */
  readonly emotionProfile?: EmotionProfile | undefined;
  /** Properties that must be looked at or reached, whoever does it. */
  readonly properties?: readonly PropertyDeclaration[] | undefined;
  /** Called at each look with what was seen, to check properties of one's own. */
  readonly check?: ((moment: StabilityMoment, checks: PropertyChecks) => void | Promise<void>) | undefined;
  /**
   * Where the run lives: its timeline, its checkpoints, its results and the companion's data.
   *
   * @default a temporary one, which is removed: the run cannot be resumed
   */
  readonly directory?: string | undefined;
  /** Goes on from the newest whole checkpoint in `directory`. @default {false} */
  readonly resume?: boolean | undefined;
  /** @default {60} */
  readonly checkpointMinutes?: number | undefined;
  /** Time between two looks at the companion. @default {60} */
  readonly sampleSeconds?: number | undefined;
  /** How long a reply is waited for. @default {60} */
  readonly replySeconds?: number | undefined;
  /** How long a platform may take to be back after a fault. @default {300} */
  readonly recoverySeconds?: number | undefined;
  /** Whether a run that can no longer pass ends at once. @default {true} */
  readonly stopWhenHopeless?: boolean | undefined;
  /** Of the mocks, and how the companion is run. */
  readonly environment?:
    | Pick<TestEnvironmentOptions, "discord" | "ollama" | "voice" | "hasLlm" | "showLogs">
    | undefined;
  /** What goes before `--seed … --until …` in the line that shows a finding again. @default {""} */
  readonly reproduceWith?: string | undefined;
  readonly onProgress?: ((progress: StabilityProgress) => void) | undefined;
  /** Told of each line of the timeline. */
  readonly onEvent?: ((line: TimelineLine) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was seen of a companion at one moment. */
export interface StabilityMoment {
  /** Milliseconds since the run began. */
  readonly atMs: number;
  /** Epoch milliseconds, on the run's clock. */
  readonly timestamp: number;
  /** Undefined where the companion did not answer. */
  readonly emotions: EmotionalState | undefined;
  readonly health: readonly PlatformHealth[] | undefined;
  readonly memory: CompanionMemory | undefined;
  /** What is being done to the companion, in words; empty for nothing. */
  readonly faults: readonly string[];
  readonly platforms: readonly PlatformName[];
}

/** How far a run is. */
export interface StabilityProgress {
  readonly name: string;
  readonly seed: string;
  readonly time: "virtual" | "system";
  readonly phase: string;
  /** On the run's clock. */
  readonly elapsedMs: number;
  readonly durationMs: number;
  /** Real milliseconds left, as far as the rate of the last while tells; undefined at the beginning. */
  readonly leftMs: number | undefined;
  /** Seconds of the run in a second of real time. */
  readonly speed: number | undefined;
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  readonly excused: number;
  readonly p90Ms: number | undefined;
  readonly rssBytes: number | undefined;
  readonly findings: number;
  /** The last few, one sentence each. */
  readonly latestFindings: readonly string[];
  readonly faults: readonly string[];
  readonly checkpoint: number | undefined;
  /** Why the newest checkpoint could not be saved, such as a full disk: killed now, the run goes on from an earlier one. */
  readonly unsaved?: string | undefined;
  readonly state: "running" | "finished" | "stopped" | "failed";
  /** Epoch milliseconds of real time at which this was so. */
  readonly at: number;
  readonly pid: number;
}
