// How far a stability run is, in words: for the line that is written over on a terminal, for a log, and for `status`.
import { formatBytes, formatDuration, systemClock } from "demi-health/base";
import type { StabilityProgress } from "demi-health/stability";

const HOUR_MS = 3_600_000;
const BAR_WIDTH = 30;

/** A bar such as `[#####.....]  50.0 %`. */
export function progressBar({ elapsedMs, durationMs }: StabilityProgress, width: number = BAR_WIDTH): string {
  const ratio = Math.min(1, elapsedMs / durationMs);
  const done = Math.floor(ratio * width);
  // 99.96 is not 100: that is said when it is over
  const percent = (Math.floor(ratio * 1000) / 10).toFixed(1);
  return `[${"#".repeat(done)}${".".repeat(width - done)}] ${percent} %`;
}

/** Time done, and time left where it is known. */
export function describeTime(progress: StabilityProgress): string {
  const { elapsedMs, durationMs, leftMs, state } = progress;
  const left = state === "running" && leftMs !== undefined ? `, about ${formatDuration(leftMs)} left` : "";
  return `${formatDuration(elapsedMs)} of ${formatDuration(durationMs)}${left}`;
}

/** Counts, rates and memory. */
export function describeRates(progress: StabilityProgress): string {
  const { sent, answered, failed, excused, elapsedMs, p90Ms, rssBytes } = progress;
  const perHour = elapsedMs > 0 ? ` (${((sent * HOUR_MS) / elapsedMs).toFixed(1)} an hour)` : "";
  return [
    `${sent} sent${perHour}`,
    `${answered} answered`,
    `${failed} not`,
    ...(excused > 0 ? [`${excused} excused by a fault`] : []),
    ...(p90Ms === undefined ? [] : [`9 of 10 within ${formatDuration(p90Ms)}`]),
    ...(rssBytes === undefined ? [] : [`${formatBytes(rssBytes)} resident`]),
  ].join(", ");
}

/** Such as `no findings`, `1 finding`. */
export function describeFindings(count: number): string {
  return count === 0 ? "no findings" : count === 1 ? "1 finding" : `${count} findings`;
}

/** Shows a run on standard error: one line that is written over on a terminal; elsewhere a line now and then. */
export class LiveProgress {
  readonly #isTerminal: boolean = process.stderr.isTTY;
  #tenths = 0;
  #findings = 0;
  #unsaved: string | undefined;
  #saidMs = systemClock.monotonicMs();
  #drawnMs = -Infinity;

  show(progress: StabilityProgress): void {
    if (this.#isTerminal) this.#draw(progress);
    else if (this.#isWorthALine(progress)) console.error(this.#toLine(progress, ""));
  }

  /** Takes the line away, so that something lasting can be written. */
  clear(): void {
    if (this.#isTerminal) process.stderr.write("\r\u001b[2K");
  }

  #draw(progress: StabilityProgress): void {
    const nowMs = systemClock.monotonicMs();
    if (nowMs - this.#drawnMs < 100) return;
    this.#drawnMs = nowMs;
    const width = (process.stderr.columns ?? 80) - 1;
    const line = this.#toLine(progress, `${progressBar(progress, 20)} `);
    process.stderr.write(`\r\u001b[2K${line.slice(0, width)}`);
  }

  // each tenth, each new finding, what goes wrong with the run itself, and each hour of real time
  #isWorthALine({ elapsedMs, durationMs, findings, unsaved }: StabilityProgress): boolean {
    const nowMs = systemClock.monotonicMs();
    const tenths = Math.floor((10 * elapsedMs) / durationMs);
    const isNew = tenths > this.#tenths || findings > this.#findings || unsaved !== this.#unsaved;
    if (!isNew && nowMs - this.#saidMs < HOUR_MS) return false;
    [this.#tenths, this.#findings, this.#unsaved, this.#saidMs] = [tenths, findings, unsaved, nowMs];
    return true;
  }

  #toLine(progress: StabilityProgress, bar: string): string {
    const { faults, findings, unsaved } = progress;
    const now = faults.length > 0 ? `; ${faults.join(", ")}` : "";
    const found = findings > 0 ? `${describeFindings(findings)}; ` : "";
    const saved = unsaved === undefined ? "" : `no checkpoint can be saved: ${unsaved}; `;
    return `${bar}${describeTime(progress)}; ${saved}${found}${describeRates(progress)}${now}`;
  }
}
