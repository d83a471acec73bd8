import type { Clock } from "../../lib/base/clock.ts";
import type { BreakerState } from "../../lib/base/platform_health.ts";

/** A call was refused because the platform has been failing. */
export class BreakerOpenError extends Error {
  override readonly name: string = "BreakerOpenError";
}

/** Keeps a failing platform apart: after some failures in a row it refuses, then lets one trial through. */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #threshold: number;
  readonly #coolDownMs: number;
  #failures = 0;
  #openedAt: number | undefined;
  #trying = false;

  constructor(
    clock: Clock,
    options: { readonly failureThreshold?: number; readonly coolDownMs?: number } = {},
  ) {
    const { failureThreshold = 5, coolDownMs = 30_000 } = options;
    this.#clock = clock;
    this.#threshold = failureThreshold;
    this.#coolDownMs = coolDownMs;
  }

  get state(): BreakerState {
    if (this.#openedAt === undefined) return "closed";
    return this.retryInMs > 0 ? "open" : "half-open";
  }

  /** Until the next trial may be made; 0 when a call may be made now. */
  get retryInMs(): number {
    if (this.#openedAt === undefined) return 0;
    return Math.max(0, this.#openedAt + this.#coolDownMs - this.#clock.monotonicMs());
  }

  /** @throws {BreakerOpenError} When open, or half-open with a trial under way; else what `work` throws. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const trial = this.#openedAt !== undefined;
    if (trial && (this.#trying || this.retryInMs > 0))
      throw new BreakerOpenError("Cannot call: the breaker is open");
    this.#trying ||= trial;
    try {
      const result = await work();
      // a call from before the breaker opened says nothing about the platform now
      if (trial || this.#openedAt === undefined) this.reset();
      return result;
    } catch (error) {
      if (trial || ++this.#failures >= this.#threshold) this.#openedAt = this.#clock.monotonicMs();
      throw error;
    } finally {
      if (trial) this.#trying = false;
    }
  }

  /** Closes the breaker: the platform was seen to work. */
  reset(): void {
    this.#failures = 0;
    this.#openedAt = undefined;
  }
}
