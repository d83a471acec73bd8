import { webhooksEvent } from "./_events.ts";
import { Form } from "./_form.ts";
import { readBody, readJson } from "./_rest_body.ts";
import { findChannel, findGuild, idOf, type RestContext } from "./_rest_context.ts";
import { RestError } from "./_rest_errors.ts";
import { RestReply, type RestRequest, type RestRouter } from "./_rest_router.ts";
import { toWireWebhook } from "./_webhook_store.ts";
import { toWireChannel } from "./_wire_channel.ts";
import {
  CHANNEL_TYPE,
  type DiscordChannel,
  type DiscordOverwrite,
  type DiscordThreadMetadata,
  isThread,
} from "./discord_types.ts";

const MAX_OVERWRITES = 100;
const MAX_POSITION = 500;

/** Routes of channels themselves. */
export function addChannelRoutes(router: RestRouter, context: RestContext): void {
  const { world, changes } = context;
  router.on("GET", "/channels/:channel", (request) => toWireChannel(findChannel(context, request), world));
  router.on("PATCH", "/channels/:channel", async (request) => changeChannel(context, request));
  router.on("DELETE", "/channels/:channel", (request) => {
    const channel = findChannel(context, request);
    findChannel(context, request, isThread(channel) ? "manageThreads" : "manageChannels");
    const wire = toWireChannel(channel, world);
    if (channel.guild_id !== undefined) changes.deleteChannel(channel); // a DM is only closed
    return wire;
  });
  router.on("PUT", "/channels/:channel/permissions/:overwrite", async (request) => {
    const channel = findChannel(context, request, "manageRoles");
    const overwrite = readOverwrite(
      new Form({ ...(await readBody(request)).fields, id: idOf(request, "overwrite") }),
    );
    const others = (channel.permission_overwrites ?? []).filter(({ id }) => id !== overwrite.id);
    changes.changeChannel(channel, { permission_overwrites: [...others, overwrite] });
  });
  router.on("DELETE", "/channels/:channel/permissions/:overwrite", (request) => {
    const channel = findChannel(context, request, "manageRoles");
    const id = idOf(request, "overwrite");
    const all = channel.permission_overwrites ?? [];
    if (!all.some((overwrite) => overwrite.id === id)) throw new RestError("unknownOverwrite");
    changes.changeChannel(channel, { permission_overwrites: all.filter((overwrite) => overwrite.id !== id) });
  });
  router.on("GET", "/channels/:channel/invites", (request) => {
    findChannel(context, request, "manageChannels");
    return [];
  });
  addGuildChannelRoutes(router, context);
  addWebhookListRoutes(router, context);
}

function addGuildChannelRoutes(router: RestRouter, context: RestContext): void {
  const { world, changes } = context;
  router.on("GET", "/guilds/:guild/channels", (request) =>
    world
      .channelsOf(findGuild(context, request))
      .filter((channel) => !isThread(channel))
      .map((channel) => toWireChannel(channel, world)),
  );
  router.on("POST", "/guilds/:guild/channels", async (request) => {
    const guildId = findGuild(context, request, "manageChannels");
    const form = new Form((await readBody(request)).fields);
    const name = form.text("name", { min: 1, max: 100, isRequired: true }) ?? "";
    const type = form.integer("type", 0, 16) ?? CHANNEL_TYPE.text;
    const changed = readSettings(form);
    form.check();
    const channel = world.addChannel(name, { guild_id: guildId, type, ...changed, name });
    return new RestReply(201, toWireChannel(changes.createChannel(channel), world));
  });
  router.on("PATCH", "/guilds/:guild/channels", (request) => {
    const guildId = findGuild(context, request, "manageChannels");
    const list = readJson(request);
    for (const each of Array.isArray(list) ? list : []) {
      const form = new Form(each);
      const channel = world.channel(String(form.raw("id")));
      const position = form.integer("position", 0, MAX_POSITION);
      form.check();
      if (channel?.guild_id !== guildId) throw new RestError("unknownChannel");
      if (position !== undefined) changes.changeChannel(channel, { position });
    }
  });
}

function addWebhookListRoutes(router: RestRouter, context: RestContext): void {
  const { world, webhooks, interactions, changes } = context;
  router.on("GET", "/channels/:channel/webhooks", (request) => {
    const { id } = findChannel(context, request, "manageWebhooks");
    return webhooks
      .filter(({ channelId }) => channelId === id)
      .map((each) => toWireWebhook(each, world.bot.id));
  });
  router.on("GET", "/guilds/:guild/webhooks", (request) => {
    const id = findGuild(context, request, "manageWebhooks");
    return webhooks.filter(({ guildId }) => guildId === id).map((each) => toWireWebhook(each, world.bot.id));
  });
  router.on("POST", "/channels/:channel/webhooks", async (request) => {
    const channel = findChannel(context, request, "manageWebhooks");
    if (channel.guild_id === undefined) throw new RestError("notInDm");
    const form = new Form((await readBody(request)).fields);
    const name = form.text("name", { min: 1, max: 80, isRequired: true }) ?? "";
    form.check();
    const token = interactions.makeToken();
    const place = { channelId: channel.id, guildId: channel.guild_id, creator: world.bot };
    const webhook = webhooks.put({ id: world.nextId(), token, name, avatar: null, ...place });
    changes.tell(webhooksEvent(channel.id, channel.guild_id), channel);
    return toWireWebhook(webhook, world.bot.id);
  });
}

async function changeChannel(context: RestContext, request: RestRequest): Promise<unknown> {
  const { world, changes } = context;
  const channel = findChannel(context, request);
  if (channel.guild_id === undefined) throw new RestError("notInDm");
  const ownsThread = isThread(channel) && channel.owner_id === world.bot.id;
  if (!ownsThread) findChannel(context, request, isThread(channel) ? "manageThreads" : "manageChannels");
  const form = new Form((await readBody(request)).fields);
  const name = form.text("name", { min: 1, max: 100 });
  const settings = readSettings(form);
  const metadata = channel.thread_metadata && readMetadata(form, channel.thread_metadata);
  form.check();
  const changed = changes.changeChannel(channel, {
    ...settings,
    ...(name !== undefined && { name }),
    ...(metadata && { thread_metadata: metadata }),
  });
  return toWireChannel(changed, world);
}

function readSettings(form: Form): Partial<DiscordChannel> {
  const topic = form.text("topic", { max: 1024 });
  const position = form.integer("position", 0, MAX_POSITION);
  const slow = form.integer("rate_limit_per_user", 0, 21_600);
  const parent = form.text("parent_id", { max: 20 });
  const overwrites = form.forms("permission_overwrites", MAX_OVERWRITES).map(readOverwrite);
  return {
    ...(topic !== undefined && { topic }),
    ...(position !== undefined && { position }),
    ...(slow !== undefined && { rate_limit_per_user: slow }),
    ...(form.raw("parent_id") !== undefined && { parent_id: parent ?? null }),
    ...(form.has("nsfw") && { nsfw: form.boolean("nsfw") === true }),
    ...(form.has("permission_overwrites") && { permission_overwrites: overwrites }),
  };
}

function readMetadata(form: Form, before: DiscordThreadMetadata): DiscordThreadMetadata {
  return {
    ...before,
    archived: form.boolean("archived") ?? before.archived,
    locked: form.boolean("locked") ?? before.locked,
    auto_archive_duration: form.integer("auto_archive_duration", 60, 10_080) ?? before.auto_archive_duration,
  };
}

function readOverwrite(form: Form): DiscordOverwrite {
  const read = (name: string): string => {
    const bits = form.text(name, { max: 20 }) ?? "0";
    if (/^\d+$/.test(bits)) return bits;
    form.fail(name, "NUMBER_TYPE_COERCE", "Value is not int.");
    return "0";
  };
  const overwrite = {
    id: form.text("id", { max: 20, isRequired: true }) ?? "",
    type: form.integer("type", 0, 1) === 1 ? 1 : 0,
    allow: read("allow"),
    deny: read("deny"),
  } as const;
  form.check();
  return overwrite;
}
