import { systemClock } from "../../base/system_clock.ts";
import type { ClockLedger } from "../_clock_ledger.ts";

// A client that has not come back by then waits for its clock.
const QUIET_MS = 30;

/**
 * What the client does, request or message. One that was refused may wait a while before it tries again: on a virtual
 * clock that is held for it, it would wait forever. So its wait lends the hold to the clock until it does something.
 */
export class Activity {
  readonly #ledger: ClockLedger;
  #next = Promise.withResolvers<void>();
  #count = 0;

  constructor(ledger: ClockLedger) {
    this.#ledger = ledger;
  }

  /** The client did something. */
  note(): void {
    this.#count++;
    this.#next.resolve();
    this.#next = Promise.withResolvers<void>();
    this.#ledger.progress();
  }

  /** Lets the clock go on while the client, which was refused, does nothing. */
  async awaitReturn(): Promise<void> {
    const count = this.#count;
    await systemClock.sleep(QUIET_MS, { keepAlive: false });
    if (count === this.#count) await this.#ledger.waiting(this.#next.promise);
  }
}
