import { systemClock } from "../../base/system_clock.ts";

/** How many requests a bucket takes in a window. */
export interface RateLimit {
  readonly limit: number;
  readonly windowMs: number;
}

interface Bucket {
  readonly id: string;
  remaining: number;
  resetsAtMs: number;
}

/** What a request found in its bucket. */
export interface RateLimitVerdict {
  readonly allowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly retryAfterSeconds: number;
}

const MAX_BUCKETS = 1000;

/**
 * Buckets of requests, one a route and major parameter, in real time: clients wait for them with their own timers.
 *
 * @see https://discord.com/developers/docs/topics/rate-limits
 */
export class RateLimits {
  readonly #limit: RateLimit;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: RateLimit) {
    this.#limit = limit;
  }

  take(method: string, path: string): RateLimitVerdict {
    const bucket = this.#bucket(`${method} ${toRoute(path)}`);
    const nowMs = systemClock.monotonicMs();
    if (bucket.resetsAtMs <= nowMs) {
      bucket.remaining = this.#limit.limit;
      bucket.resetsAtMs = nowMs + this.#limit.windowMs;
    }
    const allowed = bucket.remaining > 0;
    if (allowed) bucket.remaining--;
    const retryAfterSeconds = (bucket.resetsAtMs - nowMs) / 1000;
    return { allowed, retryAfterSeconds, headers: this.#headers(bucket, retryAfterSeconds, allowed) };
  }

  // Clients disagree on which of these they read; `Via` makes one of them believe that the answer is Discord's own.
  #headers(bucket: Bucket, resetAfter: number, allowed: boolean): Record<string, string> {
    return {
      Via: "1.1 google",
      "X-RateLimit-Limit": String(this.#limit.limit),
      "X-RateLimit-Remaining": String(bucket.remaining),
      "X-RateLimit-Reset": (systemClock.now() / 1000 + resetAfter).toFixed(3),
      "X-RateLimit-Reset-After": resetAfter.toFixed(3),
      "X-RateLimit-Bucket": bucket.id,
      ...(!allowed && { "X-RateLimit-Scope": "user", "Retry-After": String(Math.ceil(resetAfter)) }),
    };
  }

  #bucket(key: string): Bucket {
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      if (this.#buckets.size >= MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!);
      const [route] = key.split(" major:");
      bucket = { id: Buffer.from(route!).toString("hex").slice(-32), remaining: 0, resetsAtMs: 0 };
      this.#buckets.set(key, bucket);
    }
    return bucket;
  }
}

// `/channels/1/messages/2` → `/channels/:id/messages/:id major:1`
function toRoute(path: string): string {
  const major = /^\/(?:channels|guilds|webhooks)\/(\d+)/.exec(path)?.[1] ?? "";
  const route = path.replace(/\/reactions\/.*$/, "/reactions").replace(/\/\d{5,}/g, "/:id");
  return `${route} major:${major}`;
}
