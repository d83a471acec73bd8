import { LoadPlan, type LoadPlanOptions, type ResumeLoadOptions } from "./load_plan.ts";
import { type LoadReport, type LoadRunOptions, type LoadTarget, runLoad } from "./load_run.ts";

/** Options of {@linkcode LoadGenerator}. */
export interface LoadGeneratorOptions extends LoadPlanOptions {
  /** How long a reply is waited for, on the clock. @default {60_000} */
  readonly timeoutMs?: number | undefined;
}

/**
 * Users who write at their own times, whether they are answered or not: an open model. A message that waits because
 * the one before it is not answered yet counts from the moment for which it was scheduled, so that a companion that
 * hangs cannot hide it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { LoadGenerator } from "demi-health/harness";
 *
 * const load = new LoadGenerator({ pattern: "active", seed: 7 });
 * const day = [...load.plan(24 * 3_600_000)];
 * assert.ok(Math.abs(day.length - 960) < 150);
 * assert.equal(load.plan(3_600_000).hash, load.plan(3_600_000).hash);
 * ```
 *
 * @example Three who drop in, and one who chats in the evenings, in Tokyo
 * ```ts
 * import assert from "node:assert/strict";
 * import { EVENING_WEIGHTS, LoadGenerator } from "demi-health/harness";
 *
 * const evenings = {
 *   messagesPerHour: 5, // in the mean hour of a day
 *   timeOfDay: { weights: EVENING_WEIGHTS, utcOffsetHours: 9 },
 *   bursts: { messages: 6 },
 * };
 * const load = new LoadGenerator({
 *   seed: 7,
 *   mix: [
 *     { pattern: "casual", users: 3, rate: 0.5 },
 *     { pattern: evenings, users: ["yui"], platforms: { android: 1 } },
 *   ],
 * });
 * assert.deepEqual(load.plan(0).users, ["user1", "user2", "user3", "yui"]);
 * ```
 */
export class LoadGenerator {
  readonly #options: LoadGeneratorOptions;

  /** @throws {RangeError} If a number or a name is out of its range. */
  constructor(options: LoadGeneratorOptions = {}) {
    const { timeoutMs = 60_000 } = options;
    if (!(timeoutMs > 0)) {
      throw new RangeError(`Cannot make load generator: 'timeoutMs' must be > 0, got ${timeoutMs}`);
    }
    this.#options = options;
    this.plan(0); // fails now, and not when it runs
  }

  /**
   * The messages of so many milliseconds, made as they are read: the same for the same options.
   *
   * @throws {RangeError} If `durationMs` is negative, or `from` is of a plan with other options.
   */
  plan(durationMs: number, options: ResumeLoadOptions = {}): LoadPlan {
    return new LoadPlan(durationMs, { ...this.#options, from: options.from });
  }

  /** Sends what is planned, each message at its moment, and resolves when the last is answered or given up. */
  run(target: LoadTarget, options: LoadRunOptions & ResumeLoadOptions): Promise<LoadReport> {
    const { timeoutMs = 60_000 } = this.#options;
    const { from, ...running } = options;
    return runLoad(target, this.plan(options.durationMs, { from }), { timeoutMs, ...running });
  }
}
