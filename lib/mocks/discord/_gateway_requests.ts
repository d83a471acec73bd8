import { GatewayEvent } from "./_gateway_event.ts";
import { memberChunks } from "./_gateway_members.ts";
import type { GatewayAction, GatewayRequest } from "./_gateway_protocol.ts";
import type { GatewaySession } from "./_gateway_session.ts";
import { INTENT } from "./_intents.ts";
import { toWireMember } from "./_wire.ts";
import type { DiscordWorld } from "./_world.ts";

/** The dispatches that answer a request of the client. */
export function requestedEvents(
  action: GatewayAction,
  session: GatewaySession,
  world: DiscordWorld,
): readonly GatewayEvent[] {
  switch (action.type) {
    case "members":
      return memberChunks(action.request, session, world);
    case "voice":
      return voiceEvents(action.request, session, world).filter((event) => session.wants(event));
    case "soundboard":
      return soundboardEvents(action.request, world);
    default:
      return [];
  }
}

/**
 * What follows when the bot enters or leaves a voice channel of a guild: its voice state, and a voice server without
 * an endpoint, which is how Discord says that there is none now.
 */
function voiceEvents(
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
function soundboardEvents(request: GatewayRequest, world: DiscordWorld): readonly GatewayEvent[] {
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
