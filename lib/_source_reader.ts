import type { Clock } from "./base/clock.ts";
import { withDeadline } from "./base/deadline.ts";
import type { Counter } from "./metrics/counter.ts";

const TIMEOUT_MS = 5000;

/** What a {@linkcode SourceReader} needs. */
export interface SourceReaderOptions<T> {
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  readonly errors: Counter;
  /** Checks what came from outside; it may report parts and go on, or throw. */
  readonly parse: (input: unknown, onError: (error: unknown) => void) => T;
}

/**
 * Reads one thing of the companion, never twice at once, with a deadline. What was read last is kept until the next
 * answer; a failure makes it unknown, so that an old value is never shown as a new one.
 */
export class SourceReader<T> {
  readonly #name: string;
  readonly #source: () => unknown;
  readonly #options: SourceReaderOptions<T>;
  #latest: { readonly time: number; readonly value: T } | undefined;
  #reading: Promise<void> | undefined;
  #reported = "";

  constructor(name: string, source: () => unknown, options: SourceReaderOptions<T>) {
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
    const { clock, parse } = this.#options;
    const failures: unknown[] = [];
    try {
      const work = async (): Promise<unknown> => this.#source();
      const input = await withDeadline(`read ${this.#name}`, TIMEOUT_MS, work, { clock });
      this.#latest = { time: clock.now(), value: parse(input, (error) => failures.push(error)) };
    } catch (error) {
      this.#latest = undefined;
      failures.push(error);
    }
    this.#report(failures);
  }

  // The same failures are told once, not twice a second; they are counted each time.
  #report(failures: readonly unknown[]): void {
    const { errors, onError } = this.#options;
    const told = failures.map(String).join();
    errors.inc(failures.length);
    if (told !== this.#reported) for (const failure of failures) onError(failure);
    this.#reported = told;
  }
}
