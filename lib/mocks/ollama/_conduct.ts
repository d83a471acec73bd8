import { createHash } from "node:crypto";
import type { Clock, ClockTimer } from "../../base/clock.ts";
import { RetryWatch } from "../_retry_watch.ts";
import type { Evidence, ViolationLog } from "../violations.ts";

const REFUSED_TRIES = 5;
const STALL_LIMIT_MS = 120_000;
const KEYS_KEPT = 500;

/** Looks at how a client treats an Ollama server, and notes what it does wrong. */
export class OllamaConduct {
  readonly #clock: Clock;
  readonly #violations: ViolationLog;
  readonly #maxConcurrency: number;
  readonly #retries: RetryWatch;
  readonly #refused = new Map<string, number>();
  #open = 0;

  constructor(clock: Clock, violations: ViolationLog, maxConcurrency: number) {
    this.#clock = clock;
    this.#violations = violations;
    this.#maxConcurrency = maxConcurrency;
    this.#retries = new RetryWatch(clock, violations);
  }

  /** A request is being answered; the result is called when it is. */
  opened(path: string): () => void {
    if (++this.#open > this.#maxConcurrency) {
      this.#violations.record({
        rule: "unbounded-concurrency",
        subject: path,
        message: `${this.#open} requests were open at once; a client must bound how many it sends, here to ${this.#maxConcurrency}`,
        evidence: [this.#seen(`request ${this.#open} to ${path}`)],
      });
    }
    return () => void this.#open--;
  }

  /** A connection failed before anything could be read from it. */
  connectionFailed(): void {
    this.#retries.connectionFailed();
  }

  /** A request ended. @param body What makes it the same request when it comes again. */
  answered(route: string, body: string, status: number): void {
    const content = createHash("sha256").update(body).digest("base64");
    if (status >= 500) {
      this.#retries.attempt(route, content);
      return this.#retries.failed(route, content);
    }
    this.#retries.worked(route, content);
    this.#retries.connectionWorked();
    if (status >= 400) this.#noteRefusal(route, `${route} ${content}`, status);
  }

  /** A generation stands still; the result is called when its reader is gone. */
  stalled(path: string): () => void {
    const since = this.#seen(`the last byte of ${path}`);
    const timer: ClockTimer = this.#clock.setTimer(
      () =>
        this.#violations.record({
          rule: "no-timeout-on-stalled-stream",
          subject: path,
          message: `A stream that had stalled was still read after ${STALL_LIMIT_MS / 1000} s; a client must give it up by a time limit`,
          evidence: [since, this.#seen("the connection is still open")],
        }),
      STALL_LIMIT_MS,
      { keepAlive: false },
    );
    return () => timer.cancel();
  }

  #noteRefusal(route: string, key: string, status: number): void {
    const times = (this.#refused.get(key) ?? 0) + 1;
    this.#refused.delete(key); // and in again as the newest
    this.#refused.set(key, times);
    if (this.#refused.size > KEYS_KEPT) this.#refused.delete(this.#refused.keys().next().value!);
    if (times < REFUSED_TRIES) return;
    this.#violations.record({
      rule: "protocol-error",
      subject: route,
      message: `The same request was sent ${times} times although it is refused with ${status}; a 4xx must not be tried again`,
      evidence: [this.#seen(`HTTP ${status} for ${route}`)],
    });
  }

  #seen(what: string): Evidence {
    return { at: this.#clock.now(), what };
  }
}
