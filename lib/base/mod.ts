/**
 * Time, seeded randomness and small structures that everything else stands on. Browser-safe.
 *
 * @module
 */
export { Backoff, type BackoffOptions } from "./backoff.ts";
export { type Clock, type ClockTimer, type SleepOptions, type TimerOptions } from "./clock.ts";
export type { CompanionObserver, HandledMessage, LlmCall } from "./companion_observer.ts";
export { DeadlineError, type DeadlineOptions, withDeadline } from "./deadline.ts";
export { formatBytes, formatDuration, formatRatio } from "./format.ts";
export { exp, log } from "./math.ts";
export {
  type BreakerState,
  isPlatformUp,
  parsePlatformHealth,
  type PlatformHealth,
  type PlatformStatus,
} from "./platform_health.ts";
export { type RandomState, SeededRandom } from "./random.ts";
export { RingBuffer } from "./ring_buffer.ts";
export { systemClock } from "./system_clock.ts";
export { VirtualClock, type VirtualClockOptions } from "./virtual_clock.ts";
