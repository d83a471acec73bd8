import { toIsoTime } from "./_iso_time.ts";
import { toWireChannel } from "./_wire_channel.ts";
import type { DiscordWorld } from "./_world.ts";
import { type DiscordRole, type DiscordUser, isThread } from "./discord_types.ts";

type Json = Record<string, unknown>;

/** A member of a guild. */
export function toWireMember(user: DiscordUser, world: DiscordWorld, guildId: string = world.guild.id): Json {
  const member = world.guildState(guildId)?.members.get(user.id);
  return {
    user,
    nick: member?.nick ?? null,
    avatar: null,
    banner: null,
    roles: member?.roles ?? [],
    joined_at: toIsoTime(member?.joinedAt ?? idTime(guildId)),
    premium_since: null,
    deaf: false,
    mute: false,
    flags: 0,
    pending: false,
    communication_disabled_until: member?.timedOutUntil ?? null,
  };
}

/** A role. */
export function toWireRole(role: DiscordRole, world: DiscordWorld): Json {
  const isOfBot = role.managed && role.name === world.bot.username;
  return {
    ...role,
    colors: { primary_color: role.color, secondary_color: null, tertiary_color: null },
    icon: null,
    unicode_emoji: null,
    flags: 0,
    ...(isOfBot && { tags: { bot_id: world.bot.id } }),
  };
}

/** A guild as `GET /guilds/:id` gives it. */
export function toWireGuild(world: DiscordWorld, guildId: string = world.guild.id): Json {
  const { info, roles } = world.guildState(guildId)!;
  return {
    id: info.id,
    name: info.name,
    owner_id: info.ownerId,
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
    roles: [...roles.values()].map((role) => toWireRole(role, world)),
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
    max_video_channel_users: 25,
  };
}

/** A guild as GUILD_CREATE gives it. Without the GUILD_MEMBERS intent only the bot is among the members. */
export function toGuildCreate(
  world: DiscordWorld,
  withMembers: boolean,
  guildId: string = world.guild.id,
): Json {
  const all = world.membersOf(guildId);
  const members = withMembers ? all : [world.bot];
  const channels = world.channelsOf(guildId);
  return {
    ...toWireGuild(world, guildId),
    unavailable: false,
    large: false,
    joined_at: toIsoTime(world.guildState(guildId)!.members.get(world.bot.id)?.joinedAt ?? idTime(guildId)),
    member_count: all.length,
    members: members.map((user) => toWireMember(user, world, guildId)),
    channels: channels.filter((each) => !isThread(each)).map((each) => toWireChannel(each, world)),
    threads: channels
      .filter((each) => isThread(each) && each.thread_metadata?.archived !== true)
      .map((each) => toWireChannel(each, world)),
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}

/** A guild as `GET /users/@me/guilds` gives it. */
export function toPartialGuild(world: DiscordWorld, guildId: string): Json {
  const { name, ownerId } = world.guildState(guildId)!.info;
  const permissions = String(world.permissionsOf(world.bot.id, guildId));
  return {
    id: guildId,
    name,
    icon: null,
    banner: null,
    owner: ownerId === world.bot.id,
    permissions,
    features: [],
  };
}

function idTime(id: string): number {
  return Number(BigInt(id) >> 22n) + 1_420_070_400_000;
}
