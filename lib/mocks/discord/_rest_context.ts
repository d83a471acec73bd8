import type { AttachmentStore } from "./_attachment_store.ts";
import type { CommandStore } from "./_command_store.ts";
import type { Interactions } from "./_interactions.ts";
import type { PermissionName } from "./_permissions.ts";
import { RestError } from "./_rest_errors.ts";
import type { RestRequest } from "./_rest_router.ts";
import type { WebhookStore } from "./_webhook_store.ts";
import type { DiscordWorld } from "./_world.ts";
import type { WorldChanges } from "./_world_changes.ts";
import { type DiscordChannel, type DiscordMessage, type DiscordUser, isThread } from "./discord_types.ts";

/** How often bots may still identify, as the gateway counts it. */
export interface SessionStartLimit {
  readonly total: number;
  readonly remaining: number;
  readonly reset_after: number;
  readonly max_concurrency: number;
}

/** What the routes work with. */
export interface RestContext {
  readonly world: DiscordWorld;
  readonly changes: WorldChanges;
  readonly attachments: AttachmentStore;
  readonly commands: CommandStore;
  readonly interactions: Interactions;
  readonly webhooks: WebhookStore;
  readonly gatewayUrl: () => string;
  /** How many shards the bot needs. */
  readonly shards: number;
  readonly sessionStartLimit: () => SessionStartLimit;
  /** The bot wrote a message; its event is published already. */
  readonly onReply: (message: DiscordMessage) => void;
  /** Somebody else wrote a message that the bot may answer. */
  readonly onAsked: (message: DiscordMessage) => void;
  /** The bot refers to a message, wherever that is. */
  readonly onReference: (channelId: string, messageId: string) => void;
}

type Place = Pick<RestContext, "world">;
type Params = Pick<RestRequest, "params">;

/** The id in a request's path under a name. */
export function idOf({ params }: Params, name: string): string {
  return params[name] ?? "";
}

/**
 * The channel that a request is about, where the bot may do what it wants to.
 *
 * @throws {RestError} If there is no such channel, or the bot may not.
 */
export function findChannel(context: Place, request: Params, ...needed: PermissionName[]): DiscordChannel {
  const channel = context.world.channel(idOf(request, "channel"));
  if (!channel) throw new RestError("unknownChannel");
  requireIn(context, channel, ...needed);
  return channel;
}

/**
 * Makes sure that the bot sees a channel and may do something there.
 *
 * @throws {RestError} If it may not.
 */
export function requireIn({ world }: Place, channel: DiscordChannel, ...needed: PermissionName[]): void {
  if (!world.isAllowed(world.bot.id, "viewChannel", channel)) throw new RestError("missingAccess");
  const isMissing = needed.some((permission) => !world.isAllowed(world.bot.id, permission, channel));
  if (isMissing) throw new RestError("missingPermissions");
}

/** What somebody needs to write in a channel. */
export function writePermission(channel: DiscordChannel): PermissionName {
  return isThread(channel) ? "sendMessagesInThreads" : "sendMessages";
}

/** @throws {RestError} If there is no such message, or the bot does not see the channel. */
export function findMessage(context: Place, request: Params, ...needed: PermissionName[]): DiscordMessage {
  const channel = findChannel(context, request, ...needed);
  const message = context.world.message(channel.id, idOf(request, "message"));
  if (!message) throw new RestError("unknownMessage");
  return message;
}

/**
 * The guild that a request is about.
 *
 * @throws {RestError} If the bot is in no such guild, or may not do something there.
 */
export function findGuild({ world }: Place, request: Params, ...needed: PermissionName[]): string {
  const id = idOf(request, "guild");
  if (!world.guildState(id)) throw new RestError("unknownGuild");
  for (const permission of needed) {
    // a channel of no overwrites: what the guild itself gives
    const anywhere: DiscordChannel = { id, type: 0, guild_id: id };
    if (!world.isAllowed(world.bot.id, permission, anywhere)) throw new RestError("missingPermissions");
  }
  return id;
}

/** @throws {RestError} If there is no such user. */
export function findUser({ world }: Place, request: Params): DiscordUser {
  const user = world.user(idOf(request, "user"));
  if (!user) throw new RestError("unknownUser");
  return user;
}

/** @throws {RestError} If there is no such member of the guild. */
export function findMember({ world }: Place, guildId: string, request: Params): DiscordUser {
  const user = world.user(idOf(request, "user"));
  if (!user || !world.guildState(guildId)?.members.has(user.id)) throw new RestError("unknownMember");
  return user;
}
