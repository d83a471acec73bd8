import { guildUpdateEvent, roleEvent } from "./_events.ts";
import { Form } from "./_form.ts";
import type { GuildState } from "./_guild_state.ts";
import { readBody } from "./_rest_body.ts";
import { findGuild, idOf, type RestContext } from "./_rest_context.ts";
import { RestError } from "./_rest_errors.ts";
import { isAsked, type RestRequest, type RestRouter } from "./_rest_router.ts";
import { toWireGuild, toWireRole } from "./_wire_guild.ts";
import type { DiscordRole } from "./discord_types.ts";

// Lists of what the mock's guilds have none of.
const EMPTY = [
  "emojis",
  "stickers",
  "invites",
  "integrations",
  "scheduled-events",
  "auto-moderation/rules",
  "templates",
];

/** Routes of guilds and their roles. */
export function addGuildRoutes(router: RestRouter, context: RestContext): void {
  const { world, changes } = context;
  router.on("GET", "/guilds/:guild", (request) => {
    const id = findGuild(context, request);
    const count = world.membersOf(id).length;
    const counts = { approximate_member_count: count, approximate_presence_count: count };
    return { ...toWireGuild(world, id), ...(isAsked(request, "with_counts") && counts) };
  });
  router.on("PATCH", "/guilds/:guild", async (request) => {
    const id = findGuild(context, request, "manageGuild");
    const state = world.guildState(id)!;
    const form = new Form((await readBody(request)).fields);
    const name = form.text("name", { min: 2, max: 100 });
    form.check();
    if (name !== undefined) state.info = { ...state.info, name };
    const wire = toWireGuild(world, id);
    changes.tell(guildUpdateEvent(id, wire));
    return wire;
  });
  for (const name of EMPTY) {
    router.on("GET", `/guilds/:guild/${name}`, (request) => {
      findGuild(context, request);
      return [];
    });
  }
  router.on("GET", "/guilds/:guild/regions", () => []);
  addRoleRoutes(router, context);
}

function addRoleRoutes(router: RestRouter, context: RestContext): void {
  const { world, changes } = context;
  router.on("GET", "/guilds/:guild/roles", (request) => {
    const { roles } = world.guildState(findGuild(context, request))!;
    return [...roles.values()].map((role) => toWireRole(role, world));
  });
  router.on("GET", "/guilds/:guild/roles/:role", (request) => {
    const state = world.guildState(findGuild(context, request))!;
    return toWireRole(findRole(state, request), world);
  });
  router.on("POST", "/guilds/:guild/roles", async (request) => {
    const id = findGuild(context, request, "manageRoles");
    const state = world.guildState(id)!;
    const settings = readRole(new Form((await readBody(request)).fields));
    const everyone = BigInt(state.roles.get(id)!.permissions);
    const added = state.addRole(world.nextId(), settings.name ?? "new role", everyone);
    const role = { ...added, ...settings };
    state.roles.set(role.id, role);
    changes.tell(roleEvent("CREATE", role, id, world));
    return toWireRole(role, world);
  });
  router.on("PATCH", "/guilds/:guild/roles/:role", async (request) => {
    const id = findGuild(context, request, "manageRoles");
    const state = world.guildState(id)!;
    const before = findRole(state, request);
    const role = { ...before, ...readRole(new Form((await readBody(request)).fields)) };
    state.roles.set(role.id, role);
    changes.tell(roleEvent("UPDATE", role, id, world));
    return toWireRole(role, world);
  });
  router.on("DELETE", "/guilds/:guild/roles/:role", (request) => {
    const id = findGuild(context, request, "manageRoles");
    const state = world.guildState(id)!;
    const role = findRole(state, request);
    if (role.id === id || role.managed) throw new RestError("missingPermissions");
    state.deleteRole(role.id);
    changes.tell(roleEvent("DELETE", role, id, world));
  });
}

/** @throws {RestError} If the guild has no such role. */
export function findRole(state: GuildState, request: RestRequest): DiscordRole {
  const role = state.roles.get(idOf(request, "role"));
  if (!role) throw new RestError("unknownRole");
  return role;
}

function readRole(form: Form): Partial<DiscordRole> {
  const name = form.text("name", { max: 100 });
  const color = form.integer("color", 0, 0xff_ffff);
  const permissions = form.text("permissions", { max: 20 });
  if (permissions !== undefined && !/^\d+$/.test(permissions)) {
    form.fail("permissions", "NUMBER_TYPE_COERCE", "Value is not int.");
  }
  form.check();
  return {
    ...(name !== undefined && { name }),
    ...(color !== undefined && { color }),
    ...(permissions !== undefined && { permissions }),
    ...(form.has("hoist") && { hoist: form.boolean("hoist") === true }),
    ...(form.has("mentionable") && { mentionable: form.boolean("mentionable") === true }),
  };
}
