import { findMessage, findUser, idOf, type RestContext } from "./_rest_context.ts";
import { RestError } from "./_rest_errors.ts";
import type { RestRouter } from "./_rest_router.ts";
import { readPage } from "./_rest_users.ts";
import { isLaterId } from "./_snowflakes.ts";
import { findReaction } from "./_world_changes.ts";
import type { DiscordReaction } from "./discord_types.ts";

const ALL = "/channels/:channel/messages/:message/reactions";
const ONE = `${ALL}/:emoji`;
// Flags, keycaps, skin tones and joined ones included; a word or a number alone is none.
const UNICODE_EMOJI = /^(?=.*[\p{Extended_Pictographic}\p{Regional_Indicator}\u20E3])[^\p{L}\p{Cc}]{1,40}$/u;

/** Routes of reactions. */
export function addReactionRoutes(router: RestRouter, context: RestContext): void {
  const { world, changes } = context;
  router.on("PUT", `${ONE}/@me`, (request) => {
    const message = findMessage(context, request, "readMessageHistory");
    const emoji = parseEmoji(idOf(request, "emoji"));
    const isKnown = findReaction(message, emoji) !== undefined;
    if (!isKnown) findMessage(context, request, "addReactions"); // to join in one needs no permission
    changes.react(message, world.bot, emoji);
  });
  router.on("DELETE", `${ONE}/@me`, (request) => {
    changes.unreact(findMessage(context, request), world.bot, parseEmoji(idOf(request, "emoji")));
  });
  router.on("DELETE", `${ONE}/:user`, (request) => {
    const message = findMessage(context, request, "manageMessages");
    changes.unreact(message, findUser(context, request), parseEmoji(idOf(request, "emoji")));
  });
  router.on("GET", ONE, (request) => {
    const message = findMessage(context, request, "readMessageHistory");
    const { limit, after } = readPage(request.query, 100, 25);
    const ids = [...(findReaction(message, parseEmoji(idOf(request, "emoji")))?.userIds ?? [])];
    const page = ids.filter((id) => after === undefined || isLaterId(id, after)).slice(0, limit);
    return page.flatMap((id) => world.user(id) ?? []);
  });
  router.on("DELETE", ONE, (request) => {
    changes.clearReactions(
      findMessage(context, request, "manageMessages"),
      parseEmoji(idOf(request, "emoji")),
    );
  });
  router.on("DELETE", ALL, (request) =>
    changes.clearReactions(findMessage(context, request, "manageMessages")),
  );
}

/**
 * `👍`, or `name:id` of an emoji of a guild.
 *
 * @throws {RestError} If it is neither.
 */
export function parseEmoji(text: string): DiscordReaction["emoji"] {
  const [, name, id] = /^(?:a:)?(\w{1,32}):(\d{1,20})$/.exec(text) ?? [];
  if (name !== undefined && id !== undefined) return { id, name };
  if (!UNICODE_EMOJI.test(text)) throw new RestError("unknownEmoji");
  return { id: null, name: text };
}
