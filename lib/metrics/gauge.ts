import type { SampleSource } from "./family.ts";
import type { MetricSample } from "./sample.ts";
import { type Labels, sampleKey } from "./sample_key.ts";

/**
 * A value that goes up and down, of one series. Until it is set it is not known, and what is not known is absent
 * from what is collected, never 0. Bound by {@linkcode MetricFamily.bind}; its methods allocate nothing.
 */
export class Gauge implements SampleSource {
  readonly #slot = new Float64Array([NaN]);
  readonly #name: string;
  readonly #labels: Labels;
  readonly #key: string;

  constructor(name: string, labels: Labels) {
    this.#name = name;
    this.#labels = labels;
    this.#key = sampleKey(name, labels);
  }

  /** `NaN` while it is not known. */
  get value(): number {
    return this.#slot[0]!;
  }

  /** @param value `NaN` for "not known", as {@linkcode Gauge.clear}. */
  set(value: number): void {
    this.#slot[0] = value;
  }

  /** Adds to the value; to 0, if it was not known. */
  inc(amount = 1): void {
    const value = this.#slot[0]!;
    this.#slot[0] = Number.isNaN(value) ? amount : value + amount;
  }

  /** Subtracts from the value; from 0, if it was not known. */
  dec(amount = 1): void {
    this.inc(-amount);
  }

  /** Makes the value unknown. */
  clear(): void {
    this.#slot[0] = NaN;
  }

  appendSamples(samples: MetricSample[]): void {
    const { value } = this;
    if (Number.isNaN(value)) return;
    samples.push({ name: this.#name, labels: this.#labels, key: this.#key, value, type: "gauge" });
  }
}
