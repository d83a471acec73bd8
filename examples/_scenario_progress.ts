// Progress of a scenario run on a terminal: one line on standard error that is written over, with the time left.
import { formatDuration, systemClock } from "demi-health/base";

/** Shows nothing where standard error is no terminal. */
export class ScenarioProgress {
  readonly #total: number;
  readonly #startMs: number = systemClock.monotonicMs();
  readonly #show: boolean = process.stderr.isTTY;
  #done = 0;

  constructor(total: number) {
    this.#total = total;
  }

  step(scenario: string, does: string): void {
    this.#write(`[${this.#done + 1}/${this.#total}] ${scenario}: ${does}${this.#left()}`);
  }

  next(): void {
    this.#done++;
  }

  /** Takes the line away, so that something lasting can be written. */
  clear(): void {
    this.#write("");
  }

  #left(): string {
    if (this.#done === 0) return "";
    const eachMs = (systemClock.monotonicMs() - this.#startMs) / this.#done;
    return `, about ${formatDuration(eachMs * (this.#total - this.#done))} left`;
  }

  #write(line: string): void {
    if (!this.#show) return;
    const width = (process.stderr.columns ?? 80) - 1;
    process.stderr.write(`\r\u001b[2K${line.slice(0, width)}`);
  }
}
