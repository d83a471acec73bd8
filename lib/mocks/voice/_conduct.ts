import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/system_clock.ts";
import type { Evidence, ViolationLog } from "../violations.ts";

// What clients of the common libraries do by themselves stays well below: a few retries, at once or after half a second,
// and a websocket that is opened again each half second.
const HASTE_MS = 100;
const HASTY_TRIES = 8;
const STORM_TRIES = 30;
// Of connections nobody knows whether they are one thing tried again, or those of many people at once.
const ANONYMOUS_FACTOR = 5;
const CONNECTIONS = "connections";
const STORM_MS = 10_000;
// Clients do not believe in a longer one: they come back by their own backoff.
const LONGEST_RETRY_AFTER_MS = 60_000;
const TOLERANCE_MS = 50;
const KEPT_SUBJECTS = 500;

interface Moment {
  readonly at: number;
  readonly virtualMs: number;
  readonly realMs: number;
}

interface Attempts {
  readonly moments: Moment[];
  failedAt: Moment | undefined;
  retryAfterMs: number;
}

/**
 * How a client comes back after a failure, judged for one thing that it wants at a time: two requests of different
 * content are none of each other's retries. Gaps are measured by the larger of virtual and real time.
 */
export class Conduct {
  readonly #clock: Clock;
  readonly #violations: ViolationLog;
  readonly #attempts = new Map<string, Attempts>();

  constructor(clock: Clock, violations: ViolationLog) {
    this.#clock = clock;
    this.#violations = violations;
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
    const factor = subject === CONNECTIONS ? ANONYMOUS_FACTOR : 1;
    known.moments.push(now);
    if (known.moments.length > factor * STORM_TRIES) known.moments.shift();
    this.#checkRetryAfter(subject, known, now);
    this.#checkBackoff(subject, known.moments.slice(-factor * HASTY_TRIES), factor * HASTY_TRIES);
    this.#checkStorm(subject, known.moments, factor * STORM_TRIES);
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

  #checkRetryAfter(subject: string, { failedAt, retryAfterMs }: Attempts, now: Moment): void {
    if (!failedAt || retryAfterMs === 0 || retryAfterMs > LONGEST_RETRY_AFTER_MS) return;
    const gapMs = gapBetween(failedAt, now);
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

  #checkBackoff(subject: string, last: readonly Moment[], tries: number): void {
    if (last.length < tries) return;
    const isHasty = last.slice(1).every((moment, index) => gapBetween(last[index]!, moment) < HASTE_MS);
    if (!isHasty) return;
    this.#violations.record({
      rule: "no-backoff",
      subject,
      message: `Tried ${subject} ${tries} times, each within ${HASTE_MS} ms of the failure before: it must wait, and longer each time`,
      evidence: toEvidence(subject, last),
    });
  }

  #checkStorm(subject: string, moments: readonly Moment[], tries: number): void {
    if (moments.length < tries || gapBetween(moments[0]!, moments.at(-1)!) > STORM_MS) return;
    this.#violations.record({
      rule: "retry-storm",
      subject,
      message: `Tried ${subject} ${tries} times within ${STORM_MS / 1000} s although it failed each time: it must give up, or wait longer each time`,
      evidence: toEvidence(subject, moments),
    });
  }

  #now(): Moment {
    const clock = this.#clock;
    return { at: clock.now(), virtualMs: clock.monotonicMs(), realMs: systemClock.monotonicMs() };
  }

  #forgetOldest(): void {
    for (const key of this.#attempts.keys()) return void this.#attempts.delete(key);
  }
}

function gapBetween(from: Moment, to: Moment): number {
  return Math.max(to.virtualMs - from.virtualMs, to.realMs - from.realMs);
}

function toEvidence(subject: string, moments: readonly Moment[]): readonly Evidence[] {
  return moments.slice(-6).map(({ at }) => ({ at, what: `${subject} was tried after a failure` }));
}
