/**
 * Memory of a process over weeks: whether it leaks, and how long it will last. Browser-safe.
 *
 * @module
 */
export { LeakDetector, type LeakDetectorOptions } from "./leak_detector.ts";
export type { Estimate, LeakSeverity, LeakState, LeakVerdict, SeriesVerdict } from "./leak_verdict.ts";
export type { MemorySample, MemorySeries } from "./sample.ts";
