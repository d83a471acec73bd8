import type { ClockHold, ClockLedger } from "../_clock_ledger.ts";
import type { GatewaySession } from "./_gateway_session.ts";

/**
 * Clients that were thrown out and are expected back. They come back on their own real timers, so a virtual clock is
 * held until they do: a reconnection that takes half a second must not look like one of hours.
 */
export class Reconnections {
  readonly #ledger: ClockLedger;
  readonly #patienceMs: number;
  readonly #holds: ClockHold[] = [];
  readonly #waiters = new Set<() => void>();

  constructor(ledger: ClockLedger, patienceMs: number) {
    this.#ledger = ledger;
    this.#patienceMs = patienceMs;
  }

  /** `sessions` are lost from now on, and as many are expected back. */
  expect(sessions: readonly GatewaySession[]): void {
    for (const { id } of sessions) {
      const label = `reconnection of session ${id}`;
      this.#holds.push(this.#ledger.hold(label, this.#patienceMs, { standsStill: true }));
    }
  }

  /** One is back: under its old session or, if that could not be resumed, under a new one. */
  returned(_session: GatewaySession): void {
    this.#holds.shift()?.[Symbol.dispose]();
    for (const waiter of this.#waiters) waiter();
    this.#waiters.clear();
  }

  /** Resolves when the next one is back. */
  async next(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.add(resolve);
    signal.addEventListener("abort", () => this.#waiters.delete(resolve), { once: true });
    return promise;
  }

  releaseAll(): void {
    for (const hold of this.#holds.splice(0)) hold[Symbol.dispose]();
  }
}
