import type { ClockHold, ClockLedger } from "../_clock_ledger.ts";
import type { DiscordMessage } from "./discord_types.ts";

interface HeldMessage {
  readonly channelId: string;
  /** Session that the message was delivered to. */
  readonly sessionId: string;
  readonly hold: ClockHold;
}

/** Holds the clock from the delivery of a user's message until the bot answers it, or its connection is gone. */
export class ReplyHolds {
  readonly #ledger: ClockLedger;
  readonly #held = new Map<string, HeldMessage>();
  readonly #patienceMs: number;

  constructor(ledger: ClockLedger, patienceMs: number) {
    this.#ledger = ledger;
    this.#patienceMs = patienceMs;
  }

  delivered({ id, channelId }: DiscordMessage, sessionId: string): void {
    this.#forgetClosed();
    if (this.#held.has(id)) return;
    const hold = this.#ledger.hold(`reply of the bot to Discord message ${id}`, this.#patienceMs);
    this.#held.set(id, { channelId, sessionId, hold });
  }

  /** The bot wrote `reply`: it answers what it refers to, or else the oldest message of the channel. */
  answered(reply: DiscordMessage): void {
    this.#forgetClosed();
    const { repliesTo, channelId } = reply;
    const oldest = (): string | undefined =>
      this.#held.entries().find(([, held]) => held.channelId === channelId)?.[0];
    this.#release(repliesTo ?? oldest());
  }

  /** The session lost its connection: what it was given may never have arrived. */
  lost(sessionId: string): void {
    for (const [id, held] of this.#held) if (held.sessionId === sessionId) this.#release(id);
  }

  releaseAll(): void {
    for (const id of this.#held.keys()) this.#release(id);
  }

  // Those whose patience is over stand in the way of the ones behind them.
  #forgetClosed(): void {
    for (const [id, { hold }] of this.#held) if (!hold.isOpen) this.#held.delete(id);
  }

  #release(id: string | undefined): void {
    if (id === undefined) return;
    this.#held.get(id)?.hold[Symbol.dispose]();
    this.#held.delete(id);
  }
}
