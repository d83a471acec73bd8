import { BucketFinder } from "./_bucket_finder.ts";
import type { SampleSource } from "./family.ts";
import { toExemplar } from "./_exemplar.ts";
import type { Exemplar, ExemplarSource, MetricSample } from "./sample.ts";
import { type Labels, sampleKey } from "./sample_key.ts";

type SampleShape = Pick<MetricSample, "name" | "labels" | "key">;

function shape(name: string, labels: Labels): SampleShape {
  return { name, labels, key: sampleKey(name, labels) };
}

/**
 * A distribution in buckets with fixed upper bounds, of one series. Bound by {@linkcode MetricFamily.bind};
 * `observe` allocates nothing.
 */
export class Histogram implements SampleSource {
  readonly #finder: BucketFinder;
  readonly #counts: Float64Array; // one more than bounds, for +Inf; not cumulative
  readonly #sum = new Float64Array(1);
  readonly #shapes: readonly SampleShape[]; // buckets, sum, count
  #exemplars: Map<number, Exemplar> | undefined;

  constructor(name: string, labels: Labels, buckets: readonly number[]) {
    this.#finder = new BucketFinder(buckets);
    this.#counts = new Float64Array(buckets.length + 1);
    const bounds = [...buckets.map(String), "+Inf"];
    this.#shapes = [
      ...bounds.map((le) => shape(`${name}_bucket`, Object.freeze({ ...labels, le }))),
      shape(`${name}_sum`, labels),
      shape(`${name}_count`, labels),
    ];
  }

  /** Number of observations. */
  get count(): number {
    return this.#counts.reduce((total, count) => total + count, 0);
  }

  /** Sum of the observed values. */
  get sum(): number {
    return this.#sum[0]!;
  }

  /**
   * Counts a value in the first bucket whose bound is not below it.
   *
   * @param exemplar Kept as an example of what is in the bucket, in place of the one before; it is shown in OpenMetrics.
   * @throws {RangeError} If `value` is not finite, or the exemplar is too long; the distribution stands.
   * @throws {TypeError} If the exemplar's labels are none.
   */
  observe(value: number, exemplar?: ExemplarSource): void {
    if (!(value > -Infinity && value < Infinity)) {
      throw new RangeError(
        `Cannot observe ${this.#shapes.at(-2)!.key}: 'value' must be finite, got ${value}`,
      );
    }
    const bucket = this.#finder.find(value);
    if (exemplar !== undefined) {
      this.#exemplars ??= new Map();
      this.#exemplars.set(bucket, toExemplar(this.#shapes[bucket]!.key, value, exemplar));
    }
    this.#counts[bucket]! += 1;
    this.#sum[0]! += value;
  }

  appendSamples(samples: MetricSample[]): void {
    let cumulative = 0;
    for (let i = 0; i < this.#counts.length; i++) {
      cumulative += this.#counts[i]!;
      const exemplar = this.#exemplars?.get(i);
      samples.push({
        ...this.#shapes[i]!,
        value: cumulative,
        type: "histogram",
        ...(exemplar && { exemplar }),
      });
    }
    samples.push({ ...this.#shapes.at(-2)!, value: this.sum, type: "histogram" });
    samples.push({ ...this.#shapes.at(-1)!, value: cumulative, type: "histogram" });
  }
}

/**
 * Upper bounds of histogram buckets, each `factor` times the one before.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { exponentialBuckets } from "demi-health/metrics";
 *
 * assert.deepEqual(exponentialBuckets(0.5, 2, 4), [0.5, 1, 2, 4]);
 * ```
 *
 * @throws {RangeError} If `start` is not above 0, `factor` not above 1, or `count` no count.
 */
export function exponentialBuckets(start: number, factor: number, count: number): number[] {
  if (!(start > 0 && factor > 1 && Number.isSafeInteger(count) && count >= 1)) {
    throw new RangeError(
      `Cannot make buckets: 'start' must be > 0, 'factor' > 1, 'count' an integer >= 1, ` +
        `got ${start}, ${factor}, ${count}`,
    );
  }
  return Array.from({ length: count }, (_, i) => start * factor ** i);
}
