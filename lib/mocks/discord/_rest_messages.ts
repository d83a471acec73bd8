import type { Hono } from "hono";
import { messageDeleteEvent, messageEvent, reactionEvent } from "./_gateway_event.ts";
import type { RestContext } from "./_rest_api.ts";
import { type RestBody, readBody } from "./_rest_body.ts";
import { RestError } from "./_rest_errors.ts";
import { findChannel } from "./_rest_resources.ts";
import type {
  DiscordAttachment,
  DiscordChannel,
  DiscordEmbed,
  DiscordMessage,
  DiscordReaction,
} from "./discord_types.ts";
import { toWireMessage } from "./_wire.ts";
import type { DiscordWorld, MessageDraft } from "./_world.ts";

const MAX_CONTENT_LENGTH = 2000;
const MAX_DESCRIPTION_LENGTH = 4096;
const ONE = "/channels/:channel/messages/:message";
const REACTION = `${ONE}/reactions/:emoji`;

type Emoji = DiscordReaction["emoji"];

/** Routes of messages, reactions and typing. */
export function addMessageRoutes(app: Hono, context: RestContext): void {
  const { world, publish, onReply } = context;
  app.post("/channels/:channel/typing", (c) => {
    findChannel(world, c.req.param("channel"));
    return c.body(null, 204);
  });
  app.get("/channels/:channel/messages", (c) => {
    const { id } = findChannel(world, c.req.param("channel"));
    const limit = parseLimit(c.req.query("limit"));
    const page = world.store.page(id, limit, pickRange(c.req.query()));
    return c.json(page.map((message) => toWireMessage(message, world)));
  });
  app.post("/channels/:channel/messages", async (c) => {
    const channel = findChannel(world, c.req.param("channel"));
    const draft = toDraft(await readBody(c), channel, world);
    const message = world.addMessage(channel, world.bot, draft);
    publish(messageEvent("MESSAGE_CREATE", message, world));
    onReply(message);
    return c.json(toWireMessage(message, world));
  });
  addSingleMessageRoutes(app, context);
  addReactionRoutes(app, context);
}

function addSingleMessageRoutes(app: Hono, { world, publish }: RestContext): void {
  app.get(ONE, (c) => c.json(toWireMessage(findMessage(world, c.req.param()), world)));
  app.patch(ONE, async (c) => {
    const before = findMessage(world, c.req.param());
    if (before.author.id !== world.bot.id) throw new RestError("cannotEditOthers");
    const { fields } = await readBody(c);
    const content = fields["content"] === undefined ? before.content : parseContent(fields["content"]);
    const embeds = fields["embeds"] === undefined ? before.embeds : parseEmbeds(fields["embeds"]);
    const message = world.changeMessage(before, { content, embeds, editedAt: world.now() });
    publish(messageEvent("MESSAGE_UPDATE", message, world));
    return c.json(toWireMessage(message, world));
  });
  app.delete(ONE, (c) => {
    const message = findMessage(world, c.req.param());
    world.store.delete(message);
    publish(messageDeleteEvent(message));
    return c.body(null, 204);
  });
}

function addReactionRoutes(app: Hono, { world, publish }: RestContext): void {
  app.put(`${REACTION}/@me`, (c) => {
    const message = findMessage(world, c.req.param());
    const emoji = parseEmoji(c.req.param("emoji"));
    const userIds = new Set(findReaction(message, emoji)?.userIds).add(world.bot.id);
    setReaction(world, message, { emoji, userIds });
    publish(reactionEvent("MESSAGE_REACTION_ADD", message, world.bot.id, emoji));
    return c.body(null, 204);
  });
  app.delete(`${REACTION}/@me`, (c) => {
    const message = findMessage(world, c.req.param());
    const emoji = parseEmoji(c.req.param("emoji"));
    const userIds = new Set(findReaction(message, emoji)?.userIds);
    if (userIds.delete(world.bot.id)) {
      setReaction(world, message, { emoji, userIds });
      publish(reactionEvent("MESSAGE_REACTION_REMOVE", message, world.bot.id, emoji));
    }
    return c.body(null, 204);
  });
  app.get(REACTION, (c) => {
    const reaction = findReaction(findMessage(world, c.req.param()), parseEmoji(c.req.param("emoji")));
    return c.json([...(reaction?.userIds ?? [])].flatMap((id) => world.user(id) ?? []));
  });
}

function findMessage(world: DiscordWorld, ids: { channel: string; message: string }): DiscordMessage {
  const message = world.message(findChannel(world, ids.channel).id, ids.message);
  if (!message) throw new RestError("unknownMessage");
  return message;
}

function toDraft({ fields, files }: RestBody, channel: DiscordChannel, world: DiscordWorld): MessageDraft {
  const embeds = parseEmbeds(fields["embeds"] ?? (fields["embed"] ? [fields["embed"]] : []));
  const content = parseContent(fields["content"]);
  if (content.trim() === "" && embeds.length === 0 && files.length === 0) throw new RestError("emptyMessage");
  const nonce = fields["nonce"];
  return {
    content,
    embeds,
    attachments: files.map((file) => toAttachment(file, channel, world)),
    components: Array.isArray(fields["components"]) ? fields["components"] : [],
    repliesTo: parseReference(fields["message_reference"], channel, world),
    tts: fields["tts"] === true,
    flags: typeof fields["flags"] === "number" ? fields["flags"] : 0,
    nonce: typeof nonce === "string" || typeof nonce === "number" ? nonce : undefined,
  };
}

function parseContent(content: unknown): string {
  if (content === undefined || content === null) return "";
  const text = String(content);
  if (text.length > MAX_CONTENT_LENGTH) {
    throw invalidField(
      "content",
      "BASE_TYPE_MAX_LENGTH",
      `Must be ${MAX_CONTENT_LENGTH} or fewer in length.`,
    );
  }
  return text;
}

function parseEmbeds(embeds: unknown): DiscordEmbed[] {
  if (embeds === null) return [];
  if (!Array.isArray(embeds) || embeds.length > 10) {
    throw invalidField("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.");
  }
  return embeds.map((embed: unknown) => {
    const fields = (typeof embed === "object" && embed !== null ? embed : {}) as DiscordEmbed;
    if ((fields.description?.length ?? 0) > MAX_DESCRIPTION_LENGTH) {
      throw invalidField(
        "embeds",
        "BASE_TYPE_MAX_LENGTH",
        `Must be ${MAX_DESCRIPTION_LENGTH} or fewer in length.`,
      );
    }
    return { ...fields, type: "rich" };
  });
}

function parseReference(
  reference: unknown,
  channel: DiscordChannel,
  world: DiscordWorld,
): string | undefined {
  if (typeof reference !== "object" || reference === null) return undefined;
  const { message_id: id, fail_if_not_exists: mustExist = true } = reference as Record<string, unknown>;
  if (typeof id === "string" && world.message(channel.id, id)) return id;
  if (mustExist === false) return undefined;
  throw invalidField("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message");
}

function invalidField(field: string, code: string, message: string): RestError {
  return new RestError("invalidForm", { [field]: { _errors: [{ code, message }] } });
}

function toAttachment(file: File, channel: DiscordChannel, world: DiscordWorld): DiscordAttachment {
  const id = world.nextId();
  const url = `https://cdn.invalid/attachments/${channel.id}/${id}/${encodeURIComponent(file.name)}`;
  const type = file.type || "application/octet-stream";
  return { id, filename: file.name, size: file.size, content_type: type, url, proxy_url: url };
}

// `👍`, or `name:id` of an emoji of a guild.
function parseEmoji(text: string): Emoji {
  const [, name, id] = /^(\w+):(\d+)$/.exec(text) ?? [];
  return name !== undefined && id !== undefined ? { id, name } : { id: null, name: text };
}

function findReaction(message: DiscordMessage, emoji: Emoji): DiscordReaction | undefined {
  return message.reactions.find(
    (reaction) => reaction.emoji.id === emoji.id && reaction.emoji.name === emoji.name,
  );
}

function setReaction(world: DiscordWorld, message: DiscordMessage, reaction: DiscordReaction): void {
  const others = message.reactions.filter((each) => each !== findReaction(message, reaction.emoji));
  const reactions = reaction.userIds.size > 0 ? [...others, reaction] : others;
  world.changeMessage(message, { reactions });
}

function parseLimit(limit: string | undefined): number {
  const value = limit === undefined ? 50 : Number(limit);
  if (Number.isInteger(value) && value >= 1 && value <= 100) return value;
  throw invalidField("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.");
}

function pickRange({ before, after }: Record<string, string>): { before?: string; after?: string } {
  return { ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
}
