import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/system_clock.ts";
import { elapsedMs, type Moment, momentOf } from "../_moment.ts";

/** How many requests a bucket takes in a window. */
export interface RateLimit {
  readonly limit: number;
  readonly windowMs: number;
}

/** Whom a limit is about: the bot in one bucket, everybody in one resource, the bot everywhere. */
export type RateLimitScope = "user" | "shared" | "global";

/** A 429 that is ordered, with what it says. */
export interface RateLimitOrder {
  readonly scope: RateLimitScope;
  readonly retryAfterMs: number;
  /** How many refusals, each followed by its time of waiting. */
  readonly times: number;
  readonly matches: (request: LimitedRequest) => boolean;
}

/** What a limit has to know of a request. */
export interface LimitedRequest {
  readonly method: string;
  readonly path: string;
  /** The route, such as `/channels/:channel/messages`. */
  readonly pattern: string;
  /** Equal for requests that are the same, body included. */
  readonly identity: string;
  /** Whether the global limit passes it over, as it does interactions. */
  readonly isExempt: boolean;
}

/** A refusal that is still valid. */
interface Refusal {
  readonly at: Moment;
  readonly retryAfterMs: number;
  readonly scope: RateLimitScope;
  /** How often each request was refused by it. */
  readonly refused: Map<string, number>;
}

interface Bucket {
  readonly id: string;
  remaining: number;
  startedAt: Moment;
  refusal: Refusal | undefined;
}

/** What a request found in its bucket. */
export interface RateLimitVerdict {
  readonly headers: Readonly<Record<string, string>>;
  /** Why it is refused, if it is. */
  readonly refused?: { readonly scope: RateLimitScope; readonly retryAfterSeconds: number } | undefined;
  /** Milliseconds that the client had been told to wait still, when it cannot but have known. */
  readonly tooEarlyMs?: number | undefined;
}

const MAX_BUCKETS = 1000;
const TOLERANCE_MS = 50;
// What was on its way when the refusal was sent has arrived by then.
const IN_FLIGHT_MS = 250;
const SURELY_READ = 2;

/**
 * Buckets of requests, one a route and major parameter, and one for all. Time is that of whichever clock went on
 * further, so that a client may wait on either.
 *
 * @see https://discord.com/developers/docs/topics/rate-limits
 */
export class RateLimits {
  readonly #clock: Clock;
  readonly #limit: RateLimit;
  readonly #globalLimit: RateLimit;
  readonly #buckets = new Map<string, Bucket>();
  readonly #orders: { order: RateLimitOrder; left: number }[] = [];
  readonly #global: Bucket;

  constructor(clock: Clock, limit: RateLimit, globalLimit: RateLimit) {
    this.#clock = clock;
    this.#limit = limit;
    this.#globalLimit = globalLimit;
    this.#global = newBucket("global", globalLimit, momentOf(clock));
  }

  /** The next requests that match are refused. */
  order(order: RateLimitOrder): void {
    this.#orders.push({ order, left: order.times });
  }

  take(request: LimitedRequest): RateLimitVerdict {
    const now = momentOf(this.#clock);
    const bucket = this.#bucket(toKey(request), now);
    const blocking = [request.isExempt ? undefined : this.#global, bucket];
    for (const each of blocking) {
      if (each) this.#refill(each, now);
      if (each?.refusal) return this.#refuse(request, bucket, each.refusal, now);
    }
    const refusal = this.#ordered(request, bucket, now) ?? this.#exhausted(request, bucket, now);
    if (refusal) return this.#refuse(request, bucket, refusal, now);
    bucket.remaining--;
    if (!request.isExempt) this.#global.remaining--;
    return { headers: this.#headers(bucket, now) };
  }

  #refill(bucket: Bucket, now: Moment): void {
    const { refusal } = bucket;
    if (refusal && elapsedMs(refusal.at, now) >= refusal.retryAfterMs) bucket.refusal = undefined;
    const { limit, windowMs } = bucket === this.#global ? this.#globalLimit : this.#limit;
    if (elapsedMs(bucket.startedAt, now) < windowMs) return;
    bucket.remaining = limit;
    bucket.startedAt = now;
  }

  #ordered(request: LimitedRequest, bucket: Bucket, now: Moment): Refusal | undefined {
    const index = this.#orders.findIndex(({ order }) => order.matches(request));
    const found = this.#orders[index];
    if (!found) return undefined;
    if (--found.left === 0) this.#orders.splice(index, 1);
    const { scope, retryAfterMs } = found.order;
    return this.#block(scope === "global" ? this.#global : bucket, scope, retryAfterMs, now);
  }

  #exhausted(request: LimitedRequest, bucket: Bucket, now: Moment): Refusal | undefined {
    const left = ({ startedAt }: Bucket, { windowMs }: RateLimit): number =>
      windowMs - elapsedMs(startedAt, now);
    if (!request.isExempt && this.#global.remaining <= 0) {
      return this.#block(this.#global, "global", left(this.#global, this.#globalLimit), now);
    }
    if (bucket.remaining > 0) return undefined;
    return this.#block(bucket, "user", left(bucket, this.#limit), now);
  }

  #block(bucket: Bucket, scope: RateLimitScope, retryAfterMs: number, at: Moment): Refusal {
    const refusal: Refusal = { at, retryAfterMs, scope, refused: new Map() };
    bucket.refusal = refusal;
    return refusal;
  }

  #refuse(request: LimitedRequest, bucket: Bucket, refusal: Refusal, now: Moment): RateLimitVerdict {
    const { at, retryAfterMs, scope, refused } = refusal;
    const sinceMs = elapsedMs(at, now);
    const leftMs = Math.max(retryAfterMs - sinceMs, 1);
    const times = refused.get(request.identity) ?? 0;
    refused.set(request.identity, times + 1);
    // Typing has no body: many may be on their way at once.
    const isRepeated = times >= SURELY_READ && !request.pattern.endsWith("/typing");
    const isTooEarly = leftMs > TOLERANCE_MS && (sinceMs > IN_FLIGHT_MS || isRepeated);
    return {
      headers: this.#headers(bucket, now, { scope, leftMs }),
      refused: { scope, retryAfterSeconds: leftMs / 1000 },
      tooEarlyMs: isTooEarly ? leftMs : undefined,
    };
  }

  // Clients disagree on which of these they read; `Via` makes one of them believe that the answer is Discord's own.
  #headers(
    bucket: Bucket,
    now: Moment,
    refused?: { readonly scope: RateLimitScope; readonly leftMs: number },
  ): Record<string, string> {
    const windowLeftMs = this.#limit.windowMs - elapsedMs(bucket.startedAt, now);
    const resetAfter = Math.max(refused?.leftMs ?? windowLeftMs, 0) / 1000;
    return {
      Via: "1.1 google",
      "X-RateLimit-Limit": String(this.#limit.limit),
      "X-RateLimit-Remaining": refused ? "0" : String(bucket.remaining),
      "X-RateLimit-Reset": (systemClock.now() / 1000 + resetAfter).toFixed(3),
      "X-RateLimit-Reset-After": resetAfter.toFixed(3),
      "X-RateLimit-Bucket": bucket.id,
      ...(refused && { "X-RateLimit-Scope": refused.scope, "Retry-After": String(Math.ceil(resetAfter)) }),
      ...(refused?.scope === "global" && { "X-RateLimit-Global": "true" }),
    };
  }

  #bucket(key: string, now: Moment): Bucket {
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      if (this.#buckets.size >= MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!);
      const [route] = key.split(" major:");
      bucket = newBucket(Buffer.from(route!).toString("hex").slice(-32), this.#limit, now);
      this.#buckets.set(key, bucket);
    }
    return bucket;
  }
}

function newBucket(id: string, { limit }: RateLimit, now: Moment): Bucket {
  return { id, remaining: limit, startedAt: now, refusal: undefined };
}

// The first id of these paths has buckets of its own; of a webhook its secret, too.
function toKey({ method, path, pattern }: LimitedRequest): string {
  const [, major] = /^\/(?:channels|guilds|webhooks|interactions)\/(\d+(?:\/[\w-]{20,})?)/.exec(path) ?? [];
  return `${method} ${pattern.replace(/\/reactions\/.*$/, "/reactions")} major:${major ?? ""}`;
}
