import { webhooksEvent } from "./_events.ts";
import { Form } from "./_form.ts";
import type { Interaction } from "./_interactions.ts";
import { toDraft, toEdit } from "./_message_form.ts";
import { readBody } from "./_rest_body.ts";
import { idOf, requireIn, type RestContext } from "./_rest_context.ts";
import { RestError } from "./_rest_errors.ts";
import { say } from "./_rest_interactions.ts";
import { isAsked, type RestRequest, type RestRouter } from "./_rest_router.ts";
import { toWireWebhook, type Webhook } from "./_webhook_store.ts";
import { toWireMessage } from "./_wire.ts";
import type { DiscordChannel, DiscordMessage, DiscordUser } from "./discord_types.ts";

const OPEN = { isOpen: true };
const ORIGINAL = "@original";

/** Routes of webhooks; those of the application itself go on with an interaction. */
export function addWebhookRoutes(router: RestRouter, context: RestContext): void {
  const { world } = context;
  router.on("GET", "/webhooks/:webhook", (request) =>
    toWireWebhook(findOwned(context, request), world.bot.id),
  );
  router.on("PATCH", "/webhooks/:webhook", async (request) =>
    rename(context, request, findOwned(context, request)),
  );
  router.on("DELETE", "/webhooks/:webhook", (request) => remove(context, findOwned(context, request)));
  const secret = "/webhooks/:webhook/:token";
  router.on(
    "GET",
    secret,
    (request) => withoutUser(toWireWebhook(findSecret(context, request), world.bot.id)),
    OPEN,
  );
  router.on("PATCH", secret, async (request) => rename(context, request, findSecret(context, request)), OPEN);
  router.on("DELETE", secret, (request) => remove(context, findSecret(context, request)), OPEN);
  router.on("POST", secret, async (request) => execute(context, request), OPEN);
  const one = `${secret}/messages/:which`;
  router.on("GET", one, (request) => toWireMessage(findSaid(context, request), world), OPEN);
  router.on("PATCH", one, async (request) => edit(context, request), OPEN);
  router.on("DELETE", one, (request) => unsay(context, request), OPEN);
}

// A bot follows an interaction under its own id.
function interactionOf(context: RestContext, request: RestRequest): Interaction | undefined {
  if (idOf(request, "webhook") !== context.world.bot.id) return undefined;
  return context.interactions.following(idOf(request, "token"));
}

function findOwned(context: RestContext, request: RestRequest): Webhook {
  const webhook = context.webhooks.get(idOf(request, "webhook"));
  if (!webhook) throw new RestError("unknownWebhook");
  const channel = context.world.channel(webhook.channelId);
  if (channel) requireIn(context, channel, "manageWebhooks");
  return webhook;
}

function findSecret(context: RestContext, request: RestRequest): Webhook {
  const webhook = context.webhooks.get(idOf(request, "webhook"));
  if (!webhook) throw new RestError("unknownWebhook");
  if (webhook.token !== idOf(request, "token")) throw new RestError("invalidWebhookToken");
  return webhook;
}

async function rename(context: RestContext, request: RestRequest, webhook: Webhook): Promise<unknown> {
  const form = new Form((await readBody(request)).fields);
  const name = form.text("name", { min: 1, max: 80 });
  const channelId = form.text("channel_id", { max: 20 });
  form.check();
  if (channelId !== undefined && !context.world.channel(channelId)) throw new RestError("unknownChannel");
  const changes = { ...(name !== undefined && { name }), ...(channelId !== undefined && { channelId }) };
  return toWireWebhook(context.webhooks.put({ ...webhook, ...changes }), context.world.bot.id);
}

function remove({ webhooks, changes }: RestContext, { id, channelId, guildId }: Webhook): void {
  webhooks.delete(id);
  changes.tell(webhooksEvent(channelId, guildId));
}

async function execute(context: RestContext, request: RestRequest): Promise<unknown> {
  const { world, attachments, changes } = context;
  const interaction = interactionOf(context, request);
  const webhook = interaction ? undefined : findSecret(context, request);
  const channel = interaction?.channel ?? channelFor(context, request, webhook!);
  const body = await readBody(request);
  const draft = toDraft(body, { channel, world, attachments });
  if (interaction) return toWireMessage(follow(context, interaction, draft), world);
  const form = new Form(body.fields);
  const username = form.text("username", { min: 1, max: 80 }) ?? webhook!.name;
  form.check();
  const message = changes.post(channel, toAuthor(webhook!, username), { ...draft, webhookId: webhook!.id });
  context.onAsked(message);
  return isAsked(request, "wait") ? toWireMessage(message, world) : undefined;
}

// The first one after a deferred answer takes its place, as it does on Discord.
function follow(
  context: RestContext,
  interaction: Interaction,
  draft: ReturnType<typeof toDraft>,
): DiscordMessage {
  const { originalId, deferredFlags } = interaction;
  if (originalId !== undefined) return say(context, interaction, draft, originalId);
  const message = say(
    context,
    interaction,
    { ...draft, flags: (draft.flags ?? 0) | deferredFlags },
    undefined,
  );
  interaction.originalId = message.id;
  return message;
}

function channelFor({ world }: RestContext, { query }: RestRequest, webhook: Webhook): DiscordChannel {
  const thread = query.get("thread_id");
  const channel = world.channel(thread ?? webhook.channelId);
  if (!channel) throw new RestError("unknownChannel");
  if (thread !== null && channel.parent_id !== webhook.channelId) throw new RestError("unknownChannel");
  return channel;
}

function toAuthor({ id, avatar }: Webhook, username: string): DiscordUser {
  return { id, username, global_name: null, discriminator: "0000", avatar, bot: true };
}

function findSaid(context: RestContext, request: RestRequest): DiscordMessage {
  const { world } = context;
  const interaction = interactionOf(context, request);
  const which = idOf(request, "which");
  const id = which === ORIGINAL ? interaction?.originalId : which;
  const webhookId = interaction ? world.bot.id : findSecret(context, request).id;
  const found = id === undefined ? undefined : (interaction?.hidden.get(id) ?? world.store.find(id));
  if (found?.webhookId === webhookId || (found && found.id === interaction?.source?.id)) return found;
  throw new RestError("unknownMessage");
}

async function edit(context: RestContext, request: RestRequest): Promise<unknown> {
  const { world, changes, attachments } = context;
  const interaction = interactionOf(context, request);
  const body = await readBody(request);
  // An edit of a deferred answer is the answer.
  if (interaction?.originalId === undefined && interaction && idOf(request, "which") === ORIGINAL) {
    const draft = toDraft(body, { channel: interaction.channel, world, attachments });
    return toWireMessage(follow(context, interaction, draft), world);
  }
  const before = findSaid(context, request);
  const place = { channel: world.channel(before.channelId)!, world, attachments };
  const isHidden = interaction?.hidden.has(before.id) === true;
  const changed = toEdit(body, before, place);
  if (!isHidden) return toWireMessage(changes.edit(before, changed), world);
  const edited = world.changeMessage(before, { ...changed, editedAt: world.now() });
  interaction.hidden.set(edited.id, edited);
  return toWireMessage(edited, world);
}

function unsay(context: RestContext, request: RestRequest): void {
  const message = findSaid(context, request);
  const isHidden = interactionOf(context, request)?.hidden.delete(message.id) === true;
  if (!isHidden) context.changes.delete(message);
}

// Who has only the secret is not told who made it.
function withoutUser(webhook: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(webhook).filter(([name]) => name !== "user"));
}
