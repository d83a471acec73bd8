import { Form } from "./_form.ts";
import { toIsoTime } from "./_iso_time.ts";
import { toDraft } from "./_message_form.ts";
import { readBody } from "./_rest_body.ts";
import { findChannel, findGuild, findMessage, findUser, idOf, type RestContext } from "./_rest_context.ts";
import { RestError } from "./_rest_errors.ts";
import { RestReply, type RestRequest, type RestRouter } from "./_rest_router.ts";
import { toWireMessage } from "./_wire.ts";
import { toThreadMember, toWireChannel } from "./_wire_channel.ts";
import { CHANNEL_TYPE, type DiscordChannel, type DiscordUser, isThread } from "./discord_types.ts";

const HAS_THREAD = 1 << 5;
const DEFAULT_ARCHIVE_MINUTES = 4320;

/** Routes of threads. */
export function addThreadRoutes(router: RestRouter, context: RestContext): void {
  const { world, changes } = context;
  router.on("POST", "/channels/:channel/messages/:message/threads", async (request) => {
    const message = findMessage(context, request, "createPublicThreads");
    if (world.channel(message.id)) throw new RestError("threadExists");
    const parent = world.channel(message.channelId)!;
    const thread = readThread(
      context,
      parent,
      await readBody(request).then(({ fields }) => new Form(fields)),
    );
    const created = changes.createThread({ ...thread, id: message.id, type: typeIn(parent) }, world.bot);
    changes.touch(message, { flags: message.flags | HAS_THREAD });
    return new RestReply(201, toWireChannel(created, world));
  });
  router.on("POST", "/channels/:channel/threads", async (request) => startThread(context, request));
  router.on("GET", "/guilds/:guild/threads/active", (request) => {
    const id = findGuild(context, request);
    return listThreads(context, (thread) => thread.guild_id === id && !isArchived(thread));
  });
  for (const [path, type] of [
    ["/channels/:channel/threads/archived/public", CHANNEL_TYPE.publicThread],
    ["/channels/:channel/threads/archived/private", CHANNEL_TYPE.privateThread],
    ["/channels/:channel/users/@me/threads/archived/private", CHANNEL_TYPE.privateThread],
  ] as const) {
    router.on("GET", path, (request) => {
      const { id } = findChannel(context, request, "readMessageHistory");
      const isListed = (thread: DiscordChannel): boolean =>
        thread.parent_id === id && isArchived(thread) && thread.type === type;
      return { ...listThreads(context, isListed), has_more: false };
    });
  }
  addThreadMemberRoutes(router, context);
}

function addThreadMemberRoutes(router: RestRouter, context: RestContext): void {
  const { world, changes } = context;
  const base = "/channels/:channel/thread-members";
  // discord.py says POST
  for (const method of ["PUT", "POST"]) {
    router.on(method, `${base}/@me`, (request) =>
      changes.joinThread(findThread(context, request), world.bot),
    );
  }
  router.on("DELETE", `${base}/@me`, (request) =>
    changes.leaveThread(findThread(context, request), world.bot.id),
  );
  router.on("PUT", `${base}/:user`, (request) => {
    changes.joinThread(findThread(context, request), findUser(context, request));
  });
  router.on("DELETE", `${base}/:user`, (request) => {
    changes.leaveThread(findThread(context, request), idOf(request, "user"));
  });
  router.on("GET", base, (request) => {
    const { id } = findThread(context, request);
    return [...(world.threadMembers.get(id) ?? [])].map((user) => toThreadMember(user, id, world));
  });
  router.on("GET", `${base}/@me`, (request) => readThreadMember(context, request, world.bot));
  router.on("GET", `${base}/:user`, (request) =>
    readThreadMember(context, request, findUser(context, request)),
  );
}

function readThreadMember(context: RestContext, request: RestRequest, user: DiscordUser): unknown {
  const { id } = findThread(context, request);
  if (!context.world.threadMembers.get(id)?.has(user.id)) throw new RestError("unknownMember");
  return toThreadMember(user.id, id, context.world);
}

async function startThread(context: RestContext, request: RestRequest): Promise<unknown> {
  const { world, changes, attachments, onReply } = context;
  const parent = findChannel(context, request);
  const isForum = parent.type === CHANNEL_TYPE.forum;
  const body = await readBody(request);
  const form = new Form(body.fields);
  // Discord's own default, from a time before public threads without a message
  const asked = form.integer("type", CHANNEL_TYPE.announcementThread, CHANNEL_TYPE.privateThread);
  const type = isForum ? CHANNEL_TYPE.publicThread : (asked ?? CHANNEL_TYPE.privateThread);
  const isPrivate = type === CHANNEL_TYPE.privateThread;
  findChannel(context, request, isPrivate ? "createPrivateThreads" : "createPublicThreads");
  const made = { ...readThread(context, parent, form), id: world.nextId(), type };
  if (!isForum) return new RestReply(201, toWireChannel(changes.createThread(made, world.bot), world));
  const first = { fields: form.form("message")?.fields ?? {}, files: body.files };
  const draft = toDraft(first, { channel: made, world, attachments });
  const thread = changes.createThread(made, world.bot);
  const message = changes.post(thread, world.bot, draft);
  onReply(message);
  return new RestReply(201, { ...toWireChannel(thread, world), message: toWireMessage(message, world) });
}

function readThread(
  { world }: RestContext,
  parent: DiscordChannel,
  form: Form,
): Omit<DiscordChannel, "id" | "type"> {
  if (parent.guild_id === undefined || isThread(parent)) throw new RestError("wrongChannelType");
  const name = form.text("name", { min: 1, max: 100, isRequired: true }) ?? "";
  const minutes = form.integer("auto_archive_duration", 60, 10_080) ?? DEFAULT_ARCHIVE_MINUTES;
  form.check();
  const now = toIsoTime(world.now());
  return {
    guild_id: parent.guild_id,
    parent_id: parent.id,
    owner_id: world.bot.id,
    name,
    rate_limit_per_user: 0,
    thread_metadata: {
      archived: false,
      auto_archive_duration: minutes,
      archive_timestamp: now,
      locked: false,
      create_timestamp: now,
    },
  };
}

function typeIn(parent: DiscordChannel): number {
  const isAnnouncement = parent.type === CHANNEL_TYPE.announcement;
  return isAnnouncement ? CHANNEL_TYPE.announcementThread : CHANNEL_TYPE.publicThread;
}

function isArchived({ thread_metadata }: DiscordChannel): boolean {
  return thread_metadata?.archived === true;
}

function findThread(context: RestContext, request: RestRequest): DiscordChannel {
  const channel = findChannel(context, request);
  if (!isThread(channel)) throw new RestError("wrongChannelType");
  return channel;
}

function listThreads({ world }: RestContext, isListed: (thread: DiscordChannel) => boolean): object {
  const all = world.guilds.flatMap(({ id }) => world.channelsOf(id)).filter(isThread);
  const threads = all.filter(isListed);
  const joined = threads.filter(({ id }) => world.threadMembers.get(id)?.has(world.bot.id));
  return {
    threads: threads.map((thread) => toWireChannel(thread, world)),
    members: joined.map(({ id }) => toThreadMember(world.bot.id, id, world)),
  };
}
