import { Form } from "./_form.ts";
import { toIsoTime } from "./_iso_time.ts";
import { toDraft, toEdit } from "./_message_form.ts";
import { readBody } from "./_rest_body.ts";
import { findChannel, findMessage, requireIn, type RestContext, writePermission } from "./_rest_context.ts";
import { RestError } from "./_rest_errors.ts";
import type { RestRequest, RestRouter } from "./_rest_router.ts";
import { readPage } from "./_rest_users.ts";
import { isLaterId } from "./_snowflakes.ts";
import { toWireMessage } from "./_wire.ts";
import type { MessageDraft } from "./_world.ts";
import { CHANNEL_TYPE, type DiscordChannel, type DiscordMessage } from "./discord_types.ts";

const ONE = "/channels/:channel/messages/:message";
const MAX_PINS = 250;
const TWO_WEEKS_MS = 1_209_600_000;
const DISCORD_EPOCH_MS = 1_420_070_400_000;
const NONCE_LIFE_MS = 300_000;
const CROSSPOSTED = 1;

/** Routes of messages, pins and typing. */
export function addMessageRoutes(router: RestRouter, context: RestContext): void {
  const { world, changes } = context;
  router.on("POST", "/channels/:channel/typing", (request) => {
    const channel = findChannel(context, request);
    requireIn(context, channel, writePermission(channel));
    changes.type(channel, world.bot);
  });
  addPinRoutes(router, context);
  router.on("GET", "/channels/:channel/messages", (request) => {
    const channel = findChannel(context, request);
    const { limit, ...range } = readPage(request.query, 100, 50);
    if (!world.isAllowed(world.bot.id, "readMessageHistory", channel)) return [];
    return world.store.page(channel.id, limit, range).map((message) => toWireMessage(message, world));
  });
  router.on("POST", "/channels/:channel/messages", async (request) => postMessage(context, request));
  router.on("POST", "/channels/:channel/messages/bulk-delete", async (request) =>
    bulkDelete(context, request),
  );
  router.on("GET", ONE, (request) =>
    toWireMessage(findMessage(context, request, "readMessageHistory"), world),
  );
  router.on("PATCH", ONE, async (request) => editMessage(context, request));
  router.on("DELETE", ONE, (request) => {
    const message = findMessage(context, request);
    requireAuthorOr(context, message, "manageMessages");
    changes.delete(message);
  });
  router.on("POST", `${ONE}/crosspost`, (request) => {
    const message = findMessage(context, request);
    const isAnnouncement = world.channel(message.channelId)?.type === CHANNEL_TYPE.announcement;
    if (!isAnnouncement) throw new RestError("wrongChannelType");
    return toWireMessage(changes.touch(message, { flags: message.flags | CROSSPOSTED }), world);
  });
}

async function postMessage(context: RestContext, request: RestRequest): Promise<unknown> {
  const { world, changes, attachments, onReply, onReference } = context;
  const channel = findChannel(context, request);
  requireWritable(context, channel);
  const body = await readBody(request);
  const draft = toDraft(body, { channel, world, attachments, onReference });
  requireParts(context, channel, draft);
  const isEnforced = new Form(body.fields).boolean("enforce_nonce") === true;
  const known = isEnforced ? sentBefore(context, channel, draft.nonce) : undefined;
  if (known) return toWireMessage(known, world);
  const message = changes.post(channel, world.bot, draft);
  onReply(message);
  return toWireMessage(message, world);
}

function requireWritable(context: RestContext, channel: DiscordChannel): void {
  const { type, recipients } = channel;
  if (type === CHANNEL_TYPE.category || type === CHANNEL_TYPE.forum)
    throw new RestError("cannotSendInChannel");
  if (channel.thread_metadata?.archived && channel.thread_metadata.locked)
    throw new RestError("archivedThread");
  if (recipients?.some(({ id }) => context.world.closedToDms.has(id)))
    throw new RestError("cannotMessageUser");
  requireIn(context, channel, writePermission(channel));
}

function requireParts(context: RestContext, channel: DiscordChannel, draft: MessageDraft): void {
  if ((draft.attachments?.length ?? 0) > 0) requireIn(context, channel, "attachFiles");
  if ((draft.embeds?.length ?? 0) > 0) requireIn(context, channel, "embedLinks");
}

// With `enforce_nonce`, Discord takes a message of the last minutes with the same nonce for the same message.
function sentBefore(
  { world }: RestContext,
  { id }: DiscordChannel,
  nonce: string | number | undefined,
): DiscordMessage | undefined {
  if (nonce === undefined) return undefined;
  return world
    .messages(id)
    .findLast(
      (message) =>
        message.author.id === world.bot.id &&
        String(message.nonce) === String(nonce) &&
        world.now() - message.createdAt < NONCE_LIFE_MS,
    );
}

async function editMessage(context: RestContext, request: RestRequest): Promise<unknown> {
  const { world, changes, attachments } = context;
  const before = findMessage(context, request);
  const body = await readBody(request);
  const onlyFlags = Object.keys(body.fields).every((name) => name === "flags");
  if (before.author.id !== world.bot.id && !onlyFlags) throw new RestError("cannotEditOthers");
  requireAuthorOr(context, before, "manageMessages");
  const channel = world.channel(before.channelId)!;
  const edited = changes.edit(before, toEdit(body, before, { channel, world, attachments }));
  return toWireMessage(edited, world);
}

function requireAuthorOr(context: RestContext, message: DiscordMessage, permission: "manageMessages"): void {
  const { world } = context;
  if (message.author.id === world.bot.id) return;
  const channel = world.channel(message.channelId)!;
  if (channel.guild_id === undefined) throw new RestError("notInDm");
  requireIn(context, channel, permission);
}

async function bulkDelete(context: RestContext, request: RestRequest): Promise<void> {
  const { world, changes } = context;
  const channel = findChannel(context, request, "manageMessages");
  if (channel.guild_id === undefined) throw new RestError("notInDm");
  const form = new Form((await readBody(request)).fields);
  const ids = new Set(form.ids("messages"));
  form.check();
  if (ids.size < 2 || ids.size > 100) throw new RestError("bulkDeleteCount");
  const oldest = String(BigInt(Math.max(0, world.now() - TWO_WEEKS_MS - DISCORD_EPOCH_MS)) << 22n);
  if ([...ids].some((id) => isLaterId(oldest, id))) throw new RestError("tooOldForBulkDelete");
  changes.deleteMany(
    [...ids].flatMap((id) => world.message(channel.id, id) ?? []),
    channel,
  );
}

function addPinRoutes(router: RestRouter, context: RestContext): void {
  const { world, changes } = context;
  const pinned = (request: RestRequest): DiscordMessage[] => {
    const channel = findChannel(context, request, "readMessageHistory");
    return world
      .messages(channel.id)
      .filter((message) => message.pinned)
      .toReversed();
  };
  router.on("GET", "/channels/:channel/pins", (request) =>
    pinned(request).map((message) => toWireMessage(message, world)),
  );
  router.on("GET", "/channels/:channel/messages/pins", (request) => ({
    items: pinned(request).map((message) => ({
      pinned_at: toIsoTime(message.createdAt),
      message: toWireMessage(message, world),
    })),
    has_more: false,
  }));
  for (const path of ["/channels/:channel/pins/:message", "/channels/:channel/messages/pins/:message"]) {
    router.on("PUT", path, (request) => {
      const message = findMessage(context, request, "pinMessages");
      const isFull = !message.pinned && pinned(request).length >= MAX_PINS;
      if (isFull) throw new RestError("tooManyPins");
      changes.pin(message, true);
    });
    router.on("DELETE", path, (request) => {
      changes.pin(findMessage(context, request, "pinMessages"), false);
    });
  }
}
