// This module is browser-safe.
import { type Clock, type ClockTimer, type SleepOptions, sleepOn, type TimerOptions } from "./clock.ts";

// A delay above 2^31 - 1 ms overflows every runtime's timer and fires at once, so long waits are made of pieces.
const MAX_DELAY_MS = 2 ** 31 - 1;

interface Unrefable {
  unref?(): void;
}

function release(timer: unknown, keepAlive: boolean): void {
  if (!keepAlive && typeof timer === "object" && timer !== null) (timer as Unrefable).unref?.();
}

function setTimer(callback: () => void, delayMs: number, options: TimerOptions = {}): ClockTimer {
  const { keepAlive = true } = options;
  if (Number.isNaN(delayMs))
    throw new RangeError(`Cannot set timer: 'delayMs' must be a number, got ${delayMs}`);
  const due = performance.now() + Math.max(0, delayMs);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const arm = (): void => {
    const left = due - performance.now();
    timer = left > MAX_DELAY_MS ? setTimeout(arm, MAX_DELAY_MS) : setTimeout(callback, Math.max(0, left));
    release(timer, keepAlive);
  };
  const cancel = (): void => clearTimeout(timer);
  arm();
  return { cancel, [Symbol.dispose]: cancel };
}

function setRepeating(callback: () => void, intervalMs: number, options: TimerOptions = {}): ClockTimer {
  const { keepAlive = true } = options;
  if (!(intervalMs > 0 && intervalMs <= MAX_DELAY_MS)) {
    throw new RangeError(`Cannot set timer: 'intervalMs' must be in (0, ${MAX_DELAY_MS}], got ${intervalMs}`);
  }
  const timer = setInterval(callback, intervalMs);
  release(timer, keepAlive);
  const cancel = (): void => clearInterval(timer);
  return { cancel, [Symbol.dispose]: cancel };
}

/** The wall clock and the real timers of the runtime, browsers included. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer,
  setRepeating,
  sleep: (delayMs: number, options?: SleepOptions) => sleepOn(systemClock, delayMs, options),
  track: <T>(work: Promise<T>) => work,
};
