import { RingBuffer } from "../../base/ring_buffer.ts";
import type { VoiceReply } from "./voice_options.ts";

const KEPT = 1000;

interface Waiter {
  readonly to: string | undefined;
  readonly resolve: (reply: VoiceReply) => void;
}

/** Brings what the companion said to those who wait for it. None is given out twice. */
export class RoomReplies {
  readonly #heard = new RingBuffer<VoiceReply>(KEPT);
  readonly #givenOut = new WeakSet<VoiceReply>();
  readonly #waiters = new Set<Waiter>();

  /** All that was heard, oldest first, the last 1000. */
  get heard(): readonly VoiceReply[] {
    return [...this.#heard];
  }

  add(reply: VoiceReply): void {
    this.#heard.push(reply);
    for (const waiter of this.#waiters) {
      if (waiter.to !== undefined && waiter.to !== reply.inReplyTo) continue;
      this.#waiters.delete(waiter);
      this.#give(reply, waiter);
      return;
    }
  }

  /** The answer to an utterance, which may be there already; without `to` the next that is said. */
  async wait(to: string | undefined, signal: AbortSignal): Promise<VoiceReply> {
    const { promise, resolve } = Promise.withResolvers<VoiceReply>();
    const waiter: Waiter = { to, resolve };
    const known = to === undefined ? undefined : this.heard.find((reply) => this.#isFor(reply, to));
    if (known) this.#give(known, waiter);
    else this.#waiters.add(waiter);
    signal.addEventListener("abort", () => this.#waiters.delete(waiter), { once: true });
    return promise; // the caller's deadline ends the wait
  }

  #isFor(reply: VoiceReply, to: string): boolean {
    return reply.inReplyTo === to && !this.#givenOut.has(reply);
  }

  #give(reply: VoiceReply, { resolve }: Waiter): void {
    this.#givenOut.add(reply);
    resolve(reply);
  }
}
