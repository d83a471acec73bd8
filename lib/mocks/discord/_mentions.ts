import type { Form } from "./_form.ts";
import type { DiscordMessage, DiscordUser } from "./discord_types.ts";

/** Most ids of a kind that a request may allow. */
const MAX_ALLOWED = 100;

/** Whom a message may ping. @see https://docs.discord.com/developers/resources/message#allowed-mentions-object */
export interface AllowedMentions {
  readonly everyone: boolean;
  readonly users: "all" | ReadonlySet<string>;
  readonly roles: "all" | ReadonlySet<string>;
  readonly repliedUser: boolean;
}

/** What a request gets that says nothing of mentions: everybody is pinged. */
export const ALL_MENTIONS: AllowedMentions = {
  everyone: true,
  users: "all",
  roles: "all",
  repliedUser: true,
};

/** Whom a message pings. */
export type Mentions = Pick<DiscordMessage, "mentions" | "mentionRoles" | "mentionsEveryone">;

/** What a request allows; once it says anything, only what it names is pinged. */
export function readAllowedMentions(form: Form): AllowedMentions {
  const allowed = form.form("allowed_mentions");
  if (!allowed) return ALL_MENTIONS;
  const parsed = allowed.list("parse", MAX_ALLOWED);
  return {
    everyone: parsed.includes("everyone"),
    users: readIds(allowed, parsed, "users"),
    roles: readIds(allowed, parsed, "roles"),
    repliedUser: allowed.boolean("replied_user") ?? false,
  };
}

function readIds(
  allowed: Form,
  parsed: readonly unknown[],
  kind: "users" | "roles",
): AllowedMentions["users"] {
  const ids = allowed.list(kind, MAX_ALLOWED).map(String);
  if (!parsed.includes(kind)) return new Set(ids);
  if (ids.length > 0) {
    const message = `parse:["${kind}"] and ${kind}: [ids...] are mutually exclusive.`;
    allowed.fail("parse", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message);
  }
  return "all";
}

/** Where a message stands, and who knows whom. */
export interface MentionPlace {
  /** Whether its author may ping everyone there. */
  readonly mayPingEveryone: boolean;
  readonly findUser: (id: string) => DiscordUser | undefined;
  /** Author of the message that it answers. */
  readonly replied?: DiscordUser | undefined;
}

/** Whom that text pings. */
export function findMentions(
  content: string,
  allowed: AllowedMentions,
  { mayPingEveryone, findUser, replied }: MentionPlace,
): Mentions {
  const users = idsIn(content, /<@!?(\d+)>/g).filter(
    (id) => allowed.users === "all" || allowed.users.has(id),
  );
  const roles = idsIn(content, /<@&(\d+)>/g).filter((id) => allowed.roles === "all" || allowed.roles.has(id));
  const mentions = users.flatMap((id) => findUser(id) ?? []);
  const pingsReplied = replied && allowed.repliedUser && !mentions.some(({ id }) => id === replied.id);
  return {
    mentions: pingsReplied ? [...mentions, replied] : mentions,
    mentionRoles: roles,
    mentionsEveryone: mayPingEveryone && allowed.everyone && /@(everyone|here)\b/.test(content),
  };
}

function idsIn(content: string, pattern: RegExp): readonly string[] {
  return [...new Set([...content.matchAll(pattern)].map(([, id]) => id!))];
}
