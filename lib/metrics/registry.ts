import { emitWarning } from "node:process";
import type { Collector } from "./collector.ts";
import { Counter } from "./counter.ts";
import { type CatalogueEntry, type MetricDefinition, toCatalogueEntry } from "./definition.ts";
import { MetricFamily, type SampleSource } from "./family.ts";
import { Gauge } from "./gauge.ts";
import { Histogram } from "./histogram.ts";
import type { MetricSample } from "./sample.ts";
import type { Labels } from "./sample_key.ts";

/** Buckets of a histogram that names none: seconds, from 5 ms to 10 s, as in Prometheus's own clients. */
export const DEFAULT_BUCKETS: readonly number[] = Object.freeze([
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]);

/** Definition of a histogram. */
export interface HistogramDefinition<L extends string = string> extends MetricDefinition<L> {
  /**
   * Upper bounds of the buckets, ascending, without `+Inf`.
   *
   * @default {DEFAULT_BUCKETS}
   */
  readonly buckets?: readonly number[] | undefined;
}

/** Options of {@linkcode MetricsRegistry}. */
export interface MetricsRegistryOptions {
  /** Told of what a collector throws. Default: a process warning. */
  onError?: ((error: unknown, collector: string) => void) | undefined;
}

type AnyFamily = MetricFamily<SampleSource>;

/**
 * The metrics of one process: families of counters, gauges and histograms, and the collectors that bring them up to
 * date. Names and labels follow Prometheus.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { MetricsRegistry } from "demi-health/metrics";
 *
 * const registry = new MetricsRegistry();
 * const replies = registry.counter({ name: "demi_replies_total", help: "Replies sent", labels: ["platform"] });
 * const discord = replies.bind({ platform: "discord" }); // kept: counting by it allocates nothing
 * discord.inc();
 * const [sample] = registry.collect().filter(({ name }) => name === "demi_replies_total");
 * assert.equal(sample?.key, `demi_replies_total{platform="discord"}`);
 * assert.equal(sample?.value, 1);
 * ```
 */
export class MetricsRegistry {
  readonly #families = new Map<string, AnyFamily>();
  readonly #reserved = new Map<string, string>(); // sample names of histograms, and whose they are
  readonly #collectors = new Set<Collector>();
  readonly #onError: (error: unknown, collector: string) => void;
  readonly #errors: MetricFamily<Counter, "collector">;

  constructor(options: MetricsRegistryOptions = {}) {
    const { onError = warn } = options;
    this.#onError = onError;
    this.#errors = this.counter({
      name: "demi_collector_errors_total",
      help: "Failures inside a metric collector, or values from outside that it refused",
      labels: ["collector"],
    });
  }

  /**
   * Family of counters: the same one for the same definition.
   *
   * @throws {TypeError} If a name breaks Prometheus's rules, or is taken by a different definition.
   */
  counter<const L extends string = never>(definition: MetricDefinition<L>): MetricFamily<Counter, L> {
    const entry = toCatalogueEntry(definition, "counter");
    return this.#register(entry, (labels) => new Counter(entry.name, labels));
  }

  /**
   * Family of gauges: the same one for the same definition.
   *
   * @throws {TypeError} If a name breaks Prometheus's rules, or is taken by a different definition.
   */
  gauge<const L extends string = never>(definition: MetricDefinition<L>): MetricFamily<Gauge, L> {
    const entry = toCatalogueEntry(definition, "gauge");
    return this.#register(entry, (labels) => new Gauge(entry.name, labels));
  }

  /**
   * Family of histograms: the same one for the same definition.
   *
   * @throws {TypeError} If a name breaks Prometheus's rules, or is taken by a different definition.
   * @throws {RangeError} If the buckets are not finite and ascending.
   */
  histogram<const L extends string = never>(definition: HistogramDefinition<L>): MetricFamily<Histogram, L> {
    const { buckets = DEFAULT_BUCKETS } = definition;
    const entry = {
      ...toCatalogueEntry(definition, "histogram"),
      buckets: checkBuckets(definition.name, buckets),
    };
    return this.#register(entry, (labels) => new Histogram(entry.name, labels, entry.buckets));
  }

  /** Registers a collector; the function that comes back takes it out again. */
  addCollector(collector: Collector): () => void {
    this.#collectors.add(collector);
    return () => void this.#collectors.delete(collector);
  }

  /**
   * Reports a failure without throwing: counts it in `demi_collector_errors_total` and tells `onError`. For
   * collectors that are handed values from outside.
   */
  reportError(collector: string, error: unknown): void {
    this.#errors.bind({ collector }).inc();
    try {
      this.#onError(error, collector);
    } catch (failure) {
      warn(failure);
    }
  }

  /** Brings all metrics up to date, then returns their samples. */
  collect(): MetricSample[] {
    this.runCollectors();
    return this.samples();
  }

  /** Runs every collector. One that throws is reported, and the others run all the same. */
  runCollectors(): void {
    for (const collector of this.#collectors) {
      try {
        collector.collect();
      } catch (error) {
        this.reportError(collector.name ?? collector.constructor.name, error);
      }
    }
  }

  /** Samples as the collectors left them last, family by family in order of registration. */
  samples(): MetricSample[] {
    const samples: MetricSample[] = [];
    for (const family of this.#families.values()) family.appendSamples(samples);
    return samples;
  }

  /** Each metric with its samples as the collectors left them last, in order of registration. */
  families(): { readonly definition: CatalogueEntry; readonly samples: readonly MetricSample[] }[] {
    return [...this.#families.values()].map((family) => {
      const samples: MetricSample[] = [];
      family.appendSamples(samples);
      return { definition: family.definition, samples };
    });
  }

  /** What each metric is, in order of registration. */
  catalogue(): CatalogueEntry[] {
    return [...this.#families.values()].map((family) => family.definition);
  }

  #register<H extends SampleSource, L extends string>(
    entry: CatalogueEntry,
    makeHandle: (labels: Labels) => H,
  ): MetricFamily<H, L> {
    const known = this.#families.get(entry.name);
    if (known) {
      checkSame(known.definition, entry);
      return known as unknown as MetricFamily<H, L>; // same type and labels, which is what H and L say
    }
    const names = sampleNames(entry);
    for (const name of names) this.#checkFree(entry, name);
    for (const name of names) this.#reserved.set(name, entry.name);
    const family = new MetricFamily<H, L>(entry, makeHandle);
    this.#families.set(entry.name, family as unknown as AnyFamily);
    return family;
  }

  #checkFree({ name, type }: CatalogueEntry, sampleName: string): void {
    const owner = this.#reserved.get(sampleName);
    if (owner === undefined) return;
    throw new TypeError(
      `Cannot register ${type} ${name}: its samples must not be called like those of ${owner}`,
    );
  }
}

function warn(error: unknown): void {
  emitWarning(error instanceof Error ? error : String(error));
}

function sampleNames({ name, type }: CatalogueEntry): string[] {
  return type === "histogram"
    ? [name, ...["bucket", "sum", "count"].map((part) => `${name}_${part}`)]
    : [name];
}

function checkSame(known: CatalogueEntry, entry: CatalogueEntry): void {
  const [before, now] = [JSON.stringify(known), JSON.stringify(entry)];
  if (before === now) return;
  throw new TypeError(
    `Cannot register ${entry.type} ${entry.name}: its definition must be the one registered before, ` +
      `${before}, got ${now}`,
  );
}

function checkBuckets(name: string, buckets: readonly number[]): readonly number[] {
  const ascending = buckets.every(
    (bound, i) => Number.isFinite(bound) && (i === 0 || bound > buckets[i - 1]!),
  );
  if (ascending && buckets.length > 0) return Object.freeze([...buckets]);
  throw new RangeError(
    `Cannot register histogram ${name}: 'buckets' must be finite and ascending, got [${buckets.join(", ")}]`,
  );
}
