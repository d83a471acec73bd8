import type { Context, Hono } from "hono";
import type { RestContext } from "./_rest_api.ts";
import { readBody } from "./_rest_body.ts";
import { RestError } from "./_rest_errors.ts";
import type { DiscordChannel, DiscordUser } from "./discord_types.ts";
import { toOwnUser, toWireApplication, toWireMember } from "./_wire.ts";
import { toWireChannel } from "./_wire_channel.ts";
import { toWireGuild } from "./_wire_guild.ts";
import type { DiscordWorld } from "./_world.ts";

const SESSION_STARTS_PER_DAY = 1000;
const DAY_MS = 86_400_000;

/** Routes of the gateway's address, users, applications, guilds and channels. */
export function addResourceRoutes(app: Hono, { world, gatewayUrl }: RestContext): void {
  app.get("/gateway", (c) => c.json({ url: gatewayUrl() }));
  app.get("/gateway/bot", (c) =>
    c.json({
      url: gatewayUrl(),
      shards: 1,
      session_start_limit: {
        total: SESSION_STARTS_PER_DAY,
        remaining: SESSION_STARTS_PER_DAY,
        reset_after: DAY_MS,
        max_concurrency: 1,
      },
    }),
  );
  addUserRoutes(app, world);
  addGuildRoutes(app, world);
  app.get("/channels/:channel", (c) => {
    const channel = findChannel(world, c.req.param("channel"));
    return c.json(toWireChannel(channel, world));
  });
}

function addUserRoutes(app: Hono, world: DiscordWorld): void {
  for (const path of ["/oauth2/applications/@me", "/applications/@me"]) {
    app.get(path, (c) => c.json(toWireApplication(world)));
  }
  app.on(["GET", "PUT"], "/applications/:id/commands", async (c) => {
    const commands: unknown = c.req.method === "PUT" ? await readJson(c) : [];
    return c.json(
      Array.isArray(commands)
        ? commands.map((command: object) => Object.assign({ id: world.nextId() }, command))
        : [],
    );
  });
  app.get("/users/@me", (c) => c.json(toOwnUser(world)));
  app.get("/users/@me/guilds", (c) => {
    const { id, name } = world.guild;
    return c.json([{ id, name, icon: null, banner: null, owner: false, permissions: "0", features: [] }]);
  });
  app.post("/users/@me/channels", async (c) => {
    const { fields } = await readBody(c);
    const user = findUser(world, String(fields["recipient_id"]));
    if (user.bot) throw new RestError("cannotMessageUser");
    const channel = world.dmWith(user);
    return c.json(toWireChannel(channel, world));
  });
  app.get("/users/:user", (c) => c.json(findUser(world, c.req.param("user"))));
}

function addGuildRoutes(app: Hono, world: DiscordWorld): void {
  const check = (id: string): void => {
    if (id !== world.guild.id) throw new RestError("unknownGuild");
  };
  app.get("/guilds/:guild", (c) => {
    check(c.req.param("guild"));
    return c.json(toWireGuild(world));
  });
  app.get("/guilds/:guild/channels", (c) => {
    check(c.req.param("guild"));
    return c.json(world.guildChannels.map((channel) => toWireChannel(channel, world)));
  });
  app.get("/guilds/:guild/roles", (c) => {
    check(c.req.param("guild"));
    return c.json(toWireGuild(world)["roles"]);
  });
  app.get("/guilds/:guild/members", (c) => {
    check(c.req.param("guild"));
    return c.json(world.users.map((user) => toWireMember(user, world)));
  });
  app.get("/guilds/:guild/members/:user", (c) => {
    check(c.req.param("guild"));
    const id = c.req.param("user");
    const user = id === "@me" ? world.bot : world.user(id);
    if (!user) throw new RestError("unknownMember");
    return c.json(toWireMember(user, world));
  });
}

async function readJson(c: Context): Promise<unknown> {
  try {
    return await c.req.json();
  } catch {
    throw new RestError("invalidJson");
  }
}

/** @throws {RestError} If there is no such user. */
function findUser(world: DiscordWorld, id: string): DiscordUser {
  const user = world.user(id);
  if (!user) throw new RestError("unknownUser");
  return user;
}

/** @throws {RestError} If there is no such channel. */
export function findChannel(world: DiscordWorld, id: string): DiscordChannel {
  const channel = world.channel(id);
  if (!channel) throw new RestError("unknownChannel");
  return channel;
}
