/**
 * What proves that a companion lasts: recovery from all that can happen to its process and its disk, and a checker for
 * what it remembers afterwards.
 *
 * @module
 */
export {
  checkHistory,
  type EmotionPassage,
  type History,
  type HistoryFinding,
  type HistoryFindingKind,
  type HistoryVerdict,
  type KeptConversation,
  type SeenReply,
  type SentMessage,
} from "./history_checker.ts";
export { type AgeingModel, demiAgeing, type QuietTime, roughAgeing } from "./recovery/ageing_model.ts";
export { describeRecovery } from "./recovery/describe_recovery.ts";
export { FileLayer, FileLayerError, WatchedFiles } from "./recovery/file_layer.ts";
export type { FileOperation } from "./recovery/file_operation.ts";
export { diskAfterPowerLoss, type FileTree, type PowerLoss } from "./recovery/power_loss.ts";
export { RECOVERY_CASE_NAMES, type RecoveryCaseName } from "./recovery/recovery_case.ts";
export type {
  RecoveryCaseResult,
  RecoveryOutcome,
  RecoveryReport,
  RecoveryRound,
  RecoveryTimes,
} from "./recovery/recovery_report.ts";
export { RecoveryTest, type RecoveryTestOptions } from "./recovery/recovery_test.ts";
export {
  type ChangeUnit,
  type ChangeVerdict,
  type ComparableRun,
  compareRuns,
  type CompareRunsOptions,
  describeChange,
  type FindingChange,
  IncomparableRunsError,
  type RunChange,
  type RunComparison,
} from "./compare_runs.ts";
export { inspectRun, type RunPlan, type RunRecord, type RunStatus } from "./inspect_run.ts";
export { LongRunningStabilityTest, RunDirectoryError } from "./long_running_stability_test.ts";
export {
  type PropertyDeclaration,
  type PropertyResult,
  PropertyChecks,
  type PropertyState,
} from "./property_checks.ts";
export { resultsSoFar } from "./results_so_far.ts";
export { stabilityReport } from "./stability_report.ts";
export type { StabilityPhase } from "./_phased_load.ts";
export type { AlertCount } from "./_alert_watch.ts";
export type { MessageCounts } from "./_run_tallies.ts";
export {
  describeFault,
  type OutageTarget,
  type PlannedFault,
  planFaults,
  type StabilityFault,
  type StabilityFaultKind,
} from "./stability_faults.ts";
export type { NetworkFault, NetworkToxic } from "./_network_fault.ts";
export type { StabilityMoment, StabilityProgress, StabilityTestOptions } from "./stability_options.ts";
export type {
  FaultResult,
  RequirementResult,
  RunGap,
  StabilityFinding,
  StabilityResults,
} from "./stability_results.ts";
export {
  DEFAULT_THRESHOLDS,
  type Requirement,
  type StabilityThreshold,
  type ThresholdMetric,
  type ThresholdResult,
} from "./stability_thresholds.ts";
export { readTimeline, type TimelineLine } from "./_timeline.ts";
