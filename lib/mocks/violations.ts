import type { Clock } from "../base/clock.ts";
import { RingBuffer } from "../base/ring_buffer.ts";
import { systemClock } from "../base/system_clock.ts";

/**
 * Something that a companion must not do to a service, although it may get an answer all the same. On Discord,
 * Ollama, voice and Android where it can be seen there; `secret-in-log` and `truncated-stream-taken-for-complete` by
 * the harness, which sees both ends.
 */
export type ViolationRule =
  | "retry-storm"
  | "no-backoff"
  | "ignored-retry-after"
  | "missing-heartbeat"
  | "missed-ack-not-noticed"
  | "session-not-resumed"
  | "identify-flood"
  | "protocol-error"
  | "double-reply"
  | "answers-itself"
  | "reply-to-wrong-place"
  | "truncated-stream-taken-for-complete"
  | "unbounded-concurrency"
  | "no-timeout-on-stalled-stream"
  | "talks-over-the-user"
  | "message-lost"
  | "message-out-of-order"
  | "secret-in-log";

/** One thing that was seen, and when. Never what people wrote. */
export interface Evidence {
  /** Epoch milliseconds on the mock's clock. */
  readonly at: number;
  readonly what: string;
}

/** Something that a companion did wrong, with what shows it. */
export interface Violation {
  readonly rule: ViolationRule;
  /** Who saw it: `discord`, `ollama`, `voice`, `android`, `harness`. */
  readonly source: string;
  /** What it is about, such as a route or a session; with `rule` and `source` it tells violations apart. */
  readonly subject: string;
  /** One sentence: what was done, and what would have been right. */
  readonly message: string;
  readonly evidence: readonly Evidence[];
  /** When it was last seen. */
  readonly at: number;
  /** How often it was seen. */
  readonly count: number;
}

/** A violation as its finder gives it to {@linkcode ViolationLog.record}. */
export type FoundViolation = Pick<Violation, "rule" | "subject" | "message" | "evidence">;

/** Options of {@linkcode ViolationLog}. */
export interface ViolationLogOptions {
  /** Who sees them: `discord`, `ollama`, `voice`, `android`, `harness`. */
  readonly source: string;
  /** @default {systemClock} */
  readonly clock?: Clock | undefined;
  /** How many different ones are kept; the oldest are forgotten first. @default {200} */
  readonly capacity?: number | undefined;
}

/**
 * What a mock saw its client do wrong: the verdict on the client. The same rule about the same subject is one
 * violation, which is counted.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { ViolationLog } from "demi-health/mocks";
 *
 * const violations = new ViolationLog({ source: "ollama" });
 * const found = { rule: "no-backoff", subject: "POST /api/chat", message: "Tried 8 times", evidence: [] } as const;
 * violations.record(found);
 * violations.record(found);
 * assert.deepEqual([...violations].map(({ rule, count }) => [rule, count]), [["no-backoff", 2]]);
 * ```
 */
export class ViolationLog implements Iterable<Violation> {
  readonly #source: string;
  readonly #clock: Clock;
  readonly #violations: RingBuffer<Violation>;
  #byKey = new Map<string, Violation>();
  #total = 0;

  constructor(options: ViolationLogOptions) {
    const { source, clock = systemClock, capacity = 200 } = options;
    this.#source = source;
    this.#clock = clock;
    this.#violations = new RingBuffer(capacity);
  }

  /** Number of different violations that are kept. */
  get length(): number {
    return this.#byKey.size;
  }

  /** Number of all that were recorded, repetitions and forgotten ones included. */
  get total(): number {
    return this.#total;
  }

  /** Adds a violation, or counts it when it is known already; the first evidence is kept. */
  record(found: FoundViolation): void {
    const key = `${found.rule} ${found.subject}`;
    const known = this.#byKey.get(key);
    const at = this.#clock.now();
    this.#total++;
    if (known) {
      Object.assign(known, { at, count: known.count + 1 });
      return;
    }
    const violation: Violation = { ...found, source: this.#source, at, count: 1 };
    this.#byKey.set(key, violation);
    this.#violations.push(violation);
    if (this.#byKey.size > this.#violations.length) {
      this.#byKey = new Map([...this.#violations].map((each) => [`${each.rule} ${each.subject}`, each]));
    }
  }

  /** Forgets all, as before the next part of a test. */
  clear(): void {
    this.#byKey.clear();
    this.#violations.clear();
  }

  [Symbol.iterator](): Iterator<Violation, void, undefined> {
    return [...this.#byKey.values()].map((violation) => ({ ...violation }))[Symbol.iterator]();
  }
}

/** A violation in one line, with its evidence. */
export function formatViolation(violation: Violation): string {
  const { rule, source, message, evidence, count } = violation;
  const times = count > 1 ? ` (${count} times)` : "";
  const seen = evidence.map(({ at, what }) => `\n    ${new Date(at).toISOString()} ${what}`).join("");
  return `${source}: ${rule}: ${message}${times}${seen}`;
}
