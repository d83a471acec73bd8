import { exp, log } from "../../base/math.ts";

/** Quantiles of what was measured, in milliseconds. */
export interface LatencyQuantiles {
  readonly count: number;
  readonly minMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly meanMs: number;
}

/** Position of a {@linkcode LatencySummary}, to save and go on from. */
export interface LatencyState {
  /** Number of latencies by bucket. */
  readonly buckets: readonly (readonly [bucket: number, count: number])[];
  readonly sumMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

const ACCURACY = 0.01;
const GROWTH = (1 + ACCURACY) / (1 - ACCURACY);
const LOG_GROWTH = log(GROWTH);
const LEAST_MS = 0.01;

/**
 * Latencies in bounded memory, however many: each is counted in a bucket that is 2 % wide, so that a quantile is
 * within 1 % of the true one. At most about 1,500 buckets from 0.01 ms to a year.
 *
 * @see C. Masson, J. E. Rim, H. K. Lee (2019), DDSketch, PVLDB 12(12), 2195–2205, doi:10.14778/3352063.3352135
 */
export class LatencySummary {
  readonly #buckets = new Map<number, number>();
  #count = 0;
  #sumMs = 0;
  #minMs = Infinity;
  #maxMs = 0;

  /** @param from Where it goes on. */
  constructor(from?: LatencyState) {
    if (!from) return;
    for (const [bucket, count] of from.buckets) {
      this.#buckets.set(bucket, count);
      this.#count += count;
    }
    if (this.#count > 0) [this.#sumMs, this.#minMs, this.#maxMs] = [from.sumMs, from.minMs, from.maxMs];
  }

  get count(): number {
    return this.#count;
  }

  /** To be given to the constructor of another one. */
  toJSON(): LatencyState {
    const buckets = [...this.#buckets].sort(([a], [b]) => a - b);
    const minMs = this.#count === 0 ? 0 : this.#minMs;
    return { buckets, sumMs: this.#sumMs, minMs, maxMs: this.#maxMs };
  }

  /** @throws {RangeError} If `latencyMs` is not a finite number >= 0. */
  add(latencyMs: number): void {
    if (!(latencyMs >= 0 && latencyMs < Infinity)) {
      throw new RangeError(`Cannot add latency: 'latencyMs' must be finite and >= 0, got ${latencyMs}`);
    }
    const key = Math.ceil(log(Math.max(latencyMs, LEAST_MS)) / LOG_GROWTH);
    this.#buckets.set(key, (this.#buckets.get(key) ?? 0) + 1);
    this.#count++;
    this.#sumMs += latencyMs;
    this.#minMs = Math.min(this.#minMs, latencyMs);
    this.#maxMs = Math.max(this.#maxMs, latencyMs);
  }

  /** The quantile within 1 %; `undefined` of nothing. */
  quantile(probability: number): number | undefined {
    if (this.#count === 0) return undefined;
    const rank = probability * (this.#count - 1);
    let seen = 0;
    for (const [key, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen <= rank) continue;
      const middleMs = (2 * exp(key * LOG_GROWTH)) / (1 + GROWTH);
      return Math.min(this.#maxMs, Math.max(this.#minMs, middleMs));
    }
    return this.#maxMs;
  }

  /** All quantiles; `undefined` where nothing was measured. */
  toQuantiles(): LatencyQuantiles | undefined {
    if (this.#count === 0) return undefined;
    return {
      count: this.#count,
      minMs: this.#minMs,
      p50Ms: this.quantile(0.5)!,
      p90Ms: this.quantile(0.9)!,
      p99Ms: this.quantile(0.99)!,
      maxMs: this.#maxMs,
      meanMs: this.#sumMs / this.#count,
    };
  }
}
