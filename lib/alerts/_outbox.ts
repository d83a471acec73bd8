import type { Alert } from "./alert.ts";

/** What a channel still owes to people. */
export interface OutboxEntry {
  /** Of one firing or resolve of one alert. */
  readonly key: string;
  readonly alert: Alert;
  readonly addedAt: number;
  readonly attempts: number;
  /** Not before. */
  readonly nextAt: number;
}

/** What a channel could not deliver, and why. */
export interface DeadLetter {
  readonly alert: Alert;
  readonly time: number;
  readonly reason: string;
}

/** What of a channel's outbox outlives the process, as JSON. */
export interface SavedOutbox {
  readonly channel: string;
  readonly entries: readonly OutboxEntry[];
  readonly deadLetters: readonly DeadLetter[];
  readonly sent: readonly string[];
}

const MOST_ENTRIES = 1000;
const MOST_DEAD = 100;
const MOST_SENT = 1000;
const MOST_ALERTS = 50;
// Nothing waits longer; what seems to was put off before the clock was set back.
const MOST_WAIT_MS = 2 * 3_600_000;

/** The notices that one channel owes, in the order in which they came; each is there once. */
export class Outbox {
  #entries: OutboxEntry[] = [];
  #deadLetters: DeadLetter[] = [];
  #sent: string[] = [];

  get entries(): readonly OutboxEntry[] {
    return this.#entries;
  }

  get deadLetters(): readonly DeadLetter[] {
    return this.#deadLetters;
  }

  /** Adds a notice, unless it is there or was sent. */
  add(alert: Alert, now: number, waitMs: number): void {
    const key = keyOf(alert);
    if (this.#sent.includes(key) || this.#entries.some((entry) => entry.key === key)) return;
    this.#entries.push({ key, alert, addedAt: now, attempts: 0, nextAt: now + waitMs });
    const dropped = this.#entries.splice(0, Math.max(0, this.#entries.length - MOST_ENTRIES));
    for (const entry of dropped) this.#bury(entry, now, "too many others waited");
  }

  /** How long until the next notice is due; infinite where there is none. */
  waitMs(now: number): number {
    const waits = this.#firstOfEach().map(({ nextAt }) => (isDue(nextAt, now) ? 0 : nextAt - now));
    return Math.min(Infinity, ...waits);
  }

  /** Those that are due of the group whose turn it is; of one alert only what is first. */
  take(now: number): readonly OutboxEntry[] {
    const due = this.#firstOfEach().filter(({ nextAt }) => isDue(nextAt, now));
    const [first] = due;
    if (!first) return [];
    return due.filter(({ alert }) => groupOf(alert) === groupOf(first.alert)).slice(0, MOST_ALERTS);
  }

  delivered(entries: readonly OutboxEntry[]): void {
    const keys = new Set(entries.map(({ key }) => key));
    this.#entries = this.#entries.filter(({ key }) => !keys.has(key));
    this.#sent = [...this.#sent, ...keys].slice(-MOST_SENT);
  }

  failed(entries: readonly OutboxEntry[], nextAt: number): void {
    const keys = new Set(entries.map(({ key }) => key));
    this.#entries = this.#entries.map((entry) =>
      keys.has(entry.key) ? { ...entry, attempts: entry.attempts + 1, nextAt } : entry,
    );
  }

  givenUp(entries: readonly OutboxEntry[], now: number, reason: string): void {
    const keys = new Set(entries.map(({ key }) => key));
    this.#entries = this.#entries.filter(({ key }) => !keys.has(key));
    for (const entry of entries) this.#bury(entry, now, reason);
  }

  toJSON(): Omit<SavedOutbox, "channel"> {
    return { entries: this.#entries, deadLetters: this.#deadLetters, sent: this.#sent };
  }

  restore({ entries, deadLetters, sent }: Omit<SavedOutbox, "channel">): void {
    this.#entries = [...entries];
    this.#deadLetters = [...deadLetters];
    this.#sent = [...sent];
  }

  /** A resolve does not overtake its firing. */
  #firstOfEach(): readonly OutboxEntry[] {
    const seen = new Set<string>();
    return this.#entries.filter(({ alert }) => !seen.has(alert.id) && seen.add(alert.id));
  }

  #bury({ alert }: OutboxEntry, time: number, reason: string): void {
    this.#deadLetters = [...this.#deadLetters, { alert, time, reason }].slice(-MOST_DEAD);
  }
}

function isDue(nextAt: number, now: number): boolean {
  return nextAt <= now || nextAt > now + MOST_WAIT_MS;
}

/** Alerts of one group are told of together. */
export function groupOf({ group, rule }: Alert): string {
  return group ?? rule;
}

function keyOf({ id, state, firedAt, resolvedAt }: Alert): string {
  return state === "resolved" ? `${id}@${resolvedAt ?? 0}:resolved` : `${id}@${firedAt ?? 0}:firing`;
}
