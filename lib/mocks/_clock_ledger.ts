import type { Clock, ClockTimer } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";

/** Something that a companion was given and has not answered yet. Disposing it twice does nothing. */
export interface ClockHold extends Disposable {
  /** False once it was disposed or its patience is over. */
  readonly isOpen: boolean;
}

/** Options of {@linkcode ClockLedger.hold}. */
export interface HoldOptions {
  /** Whether what is held for runs on real time, as a reconnection does, so that quiet means nothing. @default {false} */
  readonly standsStill?: boolean | undefined;
}

interface OpenHold {
  readonly standsStill: boolean;
  readonly label: string;
  readonly expiresAtMs: number;
}

// Long enough for a companion on a busy machine to turn a message into a request, short enough that a message queued
// behind another one costs little.
const QUIET_MS = 20;

const DEFAULT_PATIENCE_MS = 5000;

// A look that comes so late tells that this machine is too busy for quiet to mean anything: the companion waits for it, too.
const LATE_MS = 1.4 * QUIET_MS;

// A companion that pauses on the clock before it asks or answers, as one that pretends to type does, is quiet, too. After
// so many looks time passes for it in short steps, each to the next timer: one that is only slow loses little by that.
const QUIET_LOOKS = 3;
const STEP_MS = 250;
const STEP_TURNS = 10;

const CLOSED: ClockHold = { isOpen: false, [Symbol.dispose]: () => {} };

const ledgers = new WeakMap<Clock, ClockLedger>();

/**
 * Decides for all mocks on one clock when it must stand still. A message that was delivered holds the clock until
 * its reply is read; but the LLM that the companion asks meanwhile sleeps on the same clock, so each such wait lends
 * one hold to the clock: it stands while there are more holds than waits. What a companion queues looks like a hold
 * without a wait: when nothing happens for {@linkcode QUIET_MS} of real time while others wait, it is set aside
 * until the next message, request or reply. When nobody waits, and all is quiet, time passes in short steps. A hold
 * that nobody answers ends after its patience, in real time.
 */
export class ClockLedger {
  readonly #clock: Clock;
  readonly #holds = new Set<OpenHold>();
  #waiting = 0;
  #setAside = 0;
  #quietSinceMs = 0;
  #quietLooks = 0;
  #lookedMs = 0;
  #release: (() => void) | undefined;
  #watch: ClockTimer | undefined;

  private constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The ledger that all mocks on `clock` share. */
  static of(clock: Clock): ClockLedger {
    let ledger = ledgers.get(clock);
    if (!ledger) ledgers.set(clock, (ledger = new ClockLedger(clock)));
    return ledger;
  }

  /** Holds the clock until the result is disposed, at most `patienceMs` of real time. */
  hold(label: string, patienceMs: number = DEFAULT_PATIENCE_MS, options: HoldOptions = {}): ClockHold {
    const { standsStill = false } = options;
    if (this.#clock === systemClock) return CLOSED; // real time cannot be held
    const hold: OpenHold = { label, standsStill, expiresAtMs: systemClock.monotonicMs() + patienceMs };
    this.#holds.add(hold);
    this.progress();
    const holds = this.#holds;
    return {
      get isOpen() {
        return holds.has(hold);
      },
      [Symbol.dispose]: () => {
        if (this.#holds.delete(hold)) this.progress();
      },
    };
  }

  /** Whether anything delivered is not answered yet. */
  get isHolding(): boolean {
    return this.#holds.size > 0;
  }

  /** Whether nothing delivered waits for an answer, and no mock is at work on one. */
  get isQuiet(): boolean {
    return this.#holds.size === 0 && this.#waiting === 0;
  }

  /** Says that a companion did something, so that what was set aside may have moved, too. */
  progress(): void {
    this.#setAside = 0;
    this.#update();
  }

  /** Result of `work`, which waits for the clock on behalf of something delivered. */
  async waiting<T>(work: Promise<T>): Promise<T> {
    this.#waiting++;
    this.#update();
    try {
      return await work;
    } finally {
      this.#waiting--;
      this.#update();
    }
  }

  #update(): void {
    this.#quietSinceMs = systemClock.monotonicMs();
    this.#quietLooks = 0;
    if (this.#holds.size - this.#setAside > this.#waiting) this.#take();
    else this.#letGo();
  }

  #take(): void {
    if (this.#release) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#release = resolve;
    const [first] = this.#holds;
    this.#lookedMs = systemClock.monotonicMs();
    void this.#clock.track(promise, first?.label);
    this.#watch = systemClock.setRepeating(() => this.#look(), QUIET_MS, { keepAlive: false });
  }

  #letGo(): void {
    this.#watch?.cancel();
    this.#watch = undefined;
    this.#release?.();
    this.#release = undefined;
  }

  #look(): void {
    const nowMs = systemClock.monotonicMs();
    const before = this.#holds.size;
    for (const hold of this.#holds) if (hold.expiresAtMs <= nowMs) this.#holds.delete(hold);
    if (this.#holds.size < before) return this.progress();
    const isLate = nowMs - this.#lookedMs > LATE_MS;
    this.#lookedMs = nowMs;
    if (isLate) {
      this.#quietSinceMs = nowMs;
      this.#quietLooks = 0;
    }
    if (nowMs - this.#quietSinceMs < QUIET_MS) return;
    if (this.#waiting === 0) return this.#step();
    this.#setAside = this.#holds.size - this.#waiting;
    this.#letGo();
  }

  /** Lets the clock go to its next timer, no further than {@linkcode STEP_MS}. */
  #step(): void {
    if (++this.#quietLooks < QUIET_LOOKS || this.#holds.values().some((hold) => hold.standsStill)) return;
    const startMs = this.#clock.monotonicMs();
    const bound = this.#clock.setTimer(() => {}, STEP_MS, { keepAlive: false });
    this.#letGo();
    let turns = 0;
    const look = (): void => {
      const hasMoved = this.#clock.monotonicMs() !== startMs;
      if (!hasMoved && !this.#release && ++turns < STEP_TURNS) return void setImmediate(look);
      bound.cancel();
      if (this.#holds.size - this.#setAside > this.#waiting) this.#take();
    };
    setImmediate(look);
  }
}
