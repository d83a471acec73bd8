import type { CatalogueEntry } from "./definition.ts";
import { KeyedFamily } from "./keyed_family.ts";
import type { MetricSample } from "./sample.ts";
import { type Labels, sampleKey } from "./sample_key.ts";

/** Longest label value, in UTF-16 units. */
const MAX_LABEL_LENGTH = 1024;

/** A metric has as many series as its definition allows: a label's values come from a source that knows no end. */
export class CardinalityError extends Error {
  override readonly name: string = "CardinalityError";
  readonly metric: string;
  readonly maxSeries: number;
  /** Labels of the series that was refused. */
  readonly labels: Labels;

  constructor(metric: string, maxSeries: number, labels: Labels) {
    const refused = sampleKey(metric, labels);
    super(`Cannot bind ${refused}: ${metric} must have at most ${maxSeries} series, and has them all`);
    this.metric = metric;
    this.maxSeries = maxSeries;
    this.labels = labels;
  }
}

/** What a family asks of the handles that it gives out. */
export interface SampleSource {
  /** Appends the current samples of one series. */
  appendSamples(samples: MetricSample[]): void;
}

/** Argument of {@linkcode MetricFamily.bind}: nothing for a metric without labels, else a value for each of them. */
export type BindArguments<L extends string> = [L] extends [never]
  ? [labels?: Record<never, string>]
  : [labels: Readonly<Record<L, string>>];

/**
 * All series of one metric. {@linkcode MetricFamily.bind} gives the handle of one of them, to be kept: binding looks
 * labels up and allocates, the handle's own methods do neither.
 */
export class MetricFamily<H extends SampleSource, L extends string = string> {
  readonly definition: CatalogueEntry;
  readonly #makeHandle: (labels: Labels) => H;
  readonly #series = new Map<string, H>();
  readonly #drops = { count: 0 };

  /** For the registry; see {@linkcode MetricsRegistry}. */
  constructor(definition: CatalogueEntry, makeHandle: (labels: Labels) => H) {
    this.definition = definition;
    this.#makeHandle = makeHandle;
  }

  /** Number of series that are bound now. */
  get size(): number {
    return this.#series.size;
  }

  /**
   * Handle of the series with these labels: the same one each time, made when it is asked for first.
   *
   * @throws {TypeError} If the labels are not those of the definition, or a value is no text.
   * @throws {RangeError} If a value is longer than 1,024 characters.
   * @throws {CardinalityError} If the series would be one too many.
   */
  bind(...[labels = {}]: BindArguments<L>): H {
    const checked = this.#check(labels as Readonly<Record<string, unknown>>);
    const key = sampleKey("", checked);
    const bound = this.#series.get(key);
    if (bound) return bound;
    const { name, maxSeries } = this.definition;
    if (this.#series.size >= maxSeries) throw new CardinalityError(name, maxSeries, checked);
    const handle = this.#makeHandle(checked);
    this.#series.set(key, handle);
    return handle;
  }

  /**
   * Series by the values of their labels, in the order that is given here: for labels that are known only when something happens.
   *
   * @example
   * ```ts
   * import assert from "node:assert/strict";
   * import { MetricsRegistry } from "demi-health/metrics";
   *
   * const definition = { name: "demi_replies_total", help: "Replies sent", labels: ["platform", "kind"] } as const;
   * const replies = new MetricsRegistry().counter(definition).keyedBy("platform", "kind");
   * replies.get("discord", "text").inc();
   * assert.equal(replies.get("discord", "text").value, 1);
   * ```
   *
   * @throws {TypeError} If the labels are not those of the definition, each once.
   */
  keyedBy<const K extends readonly [L, ...L[]]>(
    ...order: K
  ): KeyedFamily<H, { readonly [I in keyof K]: string }> {
    const { name, labels } = this.definition;
    const given = [...order].sort();
    if (given.length !== labels.length || given.some((label, i) => label !== labels[i])) {
      throw new TypeError(
        `Cannot key ${name}: labels must be ${labels.join(", ") || "none"}, got ${order.join(", ") || "none"}`,
      );
    }
    return new KeyedFamily({
      drops: this.#drops,
      size: order.length,
      bindValues: (values) =>
        this.bind(...([Object.fromEntries(order.map((label, i) => [label, values[i]]))] as never)),
    });
  }

  /**
   * Drops the series with these labels, and says whether there was one. A handle that was kept counts on, unseen.
   *
   * @throws {TypeError} If the labels are not those of the definition.
   */
  remove(...[labels = {}]: BindArguments<L>): boolean {
    this.#drops.count++;
    return this.#series.delete(sampleKey("", this.#check(labels as Readonly<Record<string, unknown>>)));
  }

  /** Drops all series. */
  clear(): void {
    this.#drops.count++;
    this.#series.clear();
  }

  /** Appends the current samples of all series, in the order in which they were bound. */
  appendSamples(samples: MetricSample[]): void {
    for (const handle of this.#series.values()) handle.appendSamples(samples);
  }

  #check(labels: Readonly<Record<string, unknown>>): Labels {
    const { name, labels: expected } = this.definition;
    const given = Object.keys(labels).sort();
    if (given.length !== expected.length || given.some((label, i) => label !== expected[i])) {
      const list = (names: readonly string[]): string => (names.length > 0 ? names.join(", ") : "none");
      throw new TypeError(`Cannot bind ${name}: labels must be ${list(expected)}, got ${list(given)}`);
    }
    return Object.freeze(
      Object.fromEntries(given.map((label) => [label, checkValue(name, label, labels[label])])),
    );
  }
}

function checkValue(metric: string, label: string, value: unknown): string {
  if (typeof value !== "string") {
    throw new TypeError(`Cannot bind ${metric}: label '${label}' must be a text, got ${String(value)}`);
  }
  if (value.length > MAX_LABEL_LENGTH) {
    throw new RangeError(
      `Cannot bind ${metric}: label '${label}' must have at most ${MAX_LABEL_LENGTH} characters, got ${value.length}`,
    );
  }
  return value.toWellFormed(); // a lone surrogate has no UTF-8, and two of them would become one series on the way out
}
