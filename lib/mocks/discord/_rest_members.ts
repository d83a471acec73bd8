import { banEvent, memberEvent } from "./_events.ts";
import { Form } from "./_form.ts";
import { readBody } from "./_rest_body.ts";
import { findGuild, findMember, findUser, idOf, type RestContext } from "./_rest_context.ts";
import { RestError } from "./_rest_errors.ts";
import { findRole } from "./_rest_guilds.ts";
import type { RestRequest, RestRouter } from "./_rest_router.ts";
import { readPage } from "./_rest_users.ts";
import { isLaterId } from "./_snowflakes.ts";
import { toWireMember } from "./_wire_guild.ts";
import type { DiscordMember, DiscordUser } from "./discord_types.ts";

const ONE = "/guilds/:guild/members/:user";

/** Routes of members and bans. */
export function addMemberRoutes(router: RestRouter, context: RestContext): void {
  const { world } = context;
  router.on("GET", "/guilds/:guild/members", (request) => {
    const id = findGuild(context, request);
    const { limit, after = "0" } = readPage(request.query, 1000, 1);
    const later = world.membersOf(id).filter((user) => isLaterId(user.id, after));
    return later.slice(0, limit).map((user) => toWireMember(user, world, id));
  });
  router.on("GET", "/guilds/:guild/members/search", (request) => {
    const id = findGuild(context, request);
    const { limit } = readPage(request.query, 1000, 1);
    const start = (request.query.get("query") ?? "").toLowerCase();
    const found = world.membersOf(id).filter(({ username }) => username.toLowerCase().startsWith(start));
    return found.slice(0, limit).map((user) => toWireMember(user, world, id));
  });
  router.on("PATCH", "/guilds/:guild/members/@me", async (request) => {
    const id = findGuild(context, request, "changeNickname");
    return changeMember(context, id, world.bot, readMember(new Form((await readBody(request)).fields)));
  });
  router.on("GET", ONE, (request) => {
    const id = findGuild(context, request);
    return toWireMember(findMember(context, id, request), world, id);
  });
  router.on("PATCH", ONE, async (request) => {
    const id = findGuild(context, request);
    const user = findMember(context, id, request);
    const form = new Form((await readBody(request)).fields);
    if (form.has("nick")) findGuild(context, request, "manageNicknames");
    if (form.has("roles")) findGuild(context, request, "manageRoles");
    if (form.has("communication_disabled_until")) findGuild(context, request, "moderateMembers");
    return changeMember(context, id, user, readMember(form));
  });
  router.on("DELETE", ONE, (request) => {
    const id = findGuild(context, request, "kickMembers");
    remove(context, id, findMember(context, id, request));
  });
  addMemberRoleRoutes(router, context);
  addBanRoutes(router, context);
}

function addMemberRoleRoutes(router: RestRouter, context: RestContext): void {
  const change = (request: RestRequest, pick: (roles: Set<string>, role: string) => void): void => {
    const id = findGuild(context, request, "manageRoles");
    const state = context.world.guildState(id)!;
    const user = findMember(context, id, request);
    const roles = new Set(state.members.get(user.id)!.roles);
    pick(roles, findRole(state, request).id);
    changeMember(context, id, user, { roles: [...roles] });
  };
  router.on("PUT", `${ONE}/roles/:role`, (request) => change(request, (roles, role) => roles.add(role)));
  router.on("DELETE", `${ONE}/roles/:role`, (request) =>
    change(request, (roles, role) => roles.delete(role)),
  );
}

function addBanRoutes(router: RestRouter, context: RestContext): void {
  const { world, changes } = context;
  const bansOf = (request: RestRequest): Map<string, string | null> =>
    world.guildState(findGuild(context, request, "banMembers"))!.bans;
  router.on("GET", "/guilds/:guild/bans", (request) =>
    [...bansOf(request)].map(([userId, reason]) => ({ user: world.user(userId), reason })),
  );
  router.on("GET", "/guilds/:guild/bans/:user", (request) => {
    const bans = bansOf(request);
    const user = findUser(context, request);
    if (!bans.has(user.id)) throw new RestError("unknownBan");
    return { user, reason: bans.get(user.id) ?? null };
  });
  router.on("PUT", "/guilds/:guild/bans/:user", (request) => {
    const bans = bansOf(request);
    const guildId = idOf(request, "guild");
    const user = findUser(context, request);
    if (world.guildState(guildId)!.info.ownerId === user.id) throw new RestError("missingPermissions");
    const reason = request.headers["x-audit-log-reason"];
    bans.set(user.id, typeof reason === "string" ? reason : null);
    changes.tell(banEvent("ADD", user, guildId));
    remove(context, guildId, user);
  });
  router.on("DELETE", "/guilds/:guild/bans/:user", (request) => {
    const user = findUser(context, request);
    if (!bansOf(request).delete(user.id)) throw new RestError("unknownBan");
    changes.tell(banEvent("REMOVE", user, idOf(request, "guild")));
  });
}

function readMember(form: Form): Partial<DiscordMember> {
  const nick = form.text("nick", { max: 32 });
  const until = form.text("communication_disabled_until", { max: 40 });
  const roles = form.ids("roles");
  form.check();
  return {
    ...(form.raw("nick") !== undefined && { nick: nick || null }),
    ...(form.raw("communication_disabled_until") !== undefined && { timedOutUntil: until ?? null }),
    ...(form.has("roles") && { roles }),
  };
}

function changeMember(
  { world, changes }: RestContext,
  guildId: string,
  user: DiscordUser,
  member: Partial<DiscordMember>,
): unknown {
  const state = world.guildState(guildId)!;
  if (member.roles?.some((role) => !state.roles.has(role))) throw new RestError("unknownRole");
  state.changeMember(user.id, member);
  changes.tell(memberEvent("UPDATE", user, guildId, world));
  return toWireMember(user, world, guildId);
}

function remove({ world, changes }: RestContext, guildId: string, user: DiscordUser): void {
  const wasMember = world.guildState(guildId)!.members.delete(user.id);
  if (wasMember) changes.tell(memberEvent("REMOVE", user, guildId, world));
}
