import type { Clock } from "../../lib/base/clock.ts";
import type { EmotionValues } from "../../lib/emotion/emotional_state.ts";
import type { Heart } from "./heart.ts";
import { classifyMessage } from "./interactions.ts";
import { type Llm, LlmError } from "./llm.ts";
import { FALLBACK_REPLY, toReplyPrompt } from "./prompt.ts";
import { newMessage, type Storage, type StoredMessage } from "./storage.ts";

/** A message as a platform received it. */
export interface IncomingMessage {
  readonly platform: string;
  /** Messages of one conversation are answered one after another. */
  readonly conversationId: string;
  readonly text: string;
}

/** A message and the reply to it; both are on the disk. */
export interface Exchange {
  readonly message: StoredMessage;
  readonly reply: StoredMessage;
}

/** Too many messages of one conversation wait for their answer. */
export class TooBusyError extends Error {
  override readonly name: string = "TooBusyError";
}

const REMEMBERED_MESSAGES = 20;
const MAX_WAITING = 32;

/** Answers messages: feels, thinks, and remembers before she speaks. */
export class Mind {
  readonly #storage: Storage;
  readonly #heart: Heart;
  readonly #llm: Llm;
  readonly #clock: Clock;
  readonly #afterMessage: ((text: string) => void) | undefined;
  readonly #conversations = new Map<string, { waiting: number; last: Promise<unknown> }>();
  readonly #underWay = new Set<Promise<void>>();

  /** @param afterMessage Called with each message once it is answered. */
  constructor(storage: Storage, heart: Heart, llm: Llm, clock: Clock, afterMessage?: (text: string) => void) {
    this.#storage = storage;
    this.#heart = heart;
    this.#llm = llm;
    this.#clock = clock;
    this.#afterMessage = afterMessage;
  }

  /**
   * Answers a message and hands the exchange to `deliver`, in the order of the conversation. Without a language model the reply says that there is none.
   *
   * @throws {TooBusyError} If 32 messages of the conversation wait already; whatever saving or `deliver` throws.
   */
  async answer(incoming: IncomingMessage, deliver: (exchange: Exchange) => Promise<void>): Promise<void> {
    const work = this.#inTurn(incoming.conversationId, () => this.#exchange(incoming, deliver));
    this.#underWay.add(work);
    try {
      await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  async #inTurn(conversationId: string, work: () => Promise<void>): Promise<void> {
    const queue = this.#conversations.get(conversationId) ?? { waiting: 0, last: Promise.resolve() };
    if (queue.waiting >= MAX_WAITING) {
      throw new TooBusyError(
        `Cannot answer: fewer than ${MAX_WAITING} messages must be waiting, got ${queue.waiting}`,
      );
    }
    this.#conversations.set(conversationId, queue);
    queue.waiting++;
    const turn = queue.last.then(work, work);
    queue.last = turn.catch(() => undefined);
    try {
      await turn;
    } finally {
      if (--queue.waiting === 0) this.#conversations.delete(conversationId);
    }
  }

  async #exchange(incoming: IncomingMessage, deliver: (exchange: Exchange) => Promise<void>): Promise<void> {
    const receivedAt = this.#clock.now();
    const { platform, conversationId, text } = incoming;
    const kind = classifyMessage(text);
    const content = await this.#think(incoming, this.#heart.preview(kind).values);
    const [message, reply] = this.#heart.commit(kind, ({ values }) => [
      newMessage({ platform, conversationId, sender: "user", content: text, createdAt: receivedAt }),
      newMessage({
        platform,
        conversationId,
        sender: "demi",
        content,
        createdAt: this.#clock.now(),
        emotions: values,
      }),
    ]);
    await this.#clock.track(deliver({ message: message!, reply: reply! }), `reply on ${platform}`);
    this.#afterMessage?.(text);
  }

  async #think({ conversationId, text }: IncomingMessage, emotions: EmotionValues): Promise<string> {
    const past = this.#storage.history(conversationId, REMEMBERED_MESSAGES);
    try {
      return await this.#llm.chat(toReplyPrompt(emotions, past, text));
    } catch (error) {
      if (error instanceof LlmError) return FALLBACK_REPLY; // never silence; the failure was told to the observer
      throw error;
    }
  }
}
