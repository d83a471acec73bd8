import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/system_clock.ts";

const DAY_MS = 86_400_000;

/** Options of {@linkcode IdentifyLimits}. */
export interface IdentifyLimitOptions {
  readonly clock: Clock;
  /** Shards that may identify in one window, each in a bucket of its own. */
  readonly maxConcurrency: number;
  readonly windowMs: number;
  /** Sessions that may be started in a day of the clock. */
  readonly dailyStarts: number;
}

/** The `session_start_limit` of `GET /gateway/bot`. */
export interface SessionStartLimit {
  readonly total: number;
  readonly remaining: number;
  readonly reset_after: number;
  readonly max_concurrency: number;
}

/** What becomes of an IDENTIFY. */
export type IdentifyVerdict = "granted" | "too-soon" | "exhausted";

/**
 * How often a bot may identify: once in each bucket (shard modulo `max_concurrency`) a window, and so many times a day.
 * A window is over when it is over on the clock or in real time: neither a fast nor a standing clock locks a bot out.
 *
 * @see https://discord.com/developers/docs/events/gateway#rate-limiting
 */
export class IdentifyLimits {
  readonly #options: IdentifyLimitOptions;
  readonly #lastByBucket = new Map<number, { readonly clockMs: number; readonly realMs: number }>();
  #dayStartMs: number | undefined;
  #startsToday = 0;

  constructor(options: IdentifyLimitOptions) {
    this.#options = options;
  }

  get windowMs(): number {
    return this.#options.windowMs;
  }

  take(shardId: number): IdentifyVerdict {
    const { clock, maxConcurrency, windowMs, dailyStarts } = this.#options;
    const bucket = shardId % maxConcurrency;
    const now = { clockMs: clock.monotonicMs(), realMs: systemClock.monotonicMs() };
    const last = this.#lastByBucket.get(bucket);
    const elapsedMs = last ? Math.max(now.clockMs - last.clockMs, now.realMs - last.realMs) : Infinity;
    if (elapsedMs < windowMs) return "too-soon";
    this.#beginDay();
    if (this.#startsToday >= dailyStarts) return "exhausted";
    this.#startsToday++;
    this.#lastByBucket.set(bucket, now);
    return "granted";
  }

  get sessionStartLimit(): SessionStartLimit {
    const { clock, maxConcurrency, dailyStarts } = this.#options;
    this.#beginDay();
    const start = this.#dayStartMs ?? clock.monotonicMs();
    return {
      total: dailyStarts,
      remaining: dailyStarts - this.#startsToday,
      reset_after: Math.ceil(start + DAY_MS - clock.monotonicMs()),
      max_concurrency: maxConcurrency,
    };
  }

  #beginDay(): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#dayStartMs !== undefined && this.#startsToday > 0 && nowMs - this.#dayStartMs < DAY_MS) return;
    this.#dayStartMs = nowMs;
    this.#startsToday = 0;
  }
}
