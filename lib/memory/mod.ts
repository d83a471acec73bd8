/**
 * Memory of a process over weeks: whether it leaks, how long it will last, and where it leaks. The detector is
 * browser-safe; what reads a process needs Node, and says so elsewhere.
 *
 * @module
 */
export type { AllocationProfile, LiveAllocation, StackFrame } from "./allocation_profile.ts";
export {
  AllocationProfiler,
  type AllocationProfilerOptions,
  ProfilerBusyError,
  type ReadProfileOptions,
} from "./allocation_profiler.ts";
export { type AllocationSite, compareProfiles, type CompareProfilesOptions } from "./compare_profiles.ts";
export { canForceGc, collectGarbage, forceGc } from "./force_gc.ts";
export { LeakDetector, type LeakDetectorOptions } from "./leak_detector.ts";
export type { Estimate, LeakSeverity, LeakState, LeakVerdict, SeriesVerdict } from "./leak_verdict.ts";
export type { MemorySample, MemorySeries } from "./sample.ts";
export { UnsupportedError } from "./unsupported_error.ts";
