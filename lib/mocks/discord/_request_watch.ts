import type { Clock } from "../../base/clock.ts";
import type { Evidence, ViolationLog } from "../violations.ts";
import { elapsedMs, type Moment, momentOf } from "../_moment.ts";

/** A request as the watch sees it. */
export interface WatchedRequest {
  readonly method: string;
  /** With ids left out. */
  readonly route: string;
  /** Equal for requests that are the same, body included. */
  readonly identity: string;
}

/** How a request ended. */
export interface WatchedOutcome {
  /** `undefined` for a connection that was reset. */
  readonly status: number | undefined;
  /** Whether the mock made it fail by a fault, not because of what was asked. */
  readonly isInjected: boolean;
}

interface Attempt extends Moment {
  readonly at: number;
}

interface Failing {
  attempts: Attempt[];
  /** Starts of rounds: what follows within {@linkcode ROUND_MS} is the client's own quick retry. */
  rounds: Attempt[];
}

const MAX_KEPT = 500;
const ROUND_MS = 250;
// A library tries three to five times at once, and its user may try that once a second: more is a storm.
const STORM_ATTEMPTS = 30;
const STORM_MS = 10_000;
// Eight rounds that never get further apart, less than two seconds each: no reasonable pause grows so slowly.
const STUBBORN_ROUNDS = 8;
const STUBBORN_MS = 2000;
const GROWTH = 1.5;
const INVALID_REPEATS = 5;
const BAN_COUNT = 10_000;
const BAN_WINDOW_MS = 600_000;

/** Finds what a client does wrong when its requests fail. */
export class RequestWatch {
  readonly #clock: Clock;
  readonly #violations: ViolationLog;
  readonly #failing = new Map<string, Failing>();
  readonly #invalid = new Map<string, number>();
  #countedFrom: Moment;
  #invalidCount = 0;

  constructor(clock: Clock, violations: ViolationLog) {
    this.#clock = clock;
    this.#violations = violations;
    this.#countedFrom = momentOf(clock);
  }

  /** Whether Discord would have banned the client's address: 10,000 invalid requests in 10 minutes. */
  get isBanned(): boolean {
    const isOver = elapsedMs(this.#countedFrom, momentOf(this.#clock)) >= BAN_WINDOW_MS;
    return !isOver && this.#invalidCount >= BAN_COUNT;
  }

  ended(request: WatchedRequest, outcome: WatchedOutcome): void {
    const { status, isInjected } = outcome;
    // That the bot types is said anew for each person, without a body: which is a retry cannot be told.
    const isTyping = request.route.endsWith("/typing");
    if (status === undefined || status >= 500) return isTyping ? undefined : this.#failed(request, status);
    this.#failing.delete(request.identity);
    if (status < 400) this.#invalid.delete(request.identity);
    else if (!isInjected && !isTyping && status !== 429) this.#refused(request, status);
    if (status === 401 || status === 403 || status === 429) this.#countInvalid();
  }

  /** A request came although its client had been told to wait longer. */
  tooEarly(request: WatchedRequest, leftMs: number, scope: string): void {
    const subject = nameOf(request);
    const evidence = [this.#seen(`${subject} came ${Math.round(leftMs)} ms too early, scope ${scope}`)];
    const message = `Sent ${subject} again before the Retry-After of its 429 had passed; wait as long as it says`;
    this.#violations.record({ rule: "ignored-retry-after", subject, message, evidence });
  }

  #failed(request: WatchedRequest, status: number | undefined): void {
    const now: Attempt = { ...momentOf(this.#clock), at: this.#clock.now() };
    const failing = this.#failing.get(request.identity) ?? { attempts: [], rounds: [] };
    this.#failing.delete(request.identity); // and in again as the newest
    this.#failing.set(request.identity, failing);
    if (this.#failing.size > MAX_KEPT) this.#failing.delete(this.#failing.keys().next().value!);
    const last = failing.attempts.at(-1);
    if (!last || elapsedMs(last, now) > ROUND_MS)
      failing.rounds = [...failing.rounds, now].slice(-STUBBORN_ROUNDS);
    failing.attempts = [...failing.attempts, now].slice(-STORM_ATTEMPTS);
    const how = status === undefined ? "a reset" : String(status);
    this.#findStorm(request, failing, how);
    this.#findStubbornness(request, failing, how);
  }

  #findStorm(request: WatchedRequest, { attempts }: Failing, how: string): void {
    if (attempts.length < STORM_ATTEMPTS || elapsedMs(attempts[0]!, attempts.at(-1)!) > STORM_MS) return;
    const subject = nameOf(request);
    const message =
      `Tried ${subject} ${attempts.length} times within ${STORM_MS / 1000} s although each attempt failed with ` +
      `${how}; wait longer after each failure`;
    this.#violations.record({
      rule: "retry-storm",
      subject,
      message,
      evidence: toEvidence(attempts, subject),
    });
  }

  #findStubbornness(request: WatchedRequest, { rounds }: Failing, how: string): void {
    if (rounds.length < STUBBORN_ROUNDS) return;
    const gaps = rounds.slice(1).map((round, index) => elapsedMs(rounds[index]!, round));
    const longest = Math.max(...gaps);
    if (longest >= STUBBORN_MS || longest > Math.min(...gaps) * GROWTH) return;
    const subject = nameOf(request);
    const message =
      `Tried ${subject} ${rounds.length} times, each about ${Math.round(gaps[0]!)} ms after the one before, although ` +
      `each failed with ${how}; let the pause grow`;
    this.#violations.record({ rule: "no-backoff", subject, message, evidence: toEvidence(rounds, subject) });
  }

  #refused(request: WatchedRequest, status: number): void {
    if (status === 404) return; // what is not found may be looked for again
    const count = (this.#invalid.get(request.identity) ?? 0) + 1;
    this.#invalid.delete(request.identity);
    this.#invalid.set(request.identity, count);
    if (this.#invalid.size > MAX_KEPT) this.#invalid.delete(this.#invalid.keys().next().value!);
    if (count < INVALID_REPEATS) return;
    const subject = nameOf(request);
    const message = `Sent the same ${subject} ${count} times although Discord refused it with ${status}; do not repeat what cannot succeed`;
    const evidence = [this.#seen(`${subject} refused with ${status}`)];
    this.#violations.record({ rule: "protocol-error", subject, message, evidence });
  }

  #countInvalid(): void {
    const now = momentOf(this.#clock);
    if (elapsedMs(this.#countedFrom, now) >= BAN_WINDOW_MS) {
      this.#countedFrom = now;
      this.#invalidCount = 0;
    }
    this.#invalidCount++;
    if (this.#invalidCount !== BAN_COUNT) return;
    const message = `Made ${BAN_COUNT} requests within 10 minutes that were answered 401, 403 or 429; Discord bans the address for that`;
    const evidence = [this.#seen(`request ${BAN_COUNT}`)];
    this.#violations.record({ rule: "protocol-error", subject: "invalid requests", message, evidence });
  }

  #seen(what: string): Evidence {
    return { at: this.#clock.now(), what };
  }
}

function nameOf({ method, route }: WatchedRequest): string {
  return `${method} ${route}`;
}

function toEvidence(attempts: readonly Attempt[], what: string): Evidence[] {
  return [attempts[0]!, attempts.at(-1)!].map(({ at }, index) => ({
    at,
    what: `${what}, ${index === 0 ? "first" : "last"} of ${attempts.length} attempts`,
  }));
}
