import { GatewayEvent } from "./_gateway_event.ts";
import type { GatewaySession } from "./_gateway_session.ts";
import { INTENT } from "./_intents.ts";
import { toGuildCreate, toOwnUser } from "./_wire.ts";
import type { DiscordWorld } from "./_world.ts";

/** READY, and behind it GUILD_CREATE for each guild of the session's shard. */
export function readyEvents(
  session: GatewaySession,
  world: DiscordWorld,
  url: string,
): readonly GatewayEvent[] {
  const { id, shard, intents } = session;
  const isHere = (guildId: string): boolean =>
    session.wants(new GatewayEvent("GUILD_CREATE", {}, { guildId }));
  const guilds = world.guilds.filter((guild) => isHere(guild.id));
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
  const created = guilds.map(
    ({ id: guildId }) =>
      new GatewayEvent("GUILD_CREATE", toGuildCreate(world, withMembers, guildId), { guildId }),
  );
  return [toSession, ...created];
}
