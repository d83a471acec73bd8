/** Types of channels that the mock has, with Discord's numbers. */
export const CHANNEL_TYPE = { text: 0, dm: 1 } as const;

/** A user as the wire has it. */
export interface DiscordUser {
  readonly id: string;
  readonly username: string;
  readonly global_name: string | null;
  readonly discriminator: string;
  readonly avatar: string | null;
  readonly bot: boolean;
}

/** A channel as the wire has it: of a guild, or a DM with its recipient. */
export interface DiscordChannel {
  readonly id: string;
  readonly type: number;
  readonly guild_id?: string;
  readonly name?: string;
  readonly position?: number;
  readonly recipients?: readonly DiscordUser[];
}

/** Part of an embed that replies are read from. */
export interface DiscordEmbed {
  readonly title?: string | null;
  readonly description?: string | null;
  readonly [field: string]: unknown;
}

/** Reactions of one emoji to a message. */
export interface DiscordReaction {
  readonly emoji: { readonly id: string | null; readonly name: string };
  /** Ids of the users who reacted so. */
  readonly userIds: ReadonlySet<string>;
}

/** A message as the mock keeps it. Replaced, never changed, when it is edited or reacted to. */
export interface DiscordMessage {
  readonly id: string;
  readonly channelId: string;
  /** Absent in a DM. */
  readonly guildId?: string | undefined;
  readonly author: DiscordUser;
  readonly content: string;
  readonly embeds: readonly DiscordEmbed[];
  readonly attachments: readonly unknown[];
  readonly components: readonly unknown[];
  /** Users mentioned by `<@id>`. */
  readonly mentions: readonly DiscordUser[];
  readonly reactions: readonly DiscordReaction[];
  /** The message that this one answers, when it says so. */
  readonly repliesTo?: string | undefined;
  readonly tts: boolean;
  readonly flags: number;
  readonly nonce?: string | number | undefined;
  /** Epoch milliseconds, on the mock's clock. */
  readonly createdAt: number;
  readonly editedAt?: number | undefined;
}

/** What a person reads in a message: its content, or else the description of its first embed. */
export function readMessageText(message: Pick<DiscordMessage, "content" | "embeds">): string {
  if (message.content !== "") return message.content;
  return message.embeds.find((embed) => embed.description)?.description ?? "";
}
