import { toIsoTime } from "./_iso_time.ts";
import { toWireChannel } from "./_wire_channel.ts";
import { toWireMember } from "./_wire_guild.ts";
import type { DiscordWorld } from "./_world.ts";
import { CHANNEL_TYPE, type DiscordMessage, isThread } from "./discord_types.ts";

export { toGuildCreate, toWireMember } from "./_wire_guild.ts";

type Json = Record<string, unknown>;

const MESSAGE_TYPE = { plain: 0, reply: 19, command: 20 } as const;

/** A message as REST gives it. */
export function toWireMessage(message: DiscordMessage, world: DiscordWorld): Json {
  const { repliesTo, webhookId } = message;
  const thread = world.channel(message.id);
  return {
    id: message.id,
    channel_id: message.channelId,
    type: typeOf(message),
    author: message.author,
    content: message.content,
    timestamp: toIsoTime(message.createdAt),
    edited_timestamp: message.editedAt === undefined ? null : toIsoTime(message.editedAt),
    tts: message.tts,
    mention_everyone: message.mentionsEveryone,
    mentions: message.mentions,
    mention_roles: message.mentionRoles,
    attachments: message.attachments,
    embeds: message.embeds,
    components: message.components,
    pinned: message.pinned,
    flags: message.flags,
    ...(message.nonce !== undefined && { nonce: message.nonce }),
    ...(webhookId !== undefined && { webhook_id: webhookId }),
    ...(message.interaction && { application_id: world.bot.id, ...toMetadata(message.interaction, world) }),
    ...(thread && isThread(thread) && { thread: toWireChannel(thread, world) }),
    ...(message.reactions.length > 0 && {
      reactions: message.reactions.map((reaction) => toWireReaction(reaction, world)),
    }),
    ...(repliesTo !== undefined && toReference(message, repliesTo, world)),
  };
}

function typeOf({ repliesTo, interaction }: DiscordMessage): number {
  if (interaction) return MESSAGE_TYPE.command;
  return repliesTo === undefined ? MESSAGE_TYPE.plain : MESSAGE_TYPE.reply;
}

function toReference({ channelId, guildId }: DiscordMessage, repliesTo: string, world: DiscordWorld): Json {
  const referenced = world.message(channelId, repliesTo);
  return {
    message_reference: { type: 0, message_id: repliesTo, channel_id: channelId, guild_id: guildId },
    referenced_message: referenced ? toWireMessage({ ...referenced, repliesTo: undefined }, world) : null,
  };
}

function toMetadata(interaction: NonNullable<DiscordMessage["interaction"]>, world: DiscordWorld): Json {
  const { id, name, user } = interaction;
  const owners = { 0: world.guild.id };
  return {
    interaction: { id, type: 2, name, user },
    interaction_metadata: { id, type: 2, user, authorizing_integration_owners: owners },
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
    me_burst: false,
    burst_colors: [],
  };
}

/** A message as MESSAGE_CREATE and MESSAGE_UPDATE give it: with the guild and the author's membership. */
export function toMessageEvent(message: DiscordMessage, world: DiscordWorld): Json {
  const wire = toWireMessage(message, world);
  const { guildId, webhookId, interaction } = message;
  const channelType = world.channel(message.channelId)?.type;
  if (guildId === undefined) return { ...wire, channel_type: channelType ?? CHANNEL_TYPE.dm };
  const event = { ...wire, channel_type: channelType ?? CHANNEL_TYPE.text, guild_id: guildId };
  if (webhookId !== undefined && !interaction) return event; // a webhook is no member
  const { user: _, ...member } = toWireMember(message.author, world, guildId);
  return { ...event, member };
}

/** The event as it is given to a bot without the MESSAGE_CONTENT intent. */
export function withoutContent(event: Json): Json {
  return { ...event, content: "", embeds: [], attachments: [], components: [] };
}

/** The bot's own user, with what only it may see. */
export function toOwnUser(world: DiscordWorld): Json {
  const fields = { banner: null, accent_color: null, premium_type: 0, public_flags: 0 };
  return {
    ...world.bot,
    ...fields,
    verified: true,
    mfa_enabled: false,
    email: null,
    flags: 0,
    locale: "en-US",
  };
}

/** The bot's application. */
export function toWireApplication(world: DiscordWorld): Json {
  return {
    id: world.bot.id, // equal for all bots made since 2016
    name: world.bot.username,
    icon: null,
    description: "",
    summary: "",
    type: null,
    bot_public: false,
    bot_require_code_grant: false,
    verify_key: "0".repeat(64),
    flags: 0,
    hook: true,
    tags: [],
    rpc_origins: [],
    redirect_uris: [],
    interactions_endpoint_url: null,
    integration_types_config: {},
    approximate_guild_count: world.guilds.length,
    owner: world.user(world.guild.ownerId),
    bot: world.bot,
    team: null,
  };
}
