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
export {
  assertCleanedUp,
  type AssertCleanedUpOptions,
  type CleanUpWatch,
  type Leftover,
  type ListenerSource,
  NotCleanedUpError,
  watchCleanUp,
  type WatchCleanUpOptions,
} from "./assert_cleaned_up.ts";
export {
  assertNoLeak,
  type AssertNoLeakOptions,
  LeakFoundError,
  LeakUndecidedError,
  type NoLeakResult,
} from "./assert_no_leak.ts";
export { type AllocationSite, compareProfiles, type CompareProfilesOptions } from "./compare_profiles.ts";
export {
  compareHeapSnapshots,
  type CompareHeapSnapshotsOptions,
  type HeapClassGrowth,
} from "./compare_heap_snapshots.ts";
export { compareSnapshots } from "./compare_snapshots.ts";
export { canForceGc, collectGarbage, forceGc } from "./force_gc.ts";
export { HeapSnapshotFormatError } from "./heap_snapshot_format_error.ts";
export type { HeapClass, HeapSnapshotSummary } from "./heap_snapshot_summary.ts";
export { InspectedProcess, InspectorError, type InspectTarget } from "./inspected_process.ts";
export { LeakDetector, type LeakDetectorOptions } from "./leak_detector.ts";
export type { Estimate, LeakSeverity, LeakState, LeakVerdict, SeriesVerdict } from "./leak_verdict.ts";
export type { MemoryEvent } from "./memory_event.ts";
export { MemoryProfiler, type MemoryProfilerOptions } from "./memory_profiler.ts";
export type { MemoryDifference, MemorySnapshot } from "./memory_snapshot.ts";
export {
  type LabelCensus,
  ObjectTracker,
  type ObjectTrackerOptions,
  type RetainedObject,
  RetainedObjectsError,
} from "./object_tracker.ts";
export { PostGcObserver, type PostGcObserverOptions, type PostGcReading } from "./post_gc_observer.ts";
export {
  NoSuchProcessError,
  type ProcessMemory,
  readFileDescriptors,
  readProcessMemory,
  type ReadProcessMemoryOptions,
} from "../base/process_memory.ts";
export { RemoteMemoryProfiler, type RemoteMemoryProfilerOptions } from "./remote_memory_profiler.ts";
export type { MemorySample, MemorySeries } from "./sample.ts";
export { SamplingLostError } from "./sampling_lost_error.ts";
export {
  type HeapSnapshotSource,
  summarizeHeapSnapshot,
  type SummarizeHeapSnapshotOptions,
} from "./summarize_heap_snapshot.ts";
export {
  takeHeapSnapshotSummary,
  type TakeHeapSnapshotSummaryOptions,
} from "./take_heap_snapshot_summary.ts";
export { UnsupportedError } from "../base/unsupported_error.ts";
