import type { Clock } from "../base/clock.ts";
import { DeadlineError } from "../base/deadline.ts";
import { systemClock } from "../base/system_clock.ts";
import { VirtualClock } from "../base/virtual_clock.ts";

// What runs on real time only (a connection, a heartbeat) is given this long beside the time of the clock.
const REAL_PATIENCE_MS = 3000;
const LOOK_MS = 5;
const LOOK_SHARE = 200;
const DAY_MS = 86_400_000;

/** The time of one environment: a virtual clock that is moved on while somebody waits, or the real one. */
export class EnvironmentTime {
  readonly clock: Clock;
  readonly virtualClock: VirtualClock | undefined;

  constructor(time: "virtual" | "system") {
    this.virtualClock = time === "virtual" ? new VirtualClock() : undefined;
    this.clock = this.virtualClock ?? systemClock;
  }

  /** Lets time pass. */
  async advance(durationMs: number): Promise<void> {
    if (!this.virtualClock) return await systemClock.sleep(durationMs);
    await this.virtualClock.advanceUntil(this.virtualClock.sleep(durationMs), { limitMs: durationMs + 1 });
  }

  /** Result of `work`; time passes meanwhile. */
  async run<T>(work: Promise<T>, limitMs: number = 10 * DAY_MS): Promise<T> {
    return await (this.virtualClock ? this.virtualClock.advanceUntil(work, { limitMs }) : work);
  }

  /**
   * Result of `work`, which is expected to need real time only: the clock stands still, whoever else moves it, and
   * moves when it takes longer than that.
   *
   * @param signal Gives it up; it then rejects with `signal.reason`.
   */
  async runSoon<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
    const soon = new AbortController();
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    const giveUp = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", giveUp, { once: true });
    const either = Promise.race([work, givenUp]);
    const patience = systemClock.sleep(REAL_PATIENCE_MS, { signal: soon.signal });
    void this.clock.track(
      patience.catch(() => undefined),
      "work that needs no time",
    );
    const late = patience.then(
      () => this.run(either),
      () => either,
    );
    try {
      return await Promise.race([either, late]);
    } finally {
      soon.abort();
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /**
   * Resolves when `holds` does. Time passes in small steps, with a look after each; when it is up, real time is
   * waited for a while longer, as wires run on that.
   *
   * @throws {DeadlineError} If it did not hold in time.
   */
  async until(what: string, timeoutMs: number, holds: () => boolean | Promise<boolean>): Promise<void> {
    const startMs = this.clock.monotonicMs();
    const startRealMs = systemClock.monotonicMs();
    const isLeft = (): boolean => this.clock.monotonicMs() - startMs < timeoutMs;
    while (!(await holds())) {
      const isPatient = systemClock.monotonicMs() - startRealMs < REAL_PATIENCE_MS;
      if (!isLeft() && !(this.virtualClock && isPatient)) {
        throw new DeadlineError(`see that ${what}`, timeoutMs);
      }
      await systemClock.sleep(LOOK_MS);
      if (this.virtualClock && isLeft()) await this.advance(timeoutMs / LOOK_SHARE);
    }
  }
}
