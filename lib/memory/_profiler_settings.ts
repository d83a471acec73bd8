import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";
import type { MemoryProfilerOptions } from "./memory_profiler.ts";

/** Options that all profilers of memory share, with their defaults. */
export interface ProfilerSettings {
  readonly intervalMs: number;
  readonly collectGarbage: boolean;
  readonly samplingIntervalBytes: number | false;
  readonly warningBytes: number;
  readonly criticalBytes: number;
  readonly minHours: number;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

/** @throws {RangeError} If an option is out of range. */
export function profilerSettings(
  options: Omit<MemoryProfilerOptions, "pid" | "includeDescendants" | "objects">,
): ProfilerSettings {
  const { intervalMs = 10_000, collectGarbage = false, samplingIntervalBytes = 524_288 } = options;
  const { warningBytes = 8e9, criticalBytes = 10e9, minHours = 2 } = options;
  const { clock = systemClock, onError = console.error } = options;
  if (!(intervalMs > 0 && intervalMs <= MAX_TIMER_MS)) {
    refuse("intervalMs", "> 0 and at most 2147483647", intervalMs);
  }
  if (samplingIntervalBytes !== false) {
    const isWhole = Number.isSafeInteger(samplingIntervalBytes) && samplingIntervalBytes >= 1;
    if (!isWhole) refuse("samplingIntervalBytes", "a whole number >= 1 or false", samplingIntervalBytes);
  }
  for (const [name, bytes] of Object.entries({ warningBytes, criticalBytes })) {
    if (!(bytes > 0 && bytes < Infinity)) refuse(name, "finite and > 0", bytes);
  }
  if (warningBytes > criticalBytes)
    refuse("warningBytes", `at most 'criticalBytes', ${criticalBytes}`, warningBytes);
  return {
    intervalMs,
    collectGarbage,
    samplingIntervalBytes,
    warningBytes,
    criticalBytes,
    minHours,
    clock,
    onError,
  };
}

function refuse(name: string, rule: string, got: number): never {
  throw new RangeError(`Cannot make memory profiler: '${name}' must be ${rule}, got ${got}`);
}
