/**
 * The emotional state as data, what a companion's emotions must do, and a monitor that watches them. Browser-safe.
 *
 * @module
 */
export {
  EMOTION_NAMES,
  type EmotionalState,
  type EmotionName,
  type EmotionValues,
  mapEmotions,
  parseEmotionalState,
} from "./emotional_state.ts";
export type { EmotionDynamics } from "./_affect_dynamics.ts";
export {
  DRIFT_CALIBRATION,
  type DriftCalibrationRow,
  MODEL_CALIBRATION,
  type ModelCalibrationRow,
} from "./drift_calibration.ts";
export type {
  EmotionDeviation,
  EmotionFinding,
  EmotionFindingKind,
  EmotionSample,
} from "./emotion_finding.ts";
export { EmotionMonitor } from "./emotion_monitor.ts";
export type { EmotionMonitorOptions, ObserveOptions } from "./emotion_monitor_options.ts";
export {
  continuousDecay,
  type DecayModel,
  DEMI_PROFILE,
  type EmotionNumbers,
  type EmotionProfile,
  type IdleDrift,
  type InteractionModel,
} from "./emotion_profile.ts";
export type { EmotionCheckStatus, EmotionReport } from "./emotion_report.ts";
export type { EmotionEpisode } from "./_finding_log.ts";
export type { FalseAlarmStatement } from "./false_alarms.ts";
