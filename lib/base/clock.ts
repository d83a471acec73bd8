// This module is browser-safe.

/** A timer that has been set on a {@linkcode Clock}. */
export interface ClockTimer extends Disposable {
  /** Stops the timer. Cancelling twice, or after it fired, does nothing. */
  cancel(): void;
}

/** Options of {@linkcode Clock.setTimer} and {@linkcode Clock.setRepeating}. */
export interface TimerOptions {
  /**
   * Whether the timer keeps the process alive. A library's own timers pass `false`.
   *
   * @default {true}
   */
  keepAlive?: boolean | undefined;
}

/** Options of {@linkcode Clock.sleep}. */
export interface SleepOptions extends TimerOptions {
  /** Ends the sleep early; it then rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
}

/**
 * The only source of time in the library: nothing else reads the time or waits, so that seven days run in
 * minutes on a `VirtualClock` and in earnest on `systemClock`, with the same code.
 */
export interface Clock {
  /** Time since the Unix epoch, in milliseconds. May jump when the host's clock is set. */
  now(): number;
  /** Time since an arbitrary moment, in milliseconds; never goes back. */
  monotonicMs(): number;
  /** Calls `callback` once, `delayMs` from now. A negative delay counts as 0. */
  setTimer(callback: () => void, delayMs: number, options?: TimerOptions): ClockTimer;
  /** Calls `callback` every `intervalMs`, first one interval from now. */
  setRepeating(callback: () => void, intervalMs: number, options?: TimerOptions): ClockTimer;
  /** Resolves `delayMs` from now. Rejects with `signal.reason` when aborted, without being wrapped. */
  sleep(delayMs: number, options?: SleepOptions): Promise<void>;
  /**
   * Hands work that is in flight (a request on a socket, a query) to the clock and returns it. A virtual clock
   * stands still until it settles; the system clock does nothing.
   *
   * @param label Names the work when a virtual clock has to say what it waits for.
   */
  track<T>(work: Promise<T>, label?: string): Promise<T>;
}

/**
 * Sleeps with the timers of `clock`: the one implementation of {@linkcode Clock.sleep}, for clocks to share.
 *
 * @throws `signal.reason`, unwrapped, when aborted before the time is up.
 */
export function sleepOn(
  clock: Pick<Clock, "setTimer">,
  delayMs: number,
  options: SleepOptions = {},
): Promise<void> {
  const { signal, keepAlive = true } = options;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (signal?.aborted) {
    reject(signal.reason);
    return promise;
  }
  const abort = (): void => {
    timer.cancel();
    reject(signal?.reason);
  };
  const timer = clock.setTimer(
    () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    },
    delayMs,
    { keepAlive },
  );
  signal?.addEventListener("abort", abort, { once: true });
  return promise;
}
