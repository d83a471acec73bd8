import type { Form } from "./_form.ts";
import type { DiscordEmbed } from "./discord_types.ts";

const MAX_EMBEDS = 10;
const MAX_FIELDS = 25;
const MAX_TOTAL = 6000;
const MAX_COLOR = 0xff_ffff;

/**
 * Embeds of a message as the wire gives them back; what is wrong with them goes to `form`.
 *
 * @see https://discord.com/developers/docs/resources/message#embed-object-embed-limits
 */
export function readEmbeds(form: Form): DiscordEmbed[] {
  const name = form.has("embeds") || !form.has("embed") ? "embeds" : "embed";
  const forms = name === "embed" ? [form.form("embed")!] : form.forms("embeds", MAX_EMBEDS);
  const embeds = forms.map(readEmbed);
  if (embeds.reduce((sum, embed) => sum + lengthOf(embed), 0) > MAX_TOTAL) {
    form.fail(name, "MAX_EMBED_SIZE_EXCEEDED", `Embed size exceeds maximum size of ${MAX_TOTAL}`);
  }
  return embeds;
}

function readEmbed(form: Form): DiscordEmbed {
  const embed = dropAbsent({
    type: "rich",
    title: form.text("title", { max: 256 }),
    description: form.text("description", { max: 4096 }),
    url: readUrl(form, "url"),
    color: form.integer("color", 0, MAX_COLOR),
    timestamp: readTimestamp(form),
    footer: readPart(form, "footer", (part) => ({
      text: part.text("text", { max: 2048, isRequired: true }),
      icon_url: readUrl(part, "icon_url"),
    })),
    author: readPart(form, "author", (part) => ({
      name: part.text("name", { max: 256, isRequired: true }),
      url: readUrl(part, "url"),
      icon_url: readUrl(part, "icon_url"),
    })),
    image: readPart(form, "image", (part) => ({ url: readUrl(part, "url") })),
    thumbnail: readPart(form, "thumbnail", (part) => ({ url: readUrl(part, "url") })),
    fields: form.has("fields") ? form.forms("fields", MAX_FIELDS).map(readField) : undefined,
  });
  if (Object.keys(embed).length === 1)
    form.fail("description", "BASE_TYPE_REQUIRED", "This field is required");
  return embed;
}

function readField(form: Form): Record<string, unknown> {
  return {
    name: form.text("name", { min: 1, max: 256, isRequired: true }),
    value: form.text("value", { min: 1, max: 1024, isRequired: true }),
    inline: form.boolean("inline") ?? false,
  };
}

function readPart(
  form: Form,
  name: string,
  read: (part: Form) => Record<string, unknown>,
): Record<string, unknown> | undefined {
  const part = form.form(name);
  return part && dropAbsent(read(part));
}

function readUrl(form: Form, name: string): string | undefined {
  const url = form.text(name, { max: 2048 });
  if (url === undefined || url === "") return undefined;
  if (!/^(https?|attachment):\/\/\S/i.test(url)) {
    form.fail(name, "URL_TYPE_INVALID_URL", "Not a well formed URL.");
  }
  return url;
}

function readTimestamp(form: Form): string | undefined {
  const text = form.text("timestamp", { max: 100 });
  if (text === undefined) return undefined;
  if (Number.isNaN(Date.parse(text))) {
    form.fail("timestamp", "DATETIME_TYPE_PARSE", `Could not parse ${text}. Should be ISO8601.`);
  }
  return text;
}

// What counts for the limit over all embeds of a message.
function lengthOf(embed: DiscordEmbed): number {
  const { title, description } = embed;
  const fields = (embed["fields"] ?? []) as { name?: string; value?: string }[];
  const { text } = (embed["footer"] ?? {}) as { text?: string };
  const { name } = (embed["author"] ?? {}) as { name?: string };
  const texts = [title, description, text, name, ...fields.flatMap((field) => [field.name, field.value])];
  return texts.reduce((sum, each) => sum + (each?.length ?? 0), 0);
}

function dropAbsent(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
