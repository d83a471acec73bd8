import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/system_clock.ts";
import type { ClockHold, ClockLedger } from "../_clock_ledger.ts";
import { lendInSteps } from "../_lend_in_steps.ts";

// A client that has not come back by then waits for its clock.
const QUIET_MS = 30;
// How long what follows from an answer that nobody is known to wait for may take: speech that is to be heard.
const AFTERMATH_MS = 50;

/**
 * What the client does, request or message. One that was refused may wait a while before it tries again: on a virtual
 * clock that is held for it, it would wait forever. So its wait lends the hold to the clock until it does something.
 */
export class Activity {
  readonly #clock: Clock;
  readonly #ledger: ClockLedger;
  #next = Promise.withResolvers<void>();
  #count = 0;
  #aftermath: ClockHold | undefined;

  constructor(clock: Clock, ledger: ClockLedger) {
    this.#clock = clock;
    this.#ledger = ledger;
  }

  /** The client did something. */
  note(): void {
    this.#count++;
    this.#aftermath?.[Symbol.dispose]();
    this.#aftermath = undefined;
    this.#next.resolve();
    this.#next = Promise.withResolvers<void>();
    this.#ledger.progress();
  }

  /** The client got an answer: holds the clock until it does what follows from it, unless it is held already. */
  answered(): void {
    this.#ledger.progress();
    if (this.#ledger.isHolding) return;
    this.#aftermath = this.#ledger.hold("what follows from an answer of voice", AFTERMATH_MS);
  }

  /** Lets the clock go on while the client, which was refused, does nothing. */
  async awaitReturn(): Promise<void> {
    if (this.#clock === systemClock) return;
    const [count, next] = [this.#count, this.#next.promise];
    await systemClock.sleep(QUIET_MS, { keepAlive: false });
    if (count === this.#count) await lendInSteps(this.#clock, this.#ledger, next);
  }
}
