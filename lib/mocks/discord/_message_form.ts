import type { AttachmentStore } from "./_attachment_store.ts";
import { readEmbeds } from "./_embed_form.ts";
import { Form } from "./_form.ts";
import { readAllowedMentions } from "./_mentions.ts";
import type { RestBody, UploadedFile } from "./_rest_body.ts";
import { RestError } from "./_rest_errors.ts";
import type { DiscordWorld, MessageDraft } from "./_world.ts";
import type { DiscordAttachment, DiscordChannel, DiscordMessage } from "./discord_types.ts";

const MAX_CONTENT_LENGTH = 2000;
const MAX_COMPONENTS = 40;
const MAX_FILES = 10;
const IS_COMPONENTS_V2 = 1 << 15;
/** Only its reader sees it. */
export const EPHEMERAL: number = 1 << 6;
// What bots may set: suppress embeds, ephemeral, suppress notifications, voice message, components v2.
const SETTABLE_FLAGS = (1 << 2) | EPHEMERAL | (1 << 12) | (1 << 13) | IS_COMPONENTS_V2;
const FORWARD = 1;

/** Where a message is read for. */
export interface MessagePlace {
  readonly channel: DiscordChannel;
  readonly world: DiscordWorld;
  readonly attachments: AttachmentStore;
  /** Told of the message that a new one refers to, wherever that is. */
  readonly onReference?: ((channelId: string, messageId: string) => void) | undefined;
}

/**
 * A new message from a request's body.
 *
 * @throws {RestError} If it is none that Discord would take.
 */
export function toDraft(body: RestBody, place: MessagePlace): MessageDraft {
  const form = new Form(body.fields);
  const parts = readParts(form);
  const reference = readReference(form, place);
  const nonce = readNonce(form);
  const allowedMentions = readAllowedMentions(form);
  form.check();
  const files = toAttachments(form, body.files, place);
  const draft = {
    ...parts,
    attachments: files,
    repliesTo: reference,
    nonce,
    allowedMentions,
    tts: form.boolean("tts") ?? false,
  };
  const isForwarded = form.form("message_reference")?.raw("type") === FORWARD;
  const hasOther = isForwarded || form.has("poll") || form.list("sticker_ids", 3).length > 0;
  if (isEmpty(draft) && !hasOther) throw new RestError("emptyMessage");
  return draft;
}

/**
 * What an edit changes.
 *
 * @throws {RestError} If nothing would be left of the message, or it is none that Discord would take.
 */
export function toEdit(body: RestBody, before: DiscordMessage, place: MessagePlace): Partial<DiscordMessage> {
  const { fields } = body;
  const form = new Form(fields);
  const parts = readParts(form);
  const allowed = readAllowedMentions(form);
  form.check();
  const has = (name: string): boolean => fields[name] !== undefined;
  const added = toAttachments(form, body.files, place);
  const kept = has("attachments") ? keptAttachments(form, before) : before.attachments;
  const edit = {
    content: has("content") ? parts.content : before.content,
    embeds: has("embeds") || has("embed") ? parts.embeds : before.embeds,
    components: has("components") ? parts.components : before.components,
    flags: has("flags") ? (before.flags & ~(1 << 2)) | parts.flags : before.flags,
    attachments: [...kept, ...added],
  };
  if (isEmpty(edit)) throw new RestError("emptyMessage");
  return has("content") ? { ...edit, ...place.world.mentionsIn(before, edit.content, allowed) } : edit;
}

type Parts = Required<Pick<MessageDraft, "content" | "embeds" | "components" | "flags">>;

function readParts(form: Form): Parts {
  const content = form.text("content", { max: MAX_CONTENT_LENGTH }) ?? "";
  const embeds = form.has("embeds") || form.has("embed") ? readEmbeds(form) : [];
  const components = form.list("components", MAX_COMPONENTS);
  for (const component of form.forms("components", MAX_COMPONENTS)) {
    if (!component.has("type")) component.fail("type", "BASE_TYPE_REQUIRED", "This field is required");
  }
  const flags = (form.integer("flags", 0, Number.MAX_SAFE_INTEGER) ?? 0) & SETTABLE_FLAGS;
  if ((flags & IS_COMPONENTS_V2) !== 0 && (content !== "" || embeds.length > 0)) {
    const message = "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2";
    form.fail("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message);
  }
  return { content, embeds, components, flags };
}

function isEmpty(parts: Pick<DiscordMessage, "content"> & Partial<DiscordMessage>): boolean {
  const { content, embeds = [], components = [], attachments = [] } = parts;
  const count = embeds.length + components.length + attachments.length;
  return content.trim() === "" && count === 0;
}

function readNonce(form: Form): string | number | undefined {
  const nonce = form.raw("nonce");
  if (typeof nonce === "number") return nonce;
  return form.text("nonce", { max: 25 });
}

function readReference(form: Form, { channel, world, onReference }: MessagePlace): string | undefined {
  const reference = form.form("message_reference");
  if (!reference || reference.raw("type") === FORWARD) return undefined;
  const id = reference.text("message_id", { max: 20 }) ?? "";
  onReference?.(channel.id, id);
  if (world.message(channel.id, id)) return id;
  if (reference.raw("fail_if_not_exists") === false) return undefined;
  form.fail("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message");
  return undefined;
}

function toAttachments(
  form: Form,
  files: readonly UploadedFile[],
  { channel, world, attachments }: MessagePlace,
): DiscordAttachment[] {
  if (files.length > MAX_FILES) {
    form.fail("files", "BASE_TYPE_MAX_LENGTH", `Must be ${MAX_FILES} or fewer in length.`);
    form.check();
  }
  const described = form.forms("attachments", MAX_FILES);
  return files.map((upload) => {
    const about = described.find((each) => String(each.raw("id")) === String(upload.index));
    return attachments.add(world.nextId(), channel.id, {
      filename: about?.text("filename", { max: 260 }) ?? (upload.name || "file"),
      contentType: upload.type || "application/octet-stream",
      description: about?.text("description", { max: 1024 }),
      bytes: upload.bytes,
    });
  });
}

function keptAttachments(form: Form, { attachments }: DiscordMessage): DiscordAttachment[] {
  const ids = new Set(form.forms("attachments", MAX_FILES).map((each) => String(each.raw("id"))));
  return attachments.filter(({ id }) => ids.has(id));
}
