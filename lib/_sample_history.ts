import type { MemorySample } from "./memory/sample.ts";

/**
 * Samples of weeks in a bounded number, for a picture: when it is full, of each two neighbours one goes. Of such two the one
 * with a heap after collection stays, as it is rarer.
 */
export class SampleHistory {
  readonly #capacity: number;
  #samples: MemorySample[] = [];
  #stride = 1;
  #skipped = 0;
  #waiting: MemorySample | undefined;

  constructor(capacity = 960) {
    this.#capacity = capacity;
  }

  /** Oldest first, the newest included. */
  get samples(): readonly MemorySample[] {
    return this.#waiting ? [...this.#samples, this.#waiting] : this.#samples;
  }

  add(sample: MemorySample): void {
    this.#waiting = preferred(this.#waiting, sample);
    if (++this.#skipped < this.#stride) return;
    this.#samples.push(this.#waiting);
    this.#waiting = undefined;
    this.#skipped = 0;
    if (this.#samples.length >= this.#capacity) this.#halve();
  }

  #halve(): void {
    const halved: MemorySample[] = [];
    for (let i = 0; i < this.#samples.length; i += 2)
      halved.push(preferred(this.#samples[i], this.#samples[i + 1] ?? this.#samples[i]!));
    this.#samples = halved;
    this.#stride *= 2;
  }
}

function preferred(earlier: MemorySample | undefined, later: MemorySample): MemorySample {
  return earlier?.postGcBytes !== undefined && later.postGcBytes === undefined ? earlier : later;
}
