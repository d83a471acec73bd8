import type { SampleSource } from "./family.ts";

/** What a {@linkcode KeyedFamily} asks of its family. */
export interface KeyedSource<H> {
  /** How often series were dropped. */
  readonly drops: { readonly count: number };
  /** Number of labels. */
  readonly size: number;
  bindValues(values: readonly string[]): H;
}

type Level<H> = Map<string, H | Level<H>>;

/**
 * Series of a metric by the values of their labels, in an order that was said once: for labels that are known only when something
 * happens. Once a series is bound, getting its handle takes a lookup for each label, and allocates nothing. Made by
 * {@linkcode MetricFamily.keyedBy}.
 */
export class KeyedFamily<H extends SampleSource, V extends readonly [string, ...string[]]> {
  readonly #source: KeyedSource<H>;
  readonly #root: Level<H> = new Map();
  readonly #drops: { readonly count: number };
  #dropsSeen: number;

  /**
   * Handle of the series with these values: the same as {@linkcode MetricFamily.bind} gives.
   *
   * @throws {TypeError} If a value is no text.
   * @throws {RangeError} If a value is longer than 1,024 characters.
   * @throws {CardinalityError} If the series would be one too many.
   */
  readonly get: (...values: V) => H;

  constructor(source: KeyedSource<H>) {
    this.#source = source;
    this.#drops = source.drops;
    this.#dropsSeen = source.drops.count;
    // named parameters, as an array would be made of a rest at each call
    const get = (first: string, second?: string, third?: string, ...others: readonly string[]): H => {
      if (this.#dropsSeen !== this.#drops.count) this.#forget();
      let found = this.#root.get(first);
      if (second !== undefined && found instanceof Map) found = found.get(second);
      if (third !== undefined && found instanceof Map) found = found.get(third);
      for (let i = 0; i < others.length && found instanceof Map; i++) found = found.get(others[i]!);
      if (found !== undefined && !(found instanceof Map)) return found;
      return this.#bind([first, second!, third!, ...others].slice(0, source.size));
    };
    this.get = get as (...values: readonly string[]) => H;
  }

  #bind(values: readonly string[]): H {
    const handle = this.#source.bindValues(values);
    let level = this.#root;
    for (const value of values.slice(0, -1)) {
      let next = level.get(value);
      if (!(next instanceof Map)) level.set(value, (next = new Map()));
      level = next;
    }
    level.set(values.at(-1)!, handle);
    return handle;
  }

  #forget(): void {
    this.#root.clear();
    this.#dropsSeen = this.#drops.count;
  }
}
