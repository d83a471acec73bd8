import type { ClockLedger } from "../_clock_ledger.ts";
import { OllamaError } from "./_ollama_requests.ts";

/** Lets so many generations run at once, and so many wait. */
export class GenerationQueue {
  readonly #parallel: number;
  readonly #maxWaiting: number;
  readonly #ledger: ClockLedger;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(parallel: number, maxWaiting: number, ledger: ClockLedger) {
    this.#parallel = parallel;
    this.#maxWaiting = maxWaiting;
    this.#ledger = ledger;
  }

  /** Number of generations that wait for their turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs `work` when it is its turn, unless its reader has gone before. @throws {OllamaError} With 503 when too many wait. */
  async run<T>(isGone: () => boolean, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#running >= this.#parallel) await this.#wait();
    if (isGone()) {
      this.#next();
      return undefined;
    }
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      this.#next();
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#maxWaiting) {
      // the two blanks are Ollama's
      throw new OllamaError(503, "server busy, please try again.  maximum pending requests exceeded");
    }
    return this.#ledger.waiting(new Promise<void>((resolve) => void this.#waiting.push(resolve)));
  }

  #next(): void {
    if (this.#running < this.#parallel) this.#waiting.shift()?.();
  }
}
