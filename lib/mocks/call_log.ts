import { type Clock } from "../base/clock.ts";
import { withDeadline } from "../base/deadline.ts";
import { RingBuffer } from "../base/ring_buffer.ts";
import { systemClock } from "../base/system_clock.ts";

/** What {@linkcode CallLog} adds to each call. */
export interface LoggedCall {
  /** Position among all calls ever recorded, from 0; goes on when old calls are forgotten. */
  readonly sequence: number;
  /** When it came, in epoch milliseconds of the log's clock. */
  readonly at: number;
}

/** Options of {@linkcode CallLog}. */
export interface CallLogOptions {
  /** How many calls are kept; the oldest are forgotten first. @default {1000} */
  capacity?: number | undefined;
  /** @default {systemClock} */
  clock?: Clock | undefined;
}

/** Options of {@linkcode CallLog.waitFor}. */
export interface CallWaitOptions {
  /** On the log's clock. @default {30_000} */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * The last calls that a mock received, oldest first. Entries say what was asked, never what people wrote.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { CallLog } from "demi-health/mocks";
 *
 * const log = new CallLog<{ path: string }>({ capacity: 2 });
 * for (const path of ["/a", "/b", "/c"]) log.record({ path });
 * assert.deepEqual([...log].map((call) => call.path), ["/b", "/c"]);
 * assert.equal(log.total, 3);
 * ```
 */
export class CallLog<T extends object> implements Iterable<T & LoggedCall> {
  readonly #calls: RingBuffer<T & LoggedCall>;
  readonly #clock: Clock;
  readonly #listeners = new Set<(call: T & LoggedCall) => void>();
  #total = 0;

  /** @throws {RangeError} If `capacity` is not an integer of at least 1. */
  constructor(options: CallLogOptions = {}) {
    const { capacity = 1000, clock = systemClock } = options;
    this.#calls = new RingBuffer(capacity);
    this.#clock = clock;
  }

  /** Number of calls ever recorded, the forgotten ones included. */
  get total(): number {
    return this.#total;
  }

  /** Number of calls that are kept. */
  get length(): number {
    return this.#calls.length;
  }

  /** The call at `index`, 0 the oldest kept; a negative index counts from the newest, -1. */
  at(index: number): (T & LoggedCall) | undefined {
    return this.#calls.at(index);
  }

  /** Adds a call and tells those who wait. */
  record(call: T): void {
    const logged = { ...call, sequence: this.#total++, at: this.#clock.now() };
    this.#calls.push(logged);
    for (const listener of this.#listeners) listener(logged);
  }

  /**
   * The next call from now on for which `matches` holds.
   *
   * @throws {DeadlineError} If none came in time. Rejects with `signal.reason` when aborted.
   */
  async waitFor(
    matches: (call: T & LoggedCall) => boolean,
    options: CallWaitOptions = {},
  ): Promise<T & LoggedCall> {
    const { timeoutMs = 30_000, signal } = options;
    const { promise, resolve, reject } = Promise.withResolvers<T & LoggedCall>();
    const listener = (call: T & LoggedCall): void => {
      try {
        if (matches(call)) resolve(call);
      } catch (error) {
        reject(error); // a bad predicate is its caller's failure, not the mock's
      }
    };
    this.#listeners.add(listener);
    try {
      return await withDeadline("see the awaited call", timeoutMs, () => promise, {
        clock: this.#clock,
        signal,
      });
    } finally {
      this.#listeners.delete(listener);
    }
  }

  [Symbol.iterator](): Iterator<T & LoggedCall, void, undefined> {
    return this.#calls[Symbol.iterator]();
  }
}
