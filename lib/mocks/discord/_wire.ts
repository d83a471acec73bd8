import { type DiscordChannel, type DiscordMessage, type DiscordUser } from "./discord_types.ts";
import type { DiscordWorld } from "./_world.ts";

type Json = Record<string, unknown>;

// VIEW_CHANNEL, SEND_MESSAGES, ADD_REACTIONS, EMBED_LINKS, ATTACH_FILES, READ_MESSAGE_HISTORY and a few harmless ones
const EVERYONE_PERMISSIONS = "137411140505153";

/** Time as Discord writes it: microseconds and a numeric offset. */
export function toIsoTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace("Z", "000+00:00");
}

/** A channel as REST and GUILD_CREATE give it. */
export function toWireChannel(channel: DiscordChannel, lastMessageId: string | undefined): Json {
  const common = { ...channel, last_message_id: lastMessageId ?? null, flags: 0 };
  if (channel.guild_id === undefined) return common;
  return {
    ...common,
    topic: null,
    nsfw: false,
    parent_id: null,
    rate_limit_per_user: 0,
    permission_overwrites: [],
  };
}

/** A message as REST gives it. */
export function toWireMessage(message: DiscordMessage, world: DiscordWorld): Json {
  const { repliesTo, guildId } = message;
  const referenced = repliesTo === undefined ? undefined : world.message(message.channelId, repliesTo);
  return {
    id: message.id,
    channel_id: message.channelId,
    type: repliesTo === undefined ? 0 : 19,
    author: message.author,
    content: message.content,
    timestamp: toIsoTime(message.createdAt),
    edited_timestamp: message.editedAt === undefined ? null : toIsoTime(message.editedAt),
    tts: message.tts,
    mention_everyone: /@(everyone|here)\b/.test(message.content),
    mentions: message.mentions,
    mention_roles: [],
    attachments: message.attachments,
    embeds: message.embeds,
    components: message.components,
    pinned: false,
    flags: message.flags,
    ...(message.nonce !== undefined && { nonce: message.nonce }),
    ...(message.reactions.length > 0 && {
      reactions: message.reactions.map((r) => toWireReaction(r, world)),
    }),
    ...(repliesTo !== undefined && {
      message_reference: { type: 0, message_id: repliesTo, channel_id: message.channelId, guild_id: guildId },
      referenced_message: referenced ? toWireMessage({ ...referenced, repliesTo: undefined }, world) : null,
    }),
  };
}

function toWireReaction(reaction: DiscordMessage["reactions"][number], world: DiscordWorld): Json {
  const { emoji, userIds } = reaction;
  const count = userIds.size;
  return {
    emoji,
    count,
    count_details: { burst: 0, normal: count },
    me: userIds.has(world.bot.id),
    burst_colors: [],
  };
}

/** A message as MESSAGE_CREATE and MESSAGE_UPDATE give it: with the guild and the author's membership. */
export function toMessageEvent(message: DiscordMessage, world: DiscordWorld): Json {
  const wire = toWireMessage(message, world);
  if (message.guildId === undefined) return { ...wire, channel_type: 1 };
  const { user: _, ...member } = toWireMember(message.author, world);
  return { ...wire, channel_type: 0, guild_id: message.guildId, member };
}

/** The event as it is given to a bot without the MESSAGE_CONTENT intent. */
export function withoutContent(event: Json): Json {
  return { ...event, content: "", embeds: [], attachments: [], components: [] };
}

/** A member of the guild. */
export function toWireMember(user: DiscordUser, world: DiscordWorld): Json {
  return {
    user,
    nick: null,
    avatar: null,
    roles: [],
    joined_at: toIsoTime(idTime(world.guild.id)),
    premium_since: null,
    deaf: false,
    mute: false,
    flags: 0,
    pending: false,
    communication_disabled_until: null,
  };
}

/** The guild as `GET /guilds/:id` gives it. */
export function toWireGuild(world: DiscordWorld): Json {
  const { id, name, ownerId } = world.guild;
  return {
    id,
    name,
    owner_id: ownerId,
    icon: null,
    splash: null,
    banner: null,
    description: null,
    discovery_splash: null,
    afk_channel_id: null,
    afk_timeout: 300,
    widget_enabled: false,
    verification_level: 0,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    roles: [everyoneRole(id)],
    emojis: [],
    stickers: [],
    features: [],
    mfa_level: 0,
    application_id: null,
    system_channel_id: null,
    system_channel_flags: 0,
    rules_channel_id: null,
    public_updates_channel_id: null,
    safety_alerts_channel_id: null,
    vanity_url_code: null,
    premium_tier: 0,
    premium_subscription_count: 0,
    premium_progress_bar_enabled: false,
    preferred_locale: "en-US",
    nsfw_level: 0,
    max_members: 500_000,
  };
}

/** The guild as GUILD_CREATE gives it. Without the GUILD_MEMBERS intent only the bot is among the members. */
export function toGuildCreate(world: DiscordWorld, withMembers: boolean): Json {
  const members = withMembers ? world.users : [world.bot];
  return {
    ...toWireGuild(world),
    unavailable: false,
    large: false,
    joined_at: toIsoTime(idTime(world.guild.id)),
    member_count: world.users.length,
    members: members.map((user) => toWireMember(user, world)),
    channels: world.guildChannels.map((channel) => toWireChannel(channel, lastMessageId(world, channel.id))),
    threads: [],
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}

/** Id of the newest message that a channel keeps. */
export function lastMessageId(world: DiscordWorld, channelId: string): string | undefined {
  return world.messages(channelId).at(-1)?.id;
}

/** The bot's own user, with what only it may see. */
export function toOwnUser(world: DiscordWorld): Json {
  return { ...world.bot, verified: true, mfa_enabled: false, email: null, flags: 0, locale: "en-US" };
}

/** The bot's application. */
export function toWireApplication(world: DiscordWorld): Json {
  return {
    id: world.bot.id, // equal for all bots made since 2016
    name: world.bot.username,
    icon: null,
    description: "",
    bot_public: false,
    bot_require_code_grant: false,
    verify_key: "0".repeat(64),
    flags: 0,
    owner: world.user(world.guild.ownerId),
    team: null,
  };
}

function everyoneRole(guildId: string): Json {
  return {
    id: guildId,
    name: "@everyone",
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    icon: null,
    unicode_emoji: null,
    position: 0,
    permissions: EVERYONE_PERMISSIONS,
    managed: false,
    mentionable: false,
    flags: 0,
  };
}

function idTime(id: string): number {
  return Number(BigInt(id) >> 22n) + 1_420_070_400_000;
}
