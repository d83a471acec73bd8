import { Form, invalidField } from "./_form.ts";
import { isLaterId } from "./_snowflakes.ts";
import { readBody } from "./_rest_body.ts";
import { findGuild, findUser, type RestContext } from "./_rest_context.ts";
import { RestError } from "./_rest_errors.ts";
import { guildDeleteEvent } from "./_events.ts";
import type { RestRequest, RestRouter } from "./_rest_router.ts";
import { toOwnUser, toWireApplication } from "./_wire.ts";
import { toWireChannel } from "./_wire_channel.ts";
import { toPartialGuild } from "./_wire_guild.ts";

/** Routes of users and of the application itself. */
export function addUserRoutes(router: RestRouter, context: RestContext): void {
  const { world, changes } = context;
  for (const path of ["/oauth2/applications/@me", "/applications/@me"]) {
    router.on("GET", path, () => toWireApplication(world));
  }
  router.on("PATCH", "/applications/@me", async (request) => {
    await readBody(request);
    return toWireApplication(world);
  });
  router.on("GET", "/applications/:application/emojis", () => ({ items: [] }));
  router.on("GET", "/applications/:application/entitlements", () => []);
  router.on("GET", "/applications/:application/skus", () => []);
  router.on("GET", "/applications/:application/role-connections/metadata", () => []);
  router.on("GET", "/users/@me", () => toOwnUser(world));
  router.on("PATCH", "/users/@me", async (request) => changeBot(context, request));
  router.on("GET", "/users/@me/guilds", ({ query }) => {
    const { limit, before, after } = readPage(query, 200);
    const ids = world.guilds.map(({ id }) => id);
    const page = ids.filter((id) => (!before || isLaterId(before, id)) && (!after || isLaterId(id, after)));
    return page.slice(0, limit).map((id) => toPartialGuild(world, id));
  });
  router.on("DELETE", "/users/@me/guilds/:guild", (request) => {
    const id = findGuild(context, request);
    world.removeGuild(id);
    changes.tell(guildDeleteEvent(id));
  });
  router.on("GET", "/users/@me/channels", () => []); // a bot's are not told
  router.on("POST", "/users/@me/channels", async (request) => {
    const form = new Form((await readBody(request)).fields);
    const id = form.text("recipient_id", { max: 20, isRequired: true }) ?? "";
    form.check();
    const user = world.user(id);
    if (!user) throw new RestError("unknownUser");
    if (user.bot) throw new RestError("cannotMessageUser");
    return toWireChannel(world.dmWith(user), world);
  });
  router.on("GET", "/users/:user", (request) => findUser(context, request));
}

async function changeBot({ world }: RestContext, request: RestRequest): Promise<unknown> {
  const form = new Form((await readBody(request)).fields);
  const username = form.text("username", { min: 2, max: 32 });
  const avatar = form.text("avatar", { max: Number.MAX_SAFE_INTEGER });
  form.check();
  world.changeBot({
    ...(username !== undefined && { username }),
    ...(avatar !== undefined && { avatar: world.nextId() }), // a name of the picture, which nobody looks at
  });
  return toOwnUser(world);
}

/** What a list is asked for. */
export interface PageQuery {
  readonly limit: number;
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly around: string | undefined;
}

/**
 * Limits and ids of a query.
 *
 * @throws {RestError} If one is none.
 */
export function readPage(query: URLSearchParams, max: number, byDefault: number = max): PageQuery {
  const text = query.get("limit");
  const limit = text === null || text === "" ? byDefault : Number(text);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= max)) {
    throw invalidField("limit", "NUMBER_TYPE_MAX", `int value should be between 1 and ${max}.`);
  }
  return {
    limit,
    before: readId(query, "before"),
    after: readId(query, "after"),
    around: readId(query, "around"),
  };
}

function readId(query: URLSearchParams, name: string): string | undefined {
  const id = query.get(name) ?? "";
  if (id === "") return undefined;
  if (/^\d{1,20}$/.test(id)) return id.replace(/^0+(?=\d)/, "");
  throw invalidField(name, "NUMBER_TYPE_COERCE", `Value "${id.slice(0, 100)}" is not snowflake.`);
}
