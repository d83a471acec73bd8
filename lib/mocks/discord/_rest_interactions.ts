import { Form } from "./_form.ts";
import type { Interaction } from "./_interactions.ts";
import { ALL_MENTIONS } from "./_mentions.ts";
import { EPHEMERAL, toDraft, toEdit } from "./_message_form.ts";
import { readBody, type RestBody } from "./_rest_body.ts";
import { idOf, type RestContext } from "./_rest_context.ts";
import { isAsked, RestReply, type RestRequest, type RestRouter } from "./_rest_router.ts";
import { toWireMessage } from "./_wire.ts";
import type { DiscordMessage } from "./discord_types.ts";

// What a bot can answer an interaction with first.
const CALLBACK = { message: 4, deferred: 5, deferredUpdate: 6, update: 7, modal: 9, last: 12 } as const;

/** The route of the first answer to an interaction. */
export function addInteractionRoutes(router: RestRouter, context: RestContext): void {
  router.on(
    "POST",
    "/interactions/:interaction/:token/callback",
    async (request) => callback(context, request),
    {
      isOpen: true,
    },
  );
}

async function callback(context: RestContext, request: RestRequest): Promise<unknown> {
  const { files, fields } = await readBody(request);
  const form = new Form(fields);
  const type = form.integer("type", 1, CALLBACK.last);
  if (type === undefined) form.fail("type", "BASE_TYPE_REQUIRED", "This field is required");
  form.check();
  const body = { fields: form.form("data")?.fields ?? {}, files };
  const place = placeOf(context, idOf(request, "token"));
  const draft = type === CALLBACK.message && place ? toDraft(body, place) : undefined;
  const interaction = context.interactions.acknowledge(idOf(request, "interaction"), idOf(request, "token"));
  if (type === CALLBACK.deferred)
    interaction.deferredFlags = new Form(body.fields).integer("flags", 0, 2 ** 31) ?? 0;
  const message = draft
    ? say(context, interaction, draft, undefined)
    : updated(context, interaction, type === CALLBACK.update ? body : undefined);
  if (message && type === CALLBACK.message) interaction.originalId = message.id;
  if (!isAsked(request, "with_response")) return undefined;
  return toCallbackResponse(context, interaction, type ?? 0, message);
}

function placeOf(context: RestContext, token: string): Parameters<typeof toDraft>[1] | undefined {
  const channel = context.interactions.channelOf(token);
  return channel && { channel, world: context.world, attachments: context.attachments };
}

// Of a component: its own message is what `@original` stands for.
function updated(
  context: RestContext,
  interaction: Interaction,
  body: RestBody | undefined,
): DiscordMessage | undefined {
  const { source, channel } = interaction;
  if (!source) return undefined;
  interaction.originalId = source.id;
  if (!body) return undefined;
  const { world, changes, attachments, onReply } = context;
  const before = world.message(channel.id, source.id) ?? source;
  const message = changes.edit(before, toEdit(body, before, { channel, world, attachments }));
  interaction.answer.resolve(message);
  onReply(message);
  return message;
}

/**
 * The bot says something about an interaction: to its channel, or to its user only.
 *
 * @param repliesTo The message that a further answer refers to.
 */
export function say(
  context: RestContext,
  interaction: Interaction,
  draft: ReturnType<typeof toDraft>,
  repliesTo: string | undefined,
): DiscordMessage {
  const { world, changes, onReply } = context;
  const { channel, id, name, user, hidden } = interaction;
  const full = {
    ...draft,
    repliesTo,
    allowedMentions: { ...(draft.allowedMentions ?? ALL_MENTIONS), repliedUser: false },
    webhookId: world.bot.id,
    ...(repliesTo === undefined && { interaction: { id, name, user } }),
  };
  if (((draft.flags ?? 0) & EPHEMERAL) !== 0) {
    const message = world.makeMessage(channel, world.bot, full);
    hidden.set(message.id, message);
    interaction.answer.resolve(message);
    return message;
  }
  const message = changes.post(channel, world.bot, full);
  interaction.answer.resolve(message);
  onReply(message);
  return message;
}

function toCallbackResponse(
  { world }: RestContext,
  interaction: Interaction,
  type: number,
  message: DiscordMessage | undefined,
): RestReply {
  const { id, originalId, deferredFlags } = interaction;
  const isDeferred = type === CALLBACK.deferred;
  return new RestReply(200, {
    interaction: {
      id,
      type: 2,
      ...(originalId !== undefined && { response_message_id: originalId }),
      response_message_loading: isDeferred,
      response_message_ephemeral: ((message?.flags ?? deferredFlags) & EPHEMERAL) !== 0,
    },
    resource: { type, ...(message && { message: toWireMessage(message, world) }) },
  });
}
