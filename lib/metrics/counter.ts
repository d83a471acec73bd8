import type { SampleSource } from "./family.ts";
import { toExemplar } from "./_exemplar.ts";
import type { Exemplar, ExemplarSource, MetricSample } from "./sample.ts";
import { type Labels, sampleKey } from "./sample_key.ts";

/** A total that only grows, of one series. Bound by {@linkcode MetricFamily.bind}; its methods allocate nothing. */
export class Counter implements SampleSource {
  // A slot of its own in a typed array: a number in a field is boxed anew at each write until the optimizer steps in.
  readonly #slot = new Float64Array(1);
  readonly #name: string;
  readonly #labels: Labels;
  readonly #key: string;
  #exemplar: Exemplar | undefined;

  constructor(name: string, labels: Labels) {
    this.#name = name;
    this.#labels = labels;
    this.#key = sampleKey(name, labels);
  }

  get value(): number {
    return this.#slot[0]!;
  }

  /**
   * Adds to the total.
   *
   * @param exemplar Kept as an example of what was counted, in place of the one before; it is shown in OpenMetrics.
   * @throws {RangeError} If `amount` is negative or not finite, or the exemplar is too long; the total stands.
   * @throws {TypeError} If the exemplar's labels are none.
   */
  inc(amount = 1, exemplar?: ExemplarSource): void {
    if (!(amount >= 0 && amount < Infinity)) throw amountError(this.#key, "'amount'", amount);
    if (exemplar !== undefined) this.#exemplar = toExemplar(this.#key, amount, exemplar);
    this.#slot[0]! += amount;
  }

  /**
   * Takes over a total that is counted elsewhere. A lower one than before means that its source began anew, and
   * readers of counters see it so.
   *
   * @throws {RangeError} If `total` is negative or not finite; the total stands.
   */
  setTotal(total: number): void {
    if (!(total >= 0 && total < Infinity)) throw amountError(this.#key, "'total'", total);
    this.#slot[0] = total;
  }

  appendSamples(samples: MetricSample[]): void {
    samples.push({
      name: this.#name,
      labels: this.#labels,
      key: this.#key,
      value: this.value,
      type: "counter",
      ...(this.#exemplar && { exemplar: this.#exemplar }),
    });
  }
}

function amountError(key: string, what: string, value: number): RangeError {
  return new RangeError(`Cannot count ${key}: ${what} must be finite and >= 0, got ${value}`);
}
