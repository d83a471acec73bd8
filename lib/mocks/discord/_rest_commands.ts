import type { ApplicationCommand } from "./_command_store.ts";
import { readBody, readJson } from "./_rest_body.ts";
import { findGuild, idOf, type RestContext } from "./_rest_context.ts";
import { RestError } from "./_rest_errors.ts";
import { RestReply, type RestRequest, type RestRouter } from "./_rest_router.ts";

/** Routes of application commands, global and of guilds. */
export function addCommandRoutes(router: RestRouter, context: RestContext): void {
  const { commands } = context;
  router.on("GET", "/applications/:application/guilds/:guild/commands/permissions", () => []);
  for (const base of [
    "/applications/:application/commands",
    "/applications/:application/guilds/:guild/commands",
  ]) {
    const scopeOf = (request: RestRequest): string | undefined => findScope(context, request);
    router.on("GET", base, (request) => commands.list(scopeOf(request)));
    router.on("PUT", base, (request) => {
      const scope = scopeOf(request);
      const list = readJson(request);
      if (!Array.isArray(list)) throw new RestError("invalidForm", listExpected());
      return commands.replace(scope, list);
    });
    router.on("POST", base, async (request) => {
      const { command, isNew } = commands.put(scopeOf(request), (await readBody(request)).fields);
      return new RestReply(isNew ? 201 : 200, command);
    });
    router.on("GET", `${base}/:command`, (request) => findCommand(context, request));
    router.on("PATCH", `${base}/:command`, async (request) => {
      const before = findCommand(context, request);
      return commands.patch(scopeOf(request), before, (await readBody(request)).fields);
    });
    router.on("DELETE", `${base}/:command`, (request) => {
      if (!commands.delete(scopeOf(request), idOf(request, "command"))) throw new RestError("unknownCommand");
    });
  }
}

function findScope(context: RestContext, request: RestRequest): string | undefined {
  if (idOf(request, "application") !== context.world.bot.id) throw new RestError("wrongApplication");
  return idOf(request, "guild") === "" ? undefined : findGuild(context, request);
}

function findCommand(context: RestContext, request: RestRequest): ApplicationCommand {
  const command = context.commands.get(findScope(context, request), idOf(request, "command"));
  if (!command) throw new RestError("unknownCommand");
  return command;
}

function listExpected(): object {
  return { _errors: [{ code: "LIST_TYPE_CONVERT", message: "Only iterables may be used in a ListType" }] };
}
