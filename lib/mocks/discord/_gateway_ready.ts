import { GatewayEvent } from "./_gateway_event.ts";
import type { GatewayRequest } from "./_gateway_protocol.ts";
import type { GatewaySession } from "./_gateway_session.ts";
import { INTENT } from "./_intents.ts";
import { toGuildCreate, toOwnUser, toWireMember } from "./_wire.ts";
import type { DiscordWorld } from "./_world.ts";

/** READY, and behind it GUILD_CREATE for each guild of the session's shard. */
export function readyEvents(
  session: GatewaySession,
  world: DiscordWorld,
  url: string,
): readonly GatewayEvent[] {
  const { id, shard, intents } = session;
  const guilds = world.guilds.filter((guild) => session.wants(guildEvent("GUILD_CREATE", guild.id)));
  const ready = {
    v: 10,
    user: toOwnUser(world),
    guilds: guilds.map((guild) => ({ id: guild.id, unavailable: true })),
    session_id: id,
    resume_gateway_url: url,
    shard,
    application: { id: world.bot.id, flags: 0 },
    session_type: "normal",
    private_channels: [],
    relationships: [],
    user_settings: {},
    presences: [],
    guild_join_requests: [],
    geo_ordered_rtc_regions: [],
    auth: {},
    _trace: ["mock"],
  };
  const toSession = new GatewayEvent("READY", ready);
  if ((intents & INTENT.guilds) === 0) return [toSession];
  const withMembers = (intents & INTENT.guildMembers) !== 0;
  const created = guilds.map((guild) =>
    guildEvent("GUILD_CREATE", guild.id, toGuildCreate(world, withMembers, guild.id)),
  );
  return [toSession, ...created];
}

/**
 * What follows when the bot enters or leaves a voice channel of a guild: its voice state, and a voice server without
 * an endpoint, which is how Discord says that there is none now.
 */
export function voiceEvents(
  request: GatewayRequest,
  session: GatewaySession,
  world: DiscordWorld,
): readonly GatewayEvent[] {
  const guildId = String(request["guild_id"]);
  if (!world.guildState(guildId)) return [];
  const channelId = typeof request["channel_id"] === "string" ? request["channel_id"] : null;
  const state = {
    guild_id: guildId,
    channel_id: channelId,
    user_id: world.bot.id,
    member: toWireMember(world.bot, world, guildId),
    session_id: session.id,
    deaf: false,
    mute: false,
    self_deaf: request["self_deaf"] === true,
    self_mute: request["self_mute"] === true,
    self_video: false,
    suppress: false,
    request_to_speak_timestamp: null,
  };
  const entered = guildEvent("VOICE_STATE_UPDATE", guildId, state, INTENT.guildVoiceStates);
  if (channelId === null) return [entered];
  const server = { token: session.id.slice(0, 16), guild_id: guildId, endpoint: null };
  return [entered, guildEvent("VOICE_SERVER_UPDATE", guildId, server)];
}

/** The sounds of guilds, of which there are none here. */
export function soundboardEvents(request: GatewayRequest, world: DiscordWorld): readonly GatewayEvent[] {
  return [request["guild_ids"] ?? []]
    .flat()
    .filter((id) => world.guildState(String(id)))
    .map((id) => guildEvent("SOUNDBOARD_SOUNDS", String(id), { guild_id: id, soundboard_sounds: [] }));
}

function guildEvent(
  type: string,
  guildId: string,
  payload: Record<string, unknown> = {},
  intent: number = 0,
): GatewayEvent {
  return new GatewayEvent(type, payload, { guildId, intent });
}
