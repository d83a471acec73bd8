/** Types of channels that the mock has, with Discord's numbers. */
export const CHANNEL_TYPE = {
  text: 0,
  dm: 1,
  voice: 2,
  category: 4,
  announcement: 5,
  announcementThread: 10,
  publicThread: 11,
  privateThread: 12,
  stage: 13,
  forum: 15,
} as const;

/** A user as the wire has it. */
export interface DiscordUser {
  readonly id: string;
  readonly username: string;
  readonly global_name: string | null;
  readonly discriminator: string;
  readonly avatar: string | null;
  readonly bot: boolean;
}

/** What a role (type 0) or a member (type 1) may do in one channel besides, or not; bits as decimal text. */
export interface DiscordOverwrite {
  readonly id: string;
  readonly type: 0 | 1;
  readonly allow: string;
  readonly deny: string;
}

/** State of a thread. */
export interface DiscordThreadMetadata {
  readonly archived: boolean;
  readonly auto_archive_duration: number;
  readonly archive_timestamp: string;
  readonly locked: boolean;
  readonly create_timestamp: string;
  readonly invitable?: boolean | undefined;
}

/** A channel as the wire has it: of a guild, a thread, or a DM with its recipient. */
export interface DiscordChannel {
  readonly id: string;
  readonly type: number;
  readonly guild_id?: string;
  readonly name?: string;
  readonly position?: number;
  readonly recipients?: readonly DiscordUser[];
  /** Category of a channel, or the channel that a thread is in. */
  readonly parent_id?: string | null;
  readonly topic?: string | null;
  readonly nsfw?: boolean;
  readonly rate_limit_per_user?: number;
  readonly permission_overwrites?: readonly DiscordOverwrite[];
  /** Who started a thread. */
  readonly owner_id?: string;
  readonly thread_metadata?: DiscordThreadMetadata;
}

/** A guild that the mock has. */
export interface DiscordGuild {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
}

/** A role as the wire has it; `permissions` are bits as decimal text. */
export interface DiscordRole {
  readonly id: string;
  readonly name: string;
  readonly color: number;
  readonly hoist: boolean;
  readonly position: number;
  readonly permissions: string;
  readonly managed: boolean;
  readonly mentionable: boolean;
}

/** A user's membership of a guild. */
export interface DiscordMember {
  readonly userId: string;
  readonly nick: string | null;
  /** Ids of the roles besides `@everyone`. */
  readonly roles: readonly string[];
  readonly joinedAt: number;
  readonly timedOutUntil: string | null;
}

/** Part of an embed that replies are read from. */
export interface DiscordEmbed {
  readonly title?: string | null;
  readonly description?: string | null;
  readonly [field: string]: unknown;
}

/** A file of a message as the wire has it; the mock serves it at `url`. */
export interface DiscordAttachment {
  readonly id: string;
  readonly filename: string;
  readonly size: number;
  readonly content_type: string;
  readonly url: string;
  readonly proxy_url: string;
  readonly description?: string | undefined;
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
  readonly attachments: readonly DiscordAttachment[];
  readonly components: readonly unknown[];
  /** Users who are pinged by `<@id>`, and the author of what is answered when the answer pings. */
  readonly mentions: readonly DiscordUser[];
  /** Ids of the roles that are pinged. */
  readonly mentionRoles: readonly string[];
  /** Whether it pings everybody by `@everyone` or `@here`. */
  readonly mentionsEveryone: boolean;
  readonly reactions: readonly DiscordReaction[];
  /** The message that this one answers, when it says so. */
  readonly repliesTo?: string | undefined;
  readonly tts: boolean;
  readonly flags: number;
  readonly pinned: boolean;
  readonly nonce?: string | number | undefined;
  /** The webhook that wrote it, for an answer to a command the application. */
  readonly webhookId?: string | undefined;
  /** The command that it answers. */
  readonly interaction?:
    | { readonly id: string; readonly name: string; readonly user: DiscordUser }
    | undefined;
  /** Epoch milliseconds, on the mock's clock. */
  readonly createdAt: number;
  readonly editedAt?: number | undefined;
}

/** Whether a channel is a thread. */
export function isThread({ type }: Pick<DiscordChannel, "type">): boolean {
  return type >= CHANNEL_TYPE.announcementThread && type <= CHANNEL_TYPE.privateThread;
}

/**
 * What a person reads in a message: its content, or else the description of its first embed, or else its text
 * components.
 */
export function readMessageText(
  message: Pick<DiscordMessage, "content" | "embeds"> & Partial<Pick<DiscordMessage, "components">>,
): string {
  if (message.content !== "") return message.content;
  const { description } = message.embeds.find((embed) => embed.description) ?? {};
  return description ?? textOf(message.components ?? []).join("\n");
}

// Text displays (10) stand alone or inside containers and sections.
function textOf(components: readonly unknown[]): string[] {
  return components.flatMap((component) => {
    if (typeof component !== "object" || component === null) return [];
    const { type, content, components: inner } = component as Record<string, unknown>;
    if (type === 10 && typeof content === "string") return [content];
    return Array.isArray(inner) ? textOf(inner) : [];
  });
}
