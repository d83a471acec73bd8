import { AsyncLocalStorage } from "node:async_hooks";
import { type Clock, sleepOn } from "../base/clock.ts";
import type { CompanionContext } from "./_unhandled_errors.ts";

/**
 * `clock` for a companion in this process: as with timers of the runtime, a callback runs in the context in which it
 * was set, and what it throws is nobody else's affair. When the companion is killed, its timers are gone.
 */
export function companionClock(clock: Clock, companion: CompanionContext): Clock {
  const bind = (callback: () => void): (() => void) => AsyncLocalStorage.bind(() => companion.call(callback));
  const bound: Clock = {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    setTimer: (callback, delayMs, options) => clock.setTimer(bind(callback), delayMs, options),
    setRepeating: (callback, intervalMs, options) => {
      const fire = bind(callback);
      const timer = clock.setRepeating(
        () => (companion.isKilled ? timer.cancel() : fire()),
        intervalMs,
        options,
      );
      return timer;
    },
    sleep: (delayMs, options) => sleepOn(bound, delayMs, options),
    track: (work, label) => {
      void clock.track(companion.until(work), label);
      return work;
    },
  };
  return bound;
}
