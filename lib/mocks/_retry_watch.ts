import type { Clock } from "../base/clock.ts";
import { elapsedMs, type Moment, momentOf } from "./_moment.ts";
import type { Evidence, ViolationLog } from "./violations.ts";

// What clients of the common libraries do by themselves stays well below: a few retries, at once or after half a second,
// and a websocket that is opened again each half second.
const HASTE_MS = 100;
const HASTY_TRIES = 8;
const STORM_TRIES = 30;
// Of connections nobody knows whether they are one thing tried again, or those of many people at once.
const HASTY_CONNECTIONS = 40;
const STORM_CONNECTIONS = 150;
const CONNECTIONS = "connections";
const STORM_MS = 10_000;
// Clients do not believe in a longer one: they come back by their own backoff.
const LONGEST_RETRY_AFTER_MS = 60_000;
const TOLERANCE_MS = 50;
const KEPT_SUBJECTS = 500;

interface Attempt extends Moment {
  readonly at: number;
}

interface Attempts {
  readonly moments: Attempt[];
  failedAt: Attempt | undefined;
  retryAfterMs: number;
}

/** Options of {@linkcode RetryWatch}. */
export interface RetryWatchOptions {
  /** Failed connections in a row, each at once, that are too many. @default {40} */
  readonly hastyConnections?: number | undefined;
  /** Failed connections within 10 s that are too many. @default {150} */
  readonly stormConnections?: number | undefined;
}

/**
 * How a client comes back after a failure, judged for one thing that it wants at a time: two requests of different
 * content are none of each other's retries. Gaps are measured by the larger of virtual and real time.
 */
export class RetryWatch {
  readonly #clock: Clock;
  readonly #violations: ViolationLog;
  readonly #hastyConnections: number;
  readonly #stormConnections: number;
  readonly #attempts = new Map<string, Attempts>();

  constructor(clock: Clock, violations: ViolationLog, options: RetryWatchOptions = {}) {
    const { hastyConnections = HASTY_CONNECTIONS, stormConnections = STORM_CONNECTIONS } = options;
    this.#clock = clock;
    this.#violations = violations;
    this.#hastyConnections = hastyConnections;
    this.#stormConnections = stormConnections;
  }

  /**
   * The client tries something.
   *
   * @param subject What is named in a violation.
   * @param content Tells what it wants from other things; the same for each retry.
   */
  attempt(subject: string, content: string): void {
    const known = this.#attempts.get(`${subject} ${content}`);
    if (!known) return;
    const now = this.#now();
    const isAnonymous = subject === CONNECTIONS;
    const hasty = isAnonymous ? this.#hastyConnections : HASTY_TRIES;
    const storm = isAnonymous ? this.#stormConnections : STORM_TRIES;
    known.moments.push(now);
    if (known.moments.length > storm) known.moments.shift();
    this.#checkRetryAfter(subject, known, now);
    this.#checkBackoff(subject, known.moments.slice(-hasty), hasty);
    this.#checkStorm(subject, known.moments, storm);
  }

  /** A connection was reset before anything could be read from it. */
  connectionFailed(): void {
    this.attempt(CONNECTIONS, "");
    this.failed(CONNECTIONS, "");
  }

  /** The server can be reached. */
  connectionWorked(): void {
    this.worked(CONNECTIONS, "");
  }

  /** What it tried failed. */
  failed(subject: string, content: string, retryAfterMs = 0): void {
    const key = `${subject} ${content}`;
    const now = this.#now();
    const known = this.#attempts.get(key) ?? { moments: [now], failedAt: undefined, retryAfterMs: 0 };
    Object.assign(known, { failedAt: now, retryAfterMs });
    this.#attempts.set(key, known);
    if (this.#attempts.size > KEPT_SUBJECTS) this.#forgetOldest();
  }

  /** What it tried worked: the next failure is a new one. */
  worked(subject: string, content: string): void {
    this.#attempts.delete(`${subject} ${content}`);
  }

  #checkRetryAfter(subject: string, { failedAt, retryAfterMs }: Attempts, now: Attempt): void {
    if (!failedAt || retryAfterMs === 0 || retryAfterMs > LONGEST_RETRY_AFTER_MS) return;
    const gapMs = elapsedMs(failedAt, now);
    if (gapMs >= 0.9 * retryAfterMs - TOLERANCE_MS) return;
    this.#violations.record({
      rule: "ignored-retry-after",
      subject,
      message: `Tried ${subject} again ${Math.round(gapMs)} ms after it was told to wait ${retryAfterMs} ms: it must wait as long as 'retry-after' says`,
      evidence: [
        { at: failedAt.at, what: `${subject} was refused with retry-after ${retryAfterMs} ms` },
        { at: now.at, what: `${subject} was tried again` },
      ],
    });
  }

  #checkBackoff(subject: string, last: readonly Attempt[], tries: number): void {
    if (last.length < tries) return;
    const isHasty = last.slice(1).every((moment, index) => elapsedMs(last[index]!, moment) < HASTE_MS);
    if (!isHasty) return;
    this.#violations.record({
      rule: "no-backoff",
      subject,
      message: `Tried ${subject} ${tries} times, each within ${HASTE_MS} ms of the failure before: it must wait, and longer each time`,
      evidence: toEvidence(subject, last),
    });
  }

  #checkStorm(subject: string, moments: readonly Attempt[], tries: number): void {
    if (moments.length < tries || elapsedMs(moments[0]!, moments.at(-1)!) > STORM_MS) return;
    this.#violations.record({
      rule: "retry-storm",
      subject,
      message: `Tried ${subject} ${tries} times within ${STORM_MS / 1000} s although it failed each time: it must give up, or wait longer each time`,
      evidence: toEvidence(subject, moments),
    });
  }

  #now(): Attempt {
    return { ...momentOf(this.#clock), at: this.#clock.now() };
  }

  #forgetOldest(): void {
    for (const key of this.#attempts.keys()) return void this.#attempts.delete(key);
  }
}

function toEvidence(subject: string, moments: readonly Attempt[]): readonly Evidence[] {
  return moments.slice(-6).map(({ at }) => ({ at, what: `${subject} was tried after a failure` }));
}
