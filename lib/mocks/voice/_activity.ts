import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/system_clock.ts";
import type { ClockHold, ClockLedger } from "../_clock_ledger.ts";

// A client that has not come back by then waits for its clock.
const QUIET_MS = 30;
// The clock then goes on in short steps, at most a twentieth of the wait each; after each the client has real time to
// come back, so that its request does not find the clock far ahead.
const STEP_MS = 10;
const STEP_RATIO = 0.05;
const RETURN_MS = 2;
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
    const count = this.#count;
    const isAway = (): boolean => count === this.#count && this.#ledger.isHolding;
    await systemClock.sleep(QUIET_MS, { keepAlive: false });
    const startMs = this.#clock.monotonicMs();
    while (isAway()) {
      await this.#lend(Math.max(STEP_MS, STEP_RATIO * (this.#clock.monotonicMs() - startMs)));
      if (isAway()) await systemClock.sleep(RETURN_MS, { keepAlive: false });
    }
  }

  async #lend(ms: number): Promise<void> {
    const enough = new AbortController();
    const time = this.#clock.sleep(ms, { signal: enough.signal, keepAlive: false }).catch(() => undefined);
    await this.#ledger.waiting(Promise.race([time, this.#next.promise]));
    enough.abort();
  }
}
