import type { DiscordMessage } from "./discord_types.ts";
import { INTENT } from "./_intents.ts";
import { toMessageEvent, withoutContent } from "./_wire.ts";
import type { DiscordWorld } from "./_world.ts";

/** A dispatch, before it has a sequence number: one object for all sessions, serialised at most twice. */
export class GatewayEvent {
  readonly type: string;
  /** Bit of the intent that a session needs; 0 where none is. */
  readonly intent: number;
  /** Guild that the event belongs to: it goes to that guild's shard. */
  readonly guildId: string | undefined;
  /** The user's message that the event brings, if it does. */
  readonly message: DiscordMessage | undefined;
  readonly #payload: Record<string, unknown>;
  readonly #hasHiddenContent: boolean;
  #full: string | undefined;
  #redacted: string | undefined;

  constructor(
    type: string,
    payload: Record<string, unknown>,
    options: {
      intent?: number;
      guildId?: string | undefined;
      message?: DiscordMessage;
      hidesContent?: boolean;
    } = {},
  ) {
    this.type = type;
    this.#payload = payload;
    this.intent = options.intent ?? 0;
    this.guildId = options.guildId;
    this.message = options.message;
    this.#hasHiddenContent = options.hidesContent ?? false;
  }

  /** The frame for a session, as text. */
  frame(sequence: number, intents: number): string {
    const hides = this.#hasHiddenContent && (intents & INTENT.messageContent) === 0;
    const d = hides
      ? (this.#redacted ??= JSON.stringify(withoutContent(this.#payload)))
      : (this.#full ??= JSON.stringify(this.#payload));
    return `{"t":"${this.type}","s":${sequence},"op":0,"d":${d}}`;
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
    ...(!isOwn && type === "MESSAGE_CREATE" && { message }),
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

/** MESSAGE_REACTION_ADD or MESSAGE_REACTION_REMOVE. */
export function reactionEvent(
  type: "MESSAGE_REACTION_ADD" | "MESSAGE_REACTION_REMOVE",
  message: DiscordMessage,
  userId: string,
  emoji: { id: string | null; name: string },
): GatewayEvent {
  const { id, channelId, guildId, author } = message;
  const place = { channel_id: channelId, ...(guildId !== undefined && { guild_id: guildId }) };
  const payload = {
    user_id: userId,
    message_id: id,
    message_author_id: author.id,
    emoji,
    burst: false,
    type: 0,
  };
  return new GatewayEvent(
    type,
    { ...payload, ...place },
    {
      intent: byPlace(guildId, INTENT.guildMessageReactions, INTENT.directMessageReactions),
      guildId,
    },
  );
}
