import type { DiscordMessage } from "./discord_types.ts";
import { INTENT } from "./_intents.ts";
import { toMessageEvent, withoutContent } from "./_wire.ts";
import type { DiscordWorld } from "./_world.ts";

/** Options of {@linkcode GatewayEvent}. */
export interface GatewayEventOptions {
  /** Bits of the intents of which a session needs one; 0 where it needs none. @default {0} */
  readonly intent?: number | undefined;
  /** Guild that the event belongs to: it goes to that guild's shard. Without one it goes to shard 0. */
  readonly guildId?: string | undefined;
  /** The user's message that the event brings, if it does. */
  readonly message?: DiscordMessage | undefined;
  /** Whether sessions without the MESSAGE_CONTENT intent get it without its content. @default {false} */
  readonly hidesContent?: boolean | undefined;
}

/** A dispatch, before it has a sequence number: one object for all sessions, serialised at most twice. */
export class GatewayEvent {
  readonly type: string;
  readonly intent: number;
  readonly guildId: string | undefined;
  readonly message: DiscordMessage | undefined;
  readonly #payload: Record<string, unknown>;
  readonly #hidesContent: boolean;
  readonly #shardKey: bigint;
  #full: string | undefined;
  #redacted: string | undefined;
  #frame: Buffer | undefined;
  #frameSequence = -1;
  #frameIsRedacted = false;

  constructor(type: string, payload: Record<string, unknown>, options: GatewayEventOptions = {}) {
    const { intent = 0, guildId, message, hidesContent = false } = options;
    this.type = type;
    this.#payload = payload;
    this.intent = intent;
    this.guildId = guildId;
    this.message = message;
    this.#hidesContent = hidesContent;
    this.#shardKey = guildId === undefined ? 0n : BigInt(guildId) >> 22n;
  }

  /** Index of the shard that gets it, of `count`. */
  shardOf(count: number): number {
    return count === 1 ? 0 : Number(this.#shardKey % BigInt(count));
  }

  /**
   * The frame for a session. Many bots that connected together are at the same number: the last frame is kept, so
   * that it is made once for all of them.
   */
  frame(sequence: number, intents: number): Buffer {
    const redacted = this.#hidesContent && (intents & INTENT.messageContent) === 0;
    if (!this.#frame || this.#frameSequence !== sequence || this.#frameIsRedacted !== redacted) {
      const d = redacted
        ? (this.#redacted ??= JSON.stringify(withoutContent(this.#payload)))
        : (this.#full ??= JSON.stringify(this.#payload));
      this.#frame = encode(`{"t":"${this.type}","s":${sequence},"op":0,"d":${d}}`);
      this.#frameSequence = sequence;
      this.#frameIsRedacted = redacted;
    }
    return this.#frame;
  }
}

function byPlace(guildId: string | undefined, inGuild: number, inDm: number): number {
  return guildId === undefined ? inDm : inGuild;
}

/** MESSAGE_CREATE or MESSAGE_UPDATE. Content is shown without its intent in DMs, to who is mentioned, and of one's own. */
export function messageEvent(
  type: "MESSAGE_CREATE" | "MESSAGE_UPDATE",
  message: DiscordMessage,
  world: DiscordWorld,
): GatewayEvent {
  const { guildId, author, mentions } = message;
  const isOwn = author.id === world.bot.id;
  const mentionsBot = mentions.some((user) => user.id === world.bot.id);
  return new GatewayEvent(type, toMessageEvent(message, world), {
    intent: byPlace(guildId, INTENT.guildMessages, INTENT.directMessages),
    guildId,
    hidesContent: guildId !== undefined && !isOwn && !mentionsBot,
    ...(!author.bot && type === "MESSAGE_CREATE" && { message }), // bots, webhooks too, need no answer
  });
}

/** MESSAGE_DELETE. */
export function messageDeleteEvent({ id, channelId, guildId }: DiscordMessage): GatewayEvent {
  const payload = { id, channel_id: channelId, ...(guildId !== undefined && { guild_id: guildId }) };
  return new GatewayEvent("MESSAGE_DELETE", payload, {
    intent: byPlace(guildId, INTENT.guildMessages, INTENT.directMessages),
    guildId,
  });
}

// Events are kept for a resume: a piece of Node's shared pool would keep all of the pool, 64 kB, with it.
function encode(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}
