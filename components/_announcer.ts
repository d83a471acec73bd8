// This module is browser-safe.
import { type ClockTimer } from "../lib/base/clock.ts";
import { systemClock } from "../lib/base/system_clock.ts";

/**
 * Text for a live region, at most one change in `intervalMs`: the first at once, of those that follow the last. A screen
 * reader that is told something new with each key press would never finish a sentence.
 */
export class Announcer {
  readonly #intervalMs: number;
  readonly #onChange: () => void;
  #text = "";
  #next: string | undefined;
  #timer: ClockTimer | undefined;

  constructor(onChange: () => void, intervalMs: number) {
    this.#onChange = onChange;
    this.#intervalMs = intervalMs;
  }

  /** What the live region says now. */
  get text(): string {
    return this.#text;
  }

  say(text: string): void {
    if (this.#timer) {
      this.#next = text;
      return;
    }
    this.#show(text);
  }

  /** Stops waiting; what was not said yet stays unsaid. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#next = undefined;
  }

  #show(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#timer = systemClock.setTimer(() => {
      this.#timer = undefined;
      const next = this.#next;
      this.#next = undefined;
      if (next !== undefined) this.#show(next);
    }, this.#intervalMs);
    this.#onChange();
  }
}
