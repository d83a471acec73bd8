import { GatewayEvent } from "./_gateway_event.ts";
import type { GatewayRequest } from "./_gateway_protocol.ts";
import type { GatewaySession } from "./_gateway_session.ts";
import { INTENT } from "./_intents.ts";
import { toWireMember } from "./_wire.ts";
import type { DiscordWorld } from "./_world.ts";
import type { DiscordUser } from "./discord_types.ts";

const CHUNK_SIZE = 1000;
const MAX_SELECTED = 100;
const MAX_NONCE_BYTES = 32;

interface Selection {
  readonly members: readonly DiscordUser[];
  readonly notFound: readonly string[];
}

/**
 * The chunks that answer op 8, of up to a thousand members each. Without the GUILD_MEMBERS intent nobody gets the whole
 * list: Discord then keeps silent, and clients run into their own time limit.
 *
 * @see https://discord.com/developers/docs/events/gateway-events#request-guild-members
 */
export function memberChunks(
  request: GatewayRequest,
  session: GatewaySession,
  world: DiscordWorld,
): readonly GatewayEvent[] {
  const guildId = String([request["guild_id"]].flat()[0]);
  const selection = world.guildState(guildId) && select(request, session, world, guildId);
  if (!selection) return [];
  const { members, notFound } = selection;
  const count = Math.max(1, Math.ceil(members.length / CHUNK_SIZE));
  const withPresences = request["presences"] === true && (session.intents & INTENT.guildPresences) !== 0;
  return Array.from({ length: count }, (_, index) => {
    const part = members.slice(index * CHUNK_SIZE, (index + 1) * CHUNK_SIZE);
    const chunk = {
      guild_id: guildId,
      members: part.map((user) => toWireMember(user, world, guildId)),
      chunk_index: index,
      chunk_count: count,
      ...(notFound.length > 0 && index === 0 && { not_found: notFound }),
      ...(withPresences && { presences: part.map(({ id }) => onlinePresence(id, guildId)) }),
      ...(isNonce(request["nonce"]) && { nonce: request["nonce"] }),
    };
    return new GatewayEvent("GUILD_MEMBERS_CHUNK", chunk);
  });
}

function select(
  request: GatewayRequest,
  session: GatewaySession,
  world: DiscordWorld,
  guildId: string,
): Selection | undefined {
  const all = world.membersOf(guildId);
  if (request["user_ids"] !== undefined) {
    const ids = [request["user_ids"]].flat(2).map(String).slice(0, MAX_SELECTED);
    const known = new Map(all.map((user) => [user.id, user]));
    const members = [...new Set(ids)].flatMap((id) => known.get(id) ?? []);
    return { members, notFound: ids.filter((id) => !known.has(id)) };
  }
  const query = typeof request["query"] === "string" ? request["query"].toLowerCase() : "";
  const limit = typeof request["limit"] === "number" ? request["limit"] : 0;
  if (query === "" && limit === 0) {
    return (session.intents & INTENT.guildMembers) === 0 ? undefined : { members: all, notFound: [] };
  }
  const found = all.filter(({ id, username }) =>
    [username, world.guildState(guildId)?.members.get(id)?.nick ?? ""].some((name) =>
      name.toLowerCase().startsWith(query),
    ),
  );
  return { members: found.slice(0, Math.min(Math.max(limit, 1), MAX_SELECTED)), notFound: [] };
}

function onlinePresence(userId: string, guildId: string): Record<string, unknown> {
  return { user: { id: userId }, guild_id: guildId, status: "online", activities: [], client_status: {} };
}

function isNonce(nonce: unknown): nonce is string {
  return typeof nonce === "string" && Buffer.byteLength(nonce) <= MAX_NONCE_BYTES;
}
