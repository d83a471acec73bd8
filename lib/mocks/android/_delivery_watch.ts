import type { Clock } from "../../base/clock.ts";
import { RingBuffer } from "../../base/ring_buffer.ts";
import type { ViolationLog, ViolationRule } from "../violations.ts";
import type { AndroidAccount } from "./_android_account.ts";
import type { AndroidFrameError } from "./_android_errors.ts";
import type { AndroidMessage } from "./_android_wire.ts";
import { inOrder, toKey } from "./_history.ts";

// A history that is shorter was surely not cut off at its beginning.
const SHORT_HISTORY = 20;
const SAME_REPLY_MS = 10_000;
const SENT_KEPT = 500;
const DELIVERED_KEPT = 200;

interface Sent {
  readonly text: string;
  readonly connection: number;
  readonly at: number;
  /** Position among all that this device sent, from 1. */
  readonly number: number;
  readonly isQueued: boolean;
  /** A message that the device knew before. */
  readonly after: string | undefined;
  closedAt?: number;
  isSettled?: boolean;
  isInHistory?: boolean;
}

/** What a {@linkcode DeliveryWatch} works with. */
export interface DeliveryWatchOptions {
  readonly violations: ViolationLog;
  readonly clock: Clock;
  readonly account: AndroidAccount;
  readonly lossAfterMs: number;
}

/**
 * Finds messages that a companion lost, mixed up or took twice. The wire has no acknowledgements and does not say what
 * a reply answers, so it looks at what cannot be otherwise: the user's own messages in the history, which must be there
 * as often and in the order in which they were sent, and silence. A companion may answer several messages by one
 * reply, one message by several, or speak of its own accord.
 */
export class DeliveryWatch {
  readonly #options: DeliveryWatchOptions;
  readonly #sent = new RingBuffer<Sent>(SENT_KEPT);
  readonly #recent = new RingBuffer<{ readonly id: string; readonly text: string; readonly at: number }>(20);
  readonly #baseline = new Set<string>();
  readonly #delivered = new Map<string, string>();
  #connection = 0;
  #sentTotal = 0;
  #credit = 0;
  #hasHistory = false;
  #echoes = false;
  #lastKnown: string | undefined;
  /** Number of messages that had been sent at the last sign of life. */
  #signedUpTo = 0;

  constructor(options: DeliveryWatchOptions) {
    this.#options = options;
  }

  /** A connection was made. */
  opened(): void {
    this.#connection++;
    this.#delivered.clear();
  }

  closed(): void {
    const at = this.#options.clock.now();
    for (const sent of this.#sent) if (sent.connection === this.#connection) sent.closedAt ??= at;
  }

  /** A message was written to the connection. */
  sent(text: string, isQueued: boolean): void {
    this.#sent.push({
      text: toKey(text),
      connection: this.#connection,
      at: this.#options.clock.now(),
      number: ++this.#sentTotal,
      isQueued,
      after: this.#lastKnown,
    });
  }

  /** Whether this device sent such a text. */
  hasSent(text: string): boolean {
    const key = toKey(text);
    return [...this.#sent].some((sent) => sent.text === key);
  }

  /** A device of the user sent a message: another reply may come. */
  expectReply(): void {
    this.#credit++;
  }

  /** The companion complained, or is writing: it is not silent. */
  sign(): void {
    this.#signedUpTo = this.#sentTotal;
  }

  /** The companion said that it will not answer. */
  refused(): void {
    this.sign();
    this.#settleOne();
  }

  /** A message came over the connection. */
  delivered(message: AndroidMessage): void {
    this.sign();
    this.#lastKnown = message.id;
    if (this.#isToldAgain(message)) return;
    if (message.sender === "user") return this.expectReply();
    this.#settleOne();
    this.#checkSameReply(message);
  }

  /**
   * The history came, at a connection or in between.
   *
   * @param missed Those that the device did not know.
   */
  history(messages: readonly AndroidMessage[], missed: readonly AndroidMessage[]): void {
    const ordered = inOrder(messages);
    const users = ordered.filter(({ sender }) => sender === "user");
    this.#lastKnown = ordered.at(-1)?.id ?? this.#lastKnown;
    if (!this.#hasHistory) {
      this.#hasHistory = true;
      for (const { id } of messages) this.#baseline.add(id);
      return;
    }
    for (const { sender } of missed) if (sender === "demi") this.#answered();
    const fresh = users.filter(({ id }) => !this.#baseline.has(id));
    this.#checkTaken(fresh);
    this.#checkOrder(fresh);
    this.#checkLost(fresh, messages);
  }

  /** Looks for queued messages after which the companion was silent, although it had time. */
  checkSilence(): void {
    for (const sent of this.#open()) {
      const isSilent = this.#signedUpTo < sent.number;
      if (!sent.isQueued || sent.isInHistory || sent.closedAt !== undefined || !isSilent) continue;
      sent.isSettled = true;
      const what = `message ${sent.number} of this device was sent, and nothing came after it`;
      const message = `A message that the app had queued offline got no reply, no error and no place in the history; each must be taken once`;
      this.#record("message-lost", "queued message", message, [{ at: sent.at, what }]);
    }
  }

  /** Whether a queued message has no sign of being taken yet. */
  get hasOpen(): boolean {
    return this.#open().some(({ isQueued }) => isQueued);
  }

  frameError({ field, rule }: AndroidFrameError): void {
    const message = `A frame of the companion broke the protocol: ${field} must be ${rule}`;
    this.#record("protocol-error", `frame ${field}`, message, [{ at: this.#now(), what: "the frame" }]);
  }

  noPong(waitedMs: number): void {
    const message = `A ping was not answered within ${waitedMs} ms of real time; a pong must come at once`;
    this.#record("missing-heartbeat", "pong", message, [{ at: this.#now(), what: "no pong" }]);
  }

  /** Messages that had their time, and for which no reply came. */
  #open(): readonly Sent[] {
    return [...this.#sent].filter((sent) => !sent.isSettled && this.#hadTime(sent));
  }

  #hadTime({ at, closedAt = this.#now() }: Sent): boolean {
    return closedAt - at >= this.#options.lossAfterMs;
  }

  #settleOne(): void {
    const next = [...this.#sent].find((sent) => !sent.isSettled && sent.connection === this.#connection);
    if (next) next.isSettled = true;
  }

  /** A reply was missed, which is in the history. */
  #answered(): void {
    const next = [...this.#sent].find((sent) => !sent.isSettled);
    if (next) next.isSettled = true;
    this.#credit = Math.max(0, this.#credit - 1);
  }

  /** Whether it came before on this connection: with a new state it is an update, without one it is once too often. */
  #isToldAgain({ id, status, deliveredAt, readAt }: AndroidMessage): boolean {
    const state = JSON.stringify([status, deliveredAt, readAt]);
    const before = this.#delivered.get(id);
    this.#delivered.set(id, state);
    if (this.#delivered.size > DELIVERED_KEPT) {
      const [oldest] = this.#delivered.keys();
      this.#delivered.delete(oldest!);
    }
    if (before === state) {
      const message = "A message was delivered twice on one connection, under the same id; once is right";
      this.#record("double-reply", "same message", message, [
        { at: this.#now(), what: `message ${id} again` },
      ]);
    }
    return before !== undefined;
  }

  // Only the same words again, soon, and without a message to answer, are surely a second reply: what is said of its
  // own accord, or in several parts, has other words.
  #checkSameReply({ id, content }: AndroidMessage): void {
    const at = this.#now();
    const text = toKey(content);
    const hadCredit = this.#credit > 0;
    if (hadCredit) this.#credit--;
    const before = [...this.#recent].find(
      (each) => each.text === text && each.id !== id && at - each.at <= SAME_REPLY_MS,
    );
    this.#recent.push({ id, text, at });
    if (hadCredit || !before) return;
    const message = "One message was answered twice, by the same words under two ids; one reply is right";
    this.#record("double-reply", "same words", message, [
      { at: before.at, what: "the reply" },
      { at, what: `the same words as message ${id}` },
    ]);
  }

  #checkTaken(fresh: readonly AndroidMessage[]): void {
    const times = new Map<string, Set<string>>();
    for (const { id, content } of fresh) {
      const ids = times.get(toKey(content)) ?? new Set();
      times.set(toKey(content), ids.add(id));
    }
    for (const [text, ids] of times) {
      const sent = this.#options.account.timesSent(text);
      if (sent === 0 || ids.size <= sent) continue;
      const what = `sent ${sent} times, in the history ${ids.size} times`;
      const message = `The history has a message of the user ${ids.size} times that was sent ${sent} times; each must be taken once`;
      this.#record("double-reply", "message taken twice", message, [{ at: this.#now(), what }]);
    }
  }

  #checkOrder(fresh: readonly AndroidMessage[]): void {
    const position = new Map<string, number>();
    const several = new Set<string>();
    for (const [index, { content }] of fresh.entries()) {
      const text = toKey(content);
      if (position.has(text)) several.add(text);
      position.set(text, index);
    }
    let before: Sent | undefined;
    for (const sent of this.#sent) {
      const at = position.get(sent.text);
      const isSure = at !== undefined && !several.has(sent.text) && this.#isUnique(sent);
      if (!isSure) continue;
      sent.isInHistory = true;
      this.#echoes = true;
      const isSame = before?.connection === sent.connection; // of two connections neither is the first
      if (before && isSame && position.get(before.text)! > at) this.#mixedUp(before, sent);
      before = sent;
    }
  }

  #mixedUp(first: Sent, second: Sent): void {
    const message =
      "The history has messages of one connection in another order than they were sent; order must be kept";
    this.#record("message-out-of-order", first.isQueued ? "queued message" : "message", message, [
      { at: first.at, what: `message ${first.number} of this device was sent first` },
      { at: second.at, what: `message ${second.number} was sent after it, and stands before it` },
    ]);
  }

  #isUnique(sent: Sent): boolean {
    return this.#options.account.timesSent(sent.text) === 1;
  }

  // Replies do not say what they answer, so only their number counts: fewer replies than messages, and one of these is
  // not in the history, although others of the user are.
  #checkLost(fresh: readonly AndroidMessage[], history: readonly AndroidMessage[]): void {
    const texts = fresh.map(({ content }) => toKey(content));
    const ids = new Set(history.map(({ id }) => id));
    const open = [...this.#open()];
    for (const sent of this.#sent) {
      // a companion may put several messages together
      sent.isInHistory ||= texts.some((text) => text.includes(sent.text));
      const reachesBack = history.length < SHORT_HISTORY || (sent.after !== undefined && ids.has(sent.after));
      if (!this.#echoes || !reachesBack || sent.isInHistory || !this.#hadTime(sent)) continue;
      const unanswered = open.find(({ connection }) => connection === sent.connection);
      if (!unanswered) continue;
      open.splice(open.indexOf(unanswered), 1);
      unanswered.isSettled = true;
      sent.isInHistory = true; // it is told once
      const what = `message ${sent.number} of this device was sent, and is not in the history`;
      const name = sent.isQueued ? "queued message" : "message";
      const message = `A ${name} was lost: it got no reply, and is not in the history, which has others of the user; each must be taken once`;
      this.#record("message-lost", name, message, [{ at: sent.at, what }]);
    }
  }

  #record(
    rule: ViolationRule,
    subject: string,
    message: string,
    evidence: readonly { readonly at: number; readonly what: string }[],
  ): void {
    this.#options.violations.record({ rule, subject, message, evidence });
  }

  #now(): number {
    return this.#options.clock.now();
  }
}
