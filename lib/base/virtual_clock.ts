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

/** Options of {@linkcode VirtualClock.advanceUntil}. */
export interface AdvanceUntilOptions {
  /** Most virtual time that may pass. @default {86_400_000} */
  limitMs?: number | undefined;
}

/** Options of {@linkcode VirtualClock.follow}. */
export interface FollowOptions {
  /** Most that the clocks may be apart. @default {5000} */
  maxStepMs?: number | undefined;
}

interface Follower {
  readonly advance: (durationMs: number) => Promise<void>;
  readonly maxStepMs: number;
}

/** Somebody who waits for time to pass. */
interface Goal {
  readonly endMs: number;
  /** Whether it is met by reaching `endMs`, or by something else before. */
  readonly stopsThere: boolean;
  isMet?: boolean;
  resolve?: () => void;
  reject?: (error: unknown) => void;
}

const DAY_MS = 86_400_000;

// How long work is waited for, in looks of a millisecond of real time: a short while when its time is up, longer when
// the clock has no timer at all and only the outside can go on.
const OVERTIME_LOOKS = 50;
const OUTSIDE_LOOKS = 5000;

function outside(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
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
  readonly #goals = new Set<Goal>();
  readonly #followers = new Set<Follower>();
  #elapsedMs = 0;
  #advancing = false;
  #running = false;
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
   * @throws {Error} If another call of `advance` is under way; and whatever a timer's callback throws, with the
   *   clock standing at that timer's time.
   */
  async advance(durationMs: number): Promise<void> {
    if (!(durationMs >= 0 && Number.isFinite(durationMs))) {
      throw new RangeError(`Cannot advance clock: 'durationMs' must be finite and >= 0, got ${durationMs}`);
    }
    if (this.#advancing) throw new Error("Cannot advance clock: it is being advanced already");
    this.#advancing = true;
    try {
      await this.#reach({ endMs: this.#elapsedMs + durationMs, stopsThere: true });
    } finally {
      this.#advancing = false;
    }
  }

  /**
   * Lets time pass until `work` settles, and gives its result. Calls may overlap, also with `advance`. Time passes
   * as long as nothing is in flight: work that waits for a socket only has to be tracked, or time flies meanwhile.
   *
   * @throws {Error} If `work` has not settled after `limitMs`; and whatever it, or a timer's callback, throws.
   */
  async advanceUntil<T>(work: Promise<T>, options: AdvanceUntilOptions = {}): Promise<T> {
    const { limitMs = DAY_MS } = options;
    if (!(limitMs >= 0)) {
      throw new RangeError(`Cannot advance clock: 'limitMs' must be >= 0, got ${limitMs}`);
    }
    const goal: Goal = { endMs: this.#elapsedMs + limitMs, stopsThere: false };
    const settled = (): void => this.#meet(goal);
    work.then(settled, settled);
    const late = this.#reach(goal).then(() => {
      if (goal.isMet) return work;
      throw new Error(`Cannot advance clock: the work must settle within ${limitMs} ms, got none`);
    });
    return await Promise.race([work, late]);
  }

  /**
   * Takes a further clock along, such as that of another process: before this clock moves by some milliseconds, it
   * waits until `advance` has moved that one by as many. It then moves by no more than `maxStepMs` at a time.
   */
  follow(advance: (durationMs: number) => Promise<void>, options: FollowOptions = {}): Disposable {
    const { maxStepMs = 5000 } = options;
    if (!(maxStepMs > 0)) {
      throw new RangeError(`Cannot follow clock: 'maxStepMs' must be > 0, got ${maxStepMs}`);
    }
    const follower: Follower = { advance, maxStepMs };
    this.#followers.add(follower);
    return { [Symbol.dispose]: () => void this.#followers.delete(follower) };
  }

  async #reach(goal: Goal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    goal.resolve = resolve;
    goal.reject = reject;
    this.#goals.add(goal);
    if (!this.#running) void this.#run();
    await promise;
  }

  #meet(goal: Goal): void {
    goal.isMet = true;
    this.#goals.delete(goal);
    goal.resolve?.();
    this.#onIdle?.();
  }

  /** Moves while anybody wants it to. */
  async #run(): Promise<void> {
    this.#running = true;
    try {
      await this.#settle();
      for (let looks = 0; this.#goals.size > 0;) {
        const moved = await this.#move();
        await this.#settle();
        looks = moved ? 0 : looks + 1;
        if (looks > (this.#timers.size > 0 ? OVERTIME_LOOKS : OUTSIDE_LOOKS)) this.#giveUp();
        else if (!moved) await outside();
      }
    } catch (error) {
      for (const goal of this.#goals) goal.reject?.(error);
      this.#goals.clear();
    } finally {
      this.#running = false;
    }
  }

  /** Moves to the next moment at which something is to be done, and does it; false if there is none. */
  async #move(): Promise<boolean> {
    let [horizonMs, stopMs, stepMs] = [0, Infinity, Infinity];
    for (const { endMs, stopsThere } of this.#goals) {
      horizonMs = Math.max(horizonMs, endMs);
      if (stopsThere) stopMs = Math.min(stopMs, endMs);
    }
    for (const { maxStepMs } of this.#followers) stepMs = Math.min(stepMs, maxStepMs);
    const dueMs = this.#timers.nextDue(horizonMs);
    const nextMs = Math.min(dueMs ?? Infinity, stopMs, this.#elapsedMs + stepMs);
    if (!(nextMs <= horizonMs)) return false;
    await this.#go(nextMs);
    const timer = this.#timers.takeDue(this.#elapsedMs);
    if (timer) timer.callback();
    else this.#reached();
    return true;
  }

  async #go(toMs: number): Promise<void> {
    const durationMs = toMs - this.#elapsedMs;
    if (durationMs <= 0) return; // a timer that is overdue
    if (this.#followers.size > 0) {
      await Promise.all([...this.#followers].map((follower) => follower.advance(durationMs)));
    }
    this.#elapsedMs = toMs;
  }

  #reached(): void {
    for (const goal of this.#goals) if (goal.stopsThere && goal.endMs <= this.#elapsedMs) this.#meet(goal);
  }

  #giveUp(): void {
    for (const goal of this.#goals) {
      this.#goals.delete(goal);
      goal.resolve?.();
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
