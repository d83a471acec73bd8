import { isLaterId } from "./_snowflakes.ts";
import type { DiscordMessage } from "./discord_types.ts";

interface Waiter {
  readonly channelId: string;
  /** The message that wants an answer, or `undefined` for the bot's next message, whatever it answers. */
  readonly to: string | undefined;
  readonly resolve: (reply: DiscordMessage) => void;
}

/**
 * Brings the bot's messages to those who wait for them. One that says what it answers goes to who asked that; any
 * other to who has waited longest in its channel. None is given out twice.
 */
export class ReplyWaiters {
  readonly #waiters = new Set<Waiter>();
  readonly #givenOut = new WeakSet<DiscordMessage>();

  /** A new message of the bot. */
  offer(reply: DiscordMessage): void {
    for (const waiter of this.#waiters) {
      if (waiter.channelId !== reply.channelId || !(waiter.to === undefined || isAnswerTo(reply, waiter.to)))
        continue;
      this.#waiters.delete(waiter);
      this.#give(reply, waiter.resolve);
      return;
    }
  }

  /**
   * Waits for an answer.
   *
   * @param earlier The bot's messages in the channel so far: the answer may be there before it is asked for.
   */
  async wait(
    channelId: string,
    to: string | undefined,
    earlier: readonly DiscordMessage[],
    signal: AbortSignal,
  ): Promise<DiscordMessage> {
    const { promise, resolve } = Promise.withResolvers<DiscordMessage>();
    const found = earlier.find(
      (reply) => to !== undefined && !this.#givenOut.has(reply) && isAnswerTo(reply, to),
    );
    if (found) {
      this.#give(found, resolve);
      return promise;
    }
    const waiter: Waiter = { channelId, to, resolve };
    this.#waiters.add(waiter);
    signal.addEventListener("abort", () => this.#waiters.delete(waiter), { once: true });
    return promise; // the caller's deadline ends the wait
  }

  #give(reply: DiscordMessage, resolve: (reply: DiscordMessage) => void): void {
    this.#givenOut.add(reply);
    resolve(reply);
  }
}

/** Whether a message of the bot answers the message `to`: it names it, or names none and came later. */
export function isAnswerTo(reply: DiscordMessage, to: string): boolean {
  return reply.repliesTo === undefined ? isLaterId(reply.id, to) : reply.repliesTo === to;
}
