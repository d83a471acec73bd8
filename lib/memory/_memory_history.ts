// This module is browser-safe.
import type { MemorySample } from "./sample.ts";

/**
 * Samples for a chart: of bounded number however long it lasts. When it is full every second one goes, and from then
 * on every second one is taken in; the newest is always there.
 */
export class MemoryHistory {
  readonly #limit: number;
  #samples: MemorySample[] = [];
  #stride = 1;
  #skipped = 0;
  #newest: MemorySample | undefined;

  constructor(limit: number = 1024) {
    this.#limit = limit;
  }

  add(sample: MemorySample): void {
    this.#newest = sample;
    if (this.#skipped-- > 0) return;
    this.#skipped = this.#stride - 1;
    this.#samples.push(sample);
    if (this.#samples.length < this.#limit) return;
    this.#samples = this.#samples.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
  }

  get samples(): readonly MemorySample[] {
    const last = this.#newest;
    return last && this.#samples.at(-1) !== last ? [...this.#samples, last] : this.#samples;
  }
}
