// This module is browser-safe.
import { type Clock, type ClockTimer, type SleepOptions, sleepOn } from "./clock.ts";
import { TimerQueue } from "./_timer_queue.ts";

/** Options of {@linkcode VirtualClock}. */
export interface VirtualClockOptions {
  /**
   * The first value of `now()`, in milliseconds since the Unix epoch.
   *
   * @default {Date.UTC(2026, 0, 1)}
   */
  startMs?: number | undefined;
}

// One turn of the event loop lets every promise callback that is already due run. `setImmediate` is a few
// times faster than a 1 ms timer and exists on the three server runtimes; browsers fall back to a timer.
const immediate = (globalThis as { setImmediate?: (callback: () => void) => unknown }).setImmediate;
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (immediate) immediate(resolve);
    else setTimeout(resolve, 0);
  });
}

/**
 * A clock whose time passes only in {@linkcode VirtualClock.advance}. It jumps from timer to timer while nothing is
 * in flight, and stands still while something handed to {@linkcode VirtualClock.track} is: real sockets and real
 * work keep their order, idle waiting costs nothing.
 *
 * @example A day of hourly ticks
 * ```ts
 * import assert from "node:assert/strict";
 * import { VirtualClock } from "demi-health/base";
 *
 * const clock = new VirtualClock();
 * let ticks = 0;
 * clock.setRepeating(() => ticks++, 3_600_000);
 * await clock.advance(24 * 3_600_000);
 * assert.equal(ticks, 24);
 * ```
 */
export class VirtualClock implements Clock {
  readonly #startMs: number;
  readonly #timers = new TimerQueue();
  readonly #inFlight = new Map<symbol, string>();
  #elapsedMs = 0;
  #advancing = false;
  #onIdle: (() => void) | undefined;

  constructor(options: VirtualClockOptions = {}) {
    const { startMs = Date.UTC(2026, 0, 1) } = options;
    if (!Number.isFinite(startMs)) {
      throw new RangeError(`Cannot make clock: 'startMs' must be finite, got ${startMs}`);
    }
    this.#startMs = startMs;
  }

  /** Labels of the tracked work that holds the clock now. */
  get inFlight(): readonly string[] {
    return [...this.#inFlight.values()];
  }

  /** Number of timers that are set and not yet due. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  now(): number {
    return Math.floor(this.#startMs + this.#elapsedMs); // whole, as of Date.now(): programs store it as an integer
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  setTimer(callback: () => void, delayMs: number): ClockTimer {
    if (Number.isNaN(delayMs))
      throw new RangeError(`Cannot set timer: 'delayMs' must be a number, got ${delayMs}`);
    const timer = this.#timers.add(this.#elapsedMs + Math.max(0, delayMs), callback);
    const cancel = (): void => this.#timers.remove(timer);
    return { cancel, [Symbol.dispose]: cancel };
  }

  setRepeating(callback: () => void, intervalMs: number): ClockTimer {
    if (!(intervalMs > 0))
      throw new RangeError(`Cannot set timer: 'intervalMs' must be > 0, got ${intervalMs}`);
    let timer = this.setTimer(fire, intervalMs);
    const rearm = (): void => {
      timer = this.setTimer(fire, intervalMs);
    };
    function fire(): void {
      rearm(); // before the callback, so that the callback can cancel
      callback();
    }
    const cancel = (): void => timer.cancel();
    return { cancel, [Symbol.dispose]: cancel };
  }

  sleep(delayMs: number, options: SleepOptions = {}): Promise<void> {
    return sleepOn(this, delayMs, options);
  }

  track<T>(work: Promise<T>, label = "work"): Promise<T> {
    const key = Symbol(label);
    this.#inFlight.set(key, label);
    const done = (): void => {
      this.#inFlight.delete(key);
      if (this.#inFlight.size === 0) this.#onIdle?.();
    };
    void work.finally(done).catch(() => {}); // whose work it is handles its failure
    return work;
  }

  /**
   * Lets `durationMs` pass: every timer due in that time fires at its own moment, in order of its due time and
   * then of its setting, each after what the one before started has settled.
   *
   * @throws {RangeError} If `durationMs` is negative or not finite.
   * @throws {Error} If the clock is being advanced already; and whatever a timer's callback throws, with the
   *   clock standing at that timer's time.
   */
  async advance(durationMs: number): Promise<void> {
    if (!(durationMs >= 0 && Number.isFinite(durationMs))) {
      throw new RangeError(`Cannot advance clock: 'durationMs' must be finite and >= 0, got ${durationMs}`);
    }
    if (this.#advancing) throw new Error("Cannot advance clock: it is being advanced already");
    this.#advancing = true;
    try {
      const end = this.#elapsedMs + durationMs;
      await this.#settle();
      for (let timer = this.#timers.takeDue(end); timer; timer = this.#timers.takeDue(end)) {
        this.#elapsedMs = timer.due;
        timer.callback();
        await this.#settle();
      }
      this.#elapsedMs = end;
    } finally {
      this.#advancing = false;
    }
  }

  async #settle(): Promise<void> {
    await nextTurn();
    while (this.#inFlight.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onIdle = resolve;
      await promise;
      this.#onIdle = undefined;
      await nextTurn(); // what the finished work set off may track more
    }
  }
}
