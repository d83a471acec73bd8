// This module is browser-safe.
import { type Clock, type ClockTimer, type SleepOptions, sleepOn } from "./clock.ts";
import { type ClockGoal, ClockGoals } from "./_clock_goals.ts";
import { TimerQueue } from "./_timer_queue.ts";
import { nextTurn, realMillisecond, settlesBetweenSteps, stepInTurn } from "./_turns.ts";

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

const DAY_MS = 86_400_000;

// How long work is waited for, in looks of a millisecond of real time: a short while when its time is up, longer when
// the clock has no timer at all and only the outside can go on.
const OVERTIME_LOOKS = 50;
const OUTSIDE_LOOKS = 5000;

// Most timers that fire in one turn of the event loop, so between two polls for I/O. A turn costs more than a timer:
// with 100 loops that sleep, Node 26 fires 0.75 million a second of processor time at 1 a turn, 2.1 at 8, 2.8 at 32,
// and no more at 64.
const MOST_PER_TURN = 32;
// After tracked work, more may be on its way that nobody has tracked yet: a turn for each timer, until so many have
// fired without any.
const QUIET_TIMERS = 64;

/**
 * A clock whose time passes only in {@linkcode VirtualClock.advance}. It jumps from timer to timer while nothing is
 * in flight, and stands still while something handed to {@linkcode VirtualClock.track} is: real sockets and real
 * work keep their order, idle waiting costs nothing.
 *
 * Before the next timer fires, everything that the one before set off in the queues of promise callbacks and of
 * `process.nextTick` has run, however deep. Work that is not tracked and needs the event loop (`setImmediate`, a
 * socket) is not waited for, but served: between two of its turns at most 32 timers fire, and just one during the
 * first 64 after `advance` or `advanceUntil` has set time going, or after work was tracked.
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
  readonly #goals = new ClockGoals();
  readonly #followers = new Set<Follower>();
  #elapsedMs = 0;
  #advancing = false;
  #running = false;
  /** Timers that have fired since work was tracked, or since time began to pass. */
  #quietTimers = 0;
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
    return this.#timers.add(this.#elapsedMs + Math.max(0, delayMs), callback);
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

  sleep(delayMs: number, options?: SleepOptions): Promise<void> {
    if (options?.signal || Number.isNaN(delayMs)) return sleepOn(this, delayMs, options);
    const due = this.#elapsedMs + Math.max(0, delayMs);
    return new Promise((resolve) => void this.#timers.add(due, resolve)); // as sleepOn() does, with less garbage
  }

  track<T>(work: Promise<T>, label = "work"): Promise<T> {
    const key = Symbol(label);
    this.#inFlight.set(key, label);
    this.#quietTimers = 0;
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
      await this.#reach(this.#goals.add(this.#elapsedMs + durationMs, true));
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
    const goal = this.#goals.add(this.#elapsedMs + limitMs, false);
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
      this.#goals.meet(goal);
      this.#onIdle?.();
    };
    work.then(settle, settle);
    const late = this.#reach(goal).then(() => {
      if (isSettled) return work;
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

  #reach(goal: ClockGoal): Promise<void> {
    if (!this.#running) void this.#run();
    return goal.ended;
  }

  /** Moves while anybody wants it to. */
  async #run(): Promise<void> {
    this.#running = true;
    this.#quietTimers = 0;
    try {
      for (let looks = 0; this.#goals.size > 0;) {
        const moved = (await this.#fire()) || (await this.#goOn());
        looks = moved ? 0 : looks + 1;
        if (looks > (this.#timers.size > 0 ? OVERTIME_LOOKS : OUTSIDE_LOOKS)) this.#goals.giveUp();
        else if (!moved) await realMillisecond();
      }
    } catch (error) {
      this.#goals.fail(error);
    } finally {
      this.#running = false;
    }
  }

  /** Lets a turn of the event loop pass and fires timers in it; false if none is to be fired. */
  async #fire(): Promise<boolean> {
    const isQuiet = this.#quietTimers >= QUIET_TIMERS && (await settlesBetweenSteps());
    const fired = await stepInTurn(this.#step, isQuiet ? MOST_PER_TURN : 1);
    if (this.#inFlight.size === 0) return fired > 0;
    await this.#idle();
    return true;
  }

  /** Fires the next timer, at its own moment; false if none is to be fired. */
  readonly #step = (): boolean => {
    if (this.#inFlight.size > 0) return false;
    const { stopMs, horizonMs } = this.#goals;
    const limitMs = this.#followers.size > 0 ? this.#elapsedMs : Math.min(stopMs, horizonMs);
    const timer = this.#timers.takeDue(limitMs);
    if (!timer) return false;
    if (timer.due > this.#elapsedMs) this.#elapsedMs = timer.due;
    this.#quietTimers++;
    timer.callback();
    return true;
  };

  /** Resolves when nothing is in flight, or nobody wants time to pass. */
  async #idle(): Promise<void> {
    while (this.#inFlight.size > 0 && this.#goals.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onIdle = resolve;
      await promise;
      this.#onIdle = undefined;
      await nextTurn(); // what the finished work set off may track more
    }
  }

  /** Moves to the next moment at which something is to be done, when that is not a timer's; false if there is none. */
  async #goOn(): Promise<boolean> {
    const { stopMs, horizonMs } = this.#goals;
    let stepMs = Infinity;
    for (const { maxStepMs } of this.#followers) stepMs = Math.min(stepMs, maxStepMs);
    const dueMs = this.#timers.nextDue(horizonMs) ?? Infinity;
    const nextMs = Math.min(dueMs, stopMs, this.#elapsedMs + stepMs);
    if (!(nextMs <= horizonMs)) return false;
    const durationMs = nextMs - this.#elapsedMs;
    if (durationMs > 0) {
      if (this.#followers.size > 0) await this.#lead(durationMs);
      this.#elapsedMs = nextMs;
    }
    if (dueMs > nextMs) this.#goals.reach(nextMs);
    return true;
  }

  async #lead(durationMs: number): Promise<void> {
    await Promise.all(Array.from(this.#followers, ({ advance }) => advance(durationMs)));
  }
}
