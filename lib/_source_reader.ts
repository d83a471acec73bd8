import type { Clock } from "./base/clock.ts";
import { withDeadline } from "./base/deadline.ts";
import type { Counter } from "./metrics/counter.ts";

const TIMEOUT_MS = 5000;

/** What a {@linkcode SourceReader} needs. */
export interface SourceReaderOptions {
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  readonly errors: Counter;
}

/**
 * Reads one thing of the companion, never twice at once, with a deadline. What was read last is kept until the next
 * answer; a failure makes it unknown, so that an old value is never shown as a new one.
 */
export class SourceReader<T> {
  readonly #name: string;
  readonly #source: () => T | Promise<T>;
  readonly #options: SourceReaderOptions;
  #latest: { readonly time: number; readonly value: T } | undefined;
  #reading: Promise<void> | undefined;
  #failing = false;

  constructor(name: string, source: () => T | Promise<T>, options: SourceReaderOptions) {
    this.#name = name;
    this.#source = source;
    this.#options = options;
  }

  get latest(): { readonly time: number; readonly value: T } | undefined {
    return this.#latest;
  }

  /** Reads, or joins the reading that is under way. Never rejects. */
  read(): Promise<void> {
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #read(): Promise<void> {
    const { clock, onError, errors } = this.#options;
    try {
      const value = await withDeadline(`read ${this.#name}`, TIMEOUT_MS, async () => this.#source(), {
        clock,
      });
      this.#latest = { time: clock.now(), value };
      this.#failing = false;
    } catch (error) {
      this.#latest = undefined;
      errors.inc();
      if (!this.#failing) onError(error); // once a failure, not twice a second
      this.#failing = true;
    }
  }
}
