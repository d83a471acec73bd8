import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/system_clock.ts";
import type { ClockLedger } from "../_clock_ledger.ts";
import { lendInSteps } from "../_lend_in_steps.ts";

// A reader in another turn of the event loop, or in another process, gets the first part within this time: what it
// measures as time to the first byte is then right on a virtual clock, too.
const FIRST_READ_MS = 2;

/** The answer to one request, given in the time that it takes on the clock, as long as there is a reader. */
export class Answer {
  readonly response: ServerResponse;
  readonly #clock: Clock;
  readonly #ledger: ClockLedger;
  readonly #closed = new AbortController();

  constructor(clock: Clock, ledger: ClockLedger, response: ServerResponse) {
    this.#clock = clock;
    this.#ledger = ledger;
    this.response = response;
    response.once("close", () => {
      this.#closed.abort(new Error("Cannot go on with the answer: its reader is gone"));
    });
  }

  /** Whether the reader is gone. */
  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** Lets time pass. @throws If the reader is gone, or goes meanwhile. */
  async sleep(delayMs: number): Promise<void> {
    const { signal } = this.#closed;
    signal.throwIfAborted();
    if (delayMs > 0) await this.#ledger.waiting(this.#clock.sleep(delayMs, { signal, keepAlive: false }));
  }

  /**
   * Does nothing any more until the reader is gone.
   *
   * @param onLimit Called if it still waits after `limitMs` of the clock.
   */
  async stall(limitMs: number, onLimit: () => void): Promise<never> {
    const { signal } = this.#closed;
    const timer = this.#clock.setTimer(onLimit, limitMs, { keepAlive: false });
    const { promise, reject } = Promise.withResolvers<never>();
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    try {
      void lendInSteps(this.#clock, this.#ledger, promise);
      return await promise;
    } finally {
      timer.cancel();
    }
  }

  /** Sends a part, and waits until there is room for the next. */
  async write(part: Uint8Array | string): Promise<void> {
    if (this.response.write(part)) return;
    await once(this.response, "drain", { signal: this.#closed.signal });
  }

  /** Gives the reader of a first part the time to read it. */
  async letRead(): Promise<void> {
    if (this.#clock === systemClock) return;
    await this.#clock.track(
      systemClock.sleep(FIRST_READ_MS, { keepAlive: false }),
      "first part of an answer",
    );
  }
}
