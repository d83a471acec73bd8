import { GatewayEvent } from "./_gateway_event.ts";
import { INTENT } from "./_intents.ts";
import { toIsoTime } from "./_iso_time.ts";
import { toThreadMember, toWireChannel } from "./_wire_channel.ts";
import { toGuildCreate, toWireMember, toWireRole } from "./_wire_guild.ts";
import type { DiscordWorld } from "./_world.ts";
import {
  type DiscordChannel,
  type DiscordMessage,
  type DiscordReaction,
  type DiscordRole,
  type DiscordUser,
  isThread,
} from "./discord_types.ts";

type Json = Record<string, unknown>;
type Change = "CREATE" | "UPDATE" | "DELETE";

const WEBHOOKS_INTENT = INTENT.guildWebhooks;
const MODERATION_INTENT = INTENT.guildModeration;

function intentOf(guildId: string | undefined, inGuild: number, inDm: number): number {
  return guildId === undefined ? inDm : inGuild;
}

function placeOf(channelId: string, guildId: string | undefined): Json {
  return { channel_id: channelId, ...(guildId !== undefined && { guild_id: guildId }) };
}

/** MESSAGE_DELETE_BULK. */
export function bulkDeleteEvent(ids: readonly string[], { id, guild_id }: DiscordChannel): GatewayEvent {
  const intent = intentOf(guild_id, INTENT.guildMessages, INTENT.directMessages);
  return new GatewayEvent(
    "MESSAGE_DELETE_BULK",
    { ids, ...placeOf(id, guild_id) },
    { intent, guildId: guild_id },
  );
}

/** MESSAGE_REACTION_ADD or MESSAGE_REACTION_REMOVE. */
export function reactionEvent(
  change: "ADD" | "REMOVE",
  message: DiscordMessage,
  user: DiscordUser,
  emoji: DiscordReaction["emoji"],
  world: DiscordWorld,
): GatewayEvent {
  const { id, channelId, guildId, author } = message;
  const isMember = change === "ADD" && guildId !== undefined;
  const payload = {
    user_id: user.id,
    message_id: id,
    ...placeOf(channelId, guildId),
    emoji: { ...emoji, animated: false },
    burst: false,
    type: 0,
    ...(change === "ADD" && { message_author_id: author.id }),
    ...(isMember && { member: toWireMember(user, world, guildId) }),
  };
  const intent = intentOf(guildId, INTENT.guildMessageReactions, INTENT.directMessageReactions);
  return new GatewayEvent(`MESSAGE_REACTION_${change}`, payload, { intent, guildId });
}

/** MESSAGE_REACTION_REMOVE_ALL, or MESSAGE_REACTION_REMOVE_EMOJI where one emoji is named. */
export function reactionsClearedEvent(
  message: DiscordMessage,
  emoji: DiscordReaction["emoji"] | undefined,
): GatewayEvent {
  const { id, channelId, guildId } = message;
  const type = emoji ? "MESSAGE_REACTION_REMOVE_EMOJI" : "MESSAGE_REACTION_REMOVE_ALL";
  const payload = { message_id: id, ...placeOf(channelId, guildId), ...(emoji && { emoji }) };
  const intent = intentOf(guildId, INTENT.guildMessageReactions, INTENT.directMessageReactions);
  return new GatewayEvent(type, payload, { intent, guildId });
}

/** TYPING_START. */
export function typingEvent(channel: DiscordChannel, user: DiscordUser, world: DiscordWorld): GatewayEvent {
  const { id, guild_id } = channel;
  const timestamp = Math.floor(world.now() / 1000);
  const member = guild_id === undefined ? {} : { member: toWireMember(user, world, guild_id) };
  const payload = { user_id: user.id, timestamp, ...placeOf(id, guild_id), ...member };
  const intent = intentOf(guild_id, INTENT.guildMessageTyping, INTENT.directMessageTyping);
  return new GatewayEvent("TYPING_START", payload, { intent, guildId: guild_id });
}

/** CHANNEL_CREATE and its like, or THREAD_CREATE and its like. */
export function channelEvent(change: Change, channel: DiscordChannel, world: DiscordWorld): GatewayEvent {
  const { id, guild_id, parent_id, type } = channel;
  const options = { intent: guild_id === undefined ? 0 : INTENT.guilds, guildId: guild_id };
  if (!isThread(channel))
    return new GatewayEvent(`CHANNEL_${change}`, toWireChannel(channel, world), options);
  const payload =
    change === "DELETE"
      ? { id, guild_id, parent_id, type }
      : { ...toWireChannel(channel, world), ...(change === "CREATE" && { newly_created: true }) };
  return new GatewayEvent(`THREAD_${change}`, payload, options);
}

/** THREAD_MEMBERS_UPDATE. */
export function threadMembersEvent(
  thread: DiscordChannel,
  joined: readonly string[],
  left: readonly string[],
  world: DiscordWorld,
): GatewayEvent {
  const payload = {
    id: thread.id,
    guild_id: thread.guild_id,
    member_count: world.threadMembers.get(thread.id)?.size ?? 0,
    added_members: joined.map((userId) => toThreadMember(userId, thread.id, world)),
    removed_member_ids: left,
  };
  return new GatewayEvent("THREAD_MEMBERS_UPDATE", payload, {
    intent: INTENT.guilds,
    guildId: thread.guild_id,
  });
}

/** CHANNEL_PINS_UPDATE. */
export function pinsEvent(channel: DiscordChannel, world: DiscordWorld): GatewayEvent {
  const { id, guild_id } = channel;
  const payload = { ...placeOf(id, guild_id), last_pin_timestamp: toIsoTime(world.now()) };
  const intent = intentOf(guild_id, INTENT.guilds, INTENT.directMessages);
  return new GatewayEvent("CHANNEL_PINS_UPDATE", payload, { intent, guildId: guild_id });
}

/** GUILD_CREATE of a guild that the bot has just joined. */
export function guildCreateEvent(guildId: string, world: DiscordWorld): GatewayEvent {
  return new GatewayEvent("GUILD_CREATE", toGuildCreate(world, true, guildId), {
    intent: INTENT.guilds,
    guildId,
  });
}

/** GUILD_DELETE of a guild that the bot has left. */
export function guildDeleteEvent(guildId: string): GatewayEvent {
  return new GatewayEvent("GUILD_DELETE", { id: guildId }, { intent: INTENT.guilds, guildId });
}

/** GUILD_UPDATE. */
export function guildUpdateEvent(guildId: string, wireGuild: Json): GatewayEvent {
  return new GatewayEvent("GUILD_UPDATE", wireGuild, { intent: INTENT.guilds, guildId });
}

/** GUILD_ROLE_CREATE and its like. */
export function roleEvent(
  change: Change,
  role: DiscordRole,
  guildId: string,
  world: DiscordWorld,
): GatewayEvent {
  const payload =
    change === "DELETE"
      ? { guild_id: guildId, role_id: role.id }
      : { guild_id: guildId, role: toWireRole(role, world) };
  return new GatewayEvent(`GUILD_ROLE_${change}`, payload, { intent: INTENT.guilds, guildId });
}

/** GUILD_MEMBER_ADD, GUILD_MEMBER_UPDATE or GUILD_MEMBER_REMOVE. */
export function memberEvent(
  change: "ADD" | "UPDATE" | "REMOVE",
  user: DiscordUser,
  guildId: string,
  world: DiscordWorld,
): GatewayEvent {
  const payload =
    change === "REMOVE"
      ? { guild_id: guildId, user }
      : { ...toWireMember(user, world, guildId), guild_id: guildId };
  return new GatewayEvent(`GUILD_MEMBER_${change}`, payload, { intent: INTENT.guildMembers, guildId });
}

/** GUILD_BAN_ADD or GUILD_BAN_REMOVE. */
export function banEvent(change: "ADD" | "REMOVE", user: DiscordUser, guildId: string): GatewayEvent {
  return new GatewayEvent(
    `GUILD_BAN_${change}`,
    { guild_id: guildId, user },
    { intent: MODERATION_INTENT, guildId },
  );
}

/** WEBHOOKS_UPDATE. */
export function webhooksEvent(channelId: string, guildId: string | undefined): GatewayEvent {
  const payload = { guild_id: guildId, channel_id: channelId };
  return new GatewayEvent("WEBHOOKS_UPDATE", payload, { intent: WEBHOOKS_INTENT, guildId });
}

/** INTERACTION_CREATE, which needs no intent. */
export function interactionEvent(payload: Json, guildId: string | undefined): GatewayEvent {
  return new GatewayEvent("INTERACTION_CREATE", payload, { guildId });
}
