import type { Clock, ClockTimer } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { FaultInjector } from "../faults/fault_injector.ts";
import type { AndroidChat } from "./_android_chat.ts";
import type { AndroidFault } from "./android_faults.ts";

const QUEUE_CAPACITY = 1000;
const HOLD_MS = 1000;
// no JSON, JSON of another shape, an unknown event, wrong fields, binary
const GARBAGE: readonly (string | Uint8Array)[] = [
  "{",
  "",
  "[]",
  "null",
  '{"event":"dance","data":{}}',
  '{"event":"message","data":{"content":7},"message":7}',
  '{"event":"message"}',
  new Uint8Array([0xff, 0x00, 0xfe]),
];

/** What the app sends: a queue while there is no connection, and the faults of sending. */
export class Outbox {
  readonly #chat: AndroidChat;
  readonly #faults: FaultInjector<AndroidFault>;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #queue: string[] = [];
  #heldBack: { readonly text: string; readonly isQueued: boolean; readonly timer: ClockTimer } | undefined;
  #messages = 0;

  constructor(
    chat: AndroidChat,
    faults: FaultInjector<AndroidFault>,
    { clock, random }: { readonly clock: Clock; readonly random: SeededRandom },
  ) {
    this.#chat = chat;
    this.#faults = faults;
    this.#clock = clock;
    this.#random = random;
  }

  /** Number of messages that wait for a connection. */
  get size(): number {
    return this.#queue.length;
  }

  /** @throws {RangeError} If too many wait. */
  queue(text: string): void {
    if (this.#queue.length >= QUEUE_CAPACITY) {
      throw new RangeError(
        `Cannot queue message: no more than ${QUEUE_CAPACITY} must wait, got ${QUEUE_CAPACITY + 1}`,
      );
    }
    this.#queue.push(text);
  }

  /** Sends what waits, in order; gives how many. */
  drain(): number {
    let sent = 0;
    for (; this.#queue.length > 0 && this.#chat.isOpen; sent++) this.send(this.#queue.shift()!, true);
    return sent;
  }

  send(text: string, isQueued = false): void {
    const { kind, holdMs = HOLD_MS } = this.#strike("out-of-order") ?? {};
    if (kind && !this.#heldBack) {
      const timer = this.#clock.setTimer(() => this.#release(), holdMs, { keepAlive: false });
      this.#heldBack = { text, isQueued, timer };
      return;
    }
    this.#write(text, isQueued);
    this.#release();
  }

  /** What was held back is not sent any more. */
  clear(): void {
    this.#heldBack?.timer.cancel();
    this.#heldBack = undefined;
  }

  #release(): void {
    const held = this.#heldBack;
    this.clear();
    if (held && this.#chat.isOpen) this.#write(held.text, held.isQueued);
  }

  #write(text: string, isQueued: boolean): void {
    this.#messages++;
    if (this.#strike("garbage-frame")) this.#chat.writeGarbage(this.#random.pick(GARBAGE));
    const skewMs = this.#strike("clock-skew")?.ms;
    const createdAt = skewMs === undefined ? undefined : new Date(this.#clock.now() + skewMs).toISOString();
    this.#chat.writeMessage(text, isQueued, createdAt);
    if (this.#strike("duplicate-send")) this.#chat.writeMessage(text, isQueued, createdAt);
    const slow = this.#strike("slow-reader");
    if (slow) this.#clock.setTimer(this.#chat.pauseReading(), slow.ms, { keepAlive: false });
    if (this.#strike("half-open")) this.#chat.pauseReading();
  }

  #strike<K extends AndroidFault["kind"]>(kind: K): Extract<AndroidFault, { readonly kind: K }> | undefined {
    if (!this.#faults.isArmed) return undefined;
    const applies = (fault: AndroidFault): fault is Extract<AndroidFault, { readonly kind: K }> =>
      fault.kind === kind;
    return this.#faults.strike(applies, `message ${this.#messages}`);
  }
}
