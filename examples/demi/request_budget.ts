import type { Clock } from "../../lib/base/clock.ts";

const SECOND_MS = 1000;

/** Lets through so many requests a second of the clock; who comes too soon waits for the next one. */
export class RequestBudget {
  readonly #clock: Clock;
  readonly #perSecond: number;
  #secondEndsMs = -Infinity;
  #left = 0;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  async take(): Promise<void> {
    for (;;) {
      const nowMs = this.#clock.monotonicMs();
      if (nowMs >= this.#secondEndsMs) {
        this.#secondEndsMs = nowMs + SECOND_MS;
        this.#left = this.#perSecond;
      }
      if (this.#left-- > 0) return;
      await this.#clock.sleep(this.#secondEndsMs - nowMs, { keepAlive: false });
    }
  }
}
