import { createHash } from "node:crypto";
import type { Clock, ClockTimer } from "../../base/clock.ts";
import { systemClock } from "../../base/system_clock.ts";
import type { Evidence, ViolationLog } from "../violations.ts";

// An HTTP library of its own may try a failed request a few times at once.
const HASTE_MS = 100;
const HASTY_TRIES = 8;
const STORM_TRIES = 30;
const STORM_MS = 10_000;
// Without a body nobody knows whether it is one request tried again, or those of many people at once.
const ANONYMOUS_FACTOR = 5;
const REFUSED_TRIES = 5;
const STALL_LIMIT_MS = 120_000;
const KEYS_KEPT = 500;
const EVIDENCE_KEPT = 12;

interface Attempt {
  readonly at: number;
  readonly clockMs: number;
  readonly realMs: number;
  readonly what: string;
}

/** What one request was tried, again and again. */
interface Tries {
  readonly failed: Attempt[];
  refused: number;
}

/** Looks at how a client treats an Ollama server, and notes what it does wrong. */
export class OllamaConduct {
  readonly #clock: Clock;
  readonly #violations: ViolationLog;
  readonly #maxConcurrency: number;
  readonly #tries = new Map<string, Tries>();
  #open = 0;

  constructor(clock: Clock, violations: ViolationLog, maxConcurrency: number) {
    this.#clock = clock;
    this.#violations = violations;
    this.#maxConcurrency = maxConcurrency;
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
    this.#failed("connections", "connections", "connection reset", ANONYMOUS_FACTOR);
  }

  /** A request ended. @param body What makes it the same request when it comes again. */
  answered(route: string, body: string, status: number): void {
    const key = `${route} ${createHash("sha256").update(body).digest("base64")}`;
    if (status >= 500) return this.#failed(key, route, `HTTP ${status}`, 1);
    if (status < 400) {
      this.#tries.delete(key);
      this.#tries.delete("connections");
      return;
    }
    const tries = this.#triesOf(key);
    if (++tries.refused < REFUSED_TRIES) return;
    this.#violations.record({
      rule: "protocol-error",
      subject: route,
      message: `The same request was sent ${tries.refused} times although it is refused with ${status}; a 4xx must not be tried again`,
      evidence: [this.#seen(`HTTP ${status} for ${route}`)],
    });
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

  #failed(key: string, subject: string, what: string, factor: number): void {
    const { failed } = this.#triesOf(key);
    failed.push({
      at: this.#clock.now(),
      clockMs: this.#clock.monotonicMs(),
      realMs: systemClock.monotonicMs(),
      what,
    });
    if (failed.length > factor * STORM_TRIES + 1) failed.shift();
    const hasty = failed.slice(-factor * HASTY_TRIES);
    if (hasty.length === factor * HASTY_TRIES && longestGapMs(hasty) < HASTE_MS) {
      this.#violations.record({
        rule: "no-backoff",
        subject,
        message: `${hasty.length} failed attempts came within ${HASTE_MS} ms of one another; pauses between attempts must grow`,
        evidence: toEvidence(hasty),
      });
    }
    if (failed.length <= factor * STORM_TRIES || spanMs(failed) > STORM_MS) return;
    this.#violations.record({
      rule: "retry-storm",
      subject,
      message: `${failed.length} failed attempts came within ${STORM_MS / 1000} s; a client must slow down or give up`,
      evidence: toEvidence(failed),
    });
  }

  #triesOf(key: string): Tries {
    let tries = this.#tries.get(key);
    if (!tries) {
      tries = { failed: [], refused: 0 };
      this.#tries.set(key, tries);
      if (this.#tries.size > KEYS_KEPT) {
        const [oldest] = this.#tries.keys();
        this.#tries.delete(oldest!);
      }
    }
    return tries;
  }

  #seen(what: string): Evidence {
    return { at: this.#clock.now(), what };
  }
}

// The larger of both: a client that waits on the clock is as patient as one that waits on real time.
function gapMs(a: Attempt, b: Attempt): number {
  return Math.max(b.clockMs - a.clockMs, b.realMs - a.realMs);
}

function longestGapMs(attempts: readonly Attempt[]): number {
  return Math.max(...attempts.slice(1).map((attempt, index) => gapMs(attempts[index]!, attempt)));
}

function spanMs(attempts: readonly Attempt[]): number {
  return gapMs(attempts[0]!, attempts.at(-1)!);
}

function toEvidence(attempts: readonly Attempt[]): readonly Evidence[] {
  return attempts.slice(-EVIDENCE_KEPT).map(({ at, what }) => ({ at, what }));
}
