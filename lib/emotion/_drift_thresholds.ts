// This module is browser-safe.
import type { DriftThresholds } from "./_drift_channels.ts";

/** Thresholds at caution 1, found by test/bench/emotion_bench.ts. */
export const DRIFT_THRESHOLDS: DriftThresholds = {
  trainingSamples: 1440,
  fastAllowance: 0.35,
  fast: 25,
  slowAllowance: 0.15,
  slow: 95,
  jointWeight: 0.05,
  joint: 51,
  step: 5.4,
  oscillation: 24,
};
