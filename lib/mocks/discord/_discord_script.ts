import type { Clock } from "../../base/clock.ts";
import type { AttachmentStore } from "./_attachment_store.ts";
import { channelEvent, guildCreateEvent, memberEvent, roleEvent } from "./_events.ts";
import type { Invocations } from "./_invocations.ts";
import { PERMISSION } from "./_permissions.ts";
import type { ReplyWatch } from "./_reply_watch.ts";
import { parseEmoji } from "./_rest_reactions.ts";
import type { DiscordWorld } from "./_world.ts";
import type { WorldChanges } from "./_world_changes.ts";
import type {
  AddChannelOptions,
  AddRoleOptions,
  AddUserOptions,
  CommandValue,
  DiscordInvocation,
  DiscordPlaceOptions,
  SendAsUserOptions,
} from "./discord_options.ts";
import {
  CHANNEL_TYPE,
  type DiscordAttachment,
  type DiscordChannel,
  type DiscordGuild,
  type DiscordMessage,
  type DiscordOverwrite,
  type DiscordRole,
  type DiscordUser,
  isThread,
} from "./discord_types.ts";

/** What a {@linkcode DiscordScript} works with. */
export interface DiscordScriptParts {
  readonly clock: Clock;
  readonly changes: WorldChanges;
  readonly attachments: AttachmentStore;
  readonly invocations: Invocations;
  readonly replyWatch: ReplyWatch;
}

/** What a test does on Discord in the name of its users and owners: the part of the mock that needs no socket. */
export class DiscordScript {
  readonly #parts: DiscordScriptParts;
  readonly #world: DiscordWorld;

  constructor(parts: DiscordScriptParts) {
    this.#parts = parts;
    this.#world = parts.changes.world;
  }

  /** The bot's own user. */
  get bot(): DiscordUser {
    return this.#world.bot;
  }

  /** Id of the first guild. */
  get guildId(): string {
    return this.#world.guild.id;
  }

  /** All guilds that the bot is in. */
  get guilds(): readonly DiscordGuild[] {
    return this.#world.guilds;
  }

  /** Channels of the first guild, in their order, without threads. */
  get channels(): readonly DiscordChannel[] {
    return this.#world.guildChannels;
  }

  /** The user of that name, made on first use. */
  user(name: string): DiscordUser {
    return this.#world.userNamed(name) ?? this.addUser(name);
  }

  /** A further guild, with a text channel `general`. The bot is told that it has joined. */
  addGuild(name: string): DiscordGuild {
    const guild = this.#world.addGuild(name);
    this.#world.addChannel("general", { guild_id: guild.id });
    this.#parts.changes.tell(guildCreateEvent(guild.id, this.#world));
    return guild;
  }

  /** A further channel of a guild; also a voice channel, a category, a forum, a thread. */
  addChannel(name: string, options: AddChannelOptions = {}): DiscordChannel {
    const { guild, type = CHANNEL_TYPE.text, access = "full", parent, topic, overwrites = [] } = options;
    const own = overwriteFor(access, this.bot.id);
    const channel = this.#world.addChannel(name, {
      guild_id: parent?.guild_id ?? this.#guild(guild).id,
      type,
      ...(parent && { parent_id: parent.id }),
      ...(topic !== undefined && { topic }),
      permission_overwrites: [...overwrites, ...own],
      ...(isThread({ type }) && { owner_id: this.user("owner").id }),
    });
    if (isThread(channel)) this.#world.threadMembers.set(channel.id, new Set());
    this.#parts.changes.tell(channelEvent("CREATE", channel, this.#world));
    return channel;
  }

  /** A user with more than a name: {@linkcode DiscordScript.user} makes the others on first use. */
  addUser(name: string, options: AddUserOptions = {}): DiscordUser {
    const { isBot = false, acceptsDms = true, guild, roles = [] } = options;
    const user = this.#world.addUser(name, isBot);
    if (!acceptsDms) this.#world.closedToDms.add(user.id);
    this.#join(user, this.#guild(guild).id);
    if (roles.length > 0) this.#world.guildState(this.#guild(guild).id)!.changeMember(user.id, { roles });
    return user;
  }

  /** A further role of a guild. */
  addRole(name: string, options: AddRoleOptions = {}): DiscordRole {
    const { guild, permissions = 0n } = options;
    const { id } = this.#guild(guild);
    const role = this.#world.guildState(id)!.addRole(this.#world.nextId(), name, permissions);
    this.#parts.changes.tell(roleEvent("CREATE", role, id, this.#world));
    return role;
  }

  /** A user writes in a channel. The bot gets it at once, or when its session is resumed. */
  sendAsUser(user: string, text: string, options: SendAsUserOptions = {}): DiscordMessage {
    const { channel: name, mentionBot = false } = options;
    const channel = this.#channel(name);
    const author = this.user(user);
    if (channel.guild_id !== undefined) this.#join(author, channel.guild_id);
    return this.#send(channel, author, mentionBot ? `<@${this.bot.id}> ${text}` : text, options);
  }

  /** A user writes to the bot directly. */
  sendDM(user: string, text: string, options: Omit<SendAsUserOptions, "channel"> = {}): DiscordMessage {
    const author = this.user(user);
    return this.#send(this.#world.dmWith(author), author, text, options);
  }

  /** The author of a message changes its text. */
  editAsUser(message: DiscordMessage, text: string): DiscordMessage {
    return this.#parts.changes.edit(this.#current(message), { content: text });
  }

  /** The author of a message deletes it. */
  deleteAsUser(message: DiscordMessage): void {
    this.#parts.changes.delete(this.#current(message));
  }

  /**
   * A user reacts to a message.
   *
   * @param emoji Such as `👍`, or `name:id` of a guild's own.
   */
  reactAsUser(user: string, message: DiscordMessage, emoji: string): void {
    this.#parts.changes.react(this.#current(message), this.user(user), parseEmoji(emoji));
  }

  /** A user takes a reaction back. */
  unreactAsUser(user: string, message: DiscordMessage, emoji: string): void {
    this.#parts.changes.unreact(this.#current(message), this.user(user), parseEmoji(emoji));
  }

  /** A user begins to type. */
  typeAsUser(user: string, place: DiscordPlaceOptions = {}): void {
    const author = this.user(user);
    this.#parts.changes.type(this.#place(author, place), author);
  }

  /**
   * A user invokes a slash command that the bot registered.
   *
   * @param name Its name, behind it those of subcommands: `config set`.
   * @param options Values by the names of the command's options.
   * @throws {RangeError} If the bot registered no such command, or it has no such option.
   */
  invokeCommand(
    user: string,
    name: string,
    options: Readonly<Record<string, CommandValue>> = {},
    place: DiscordPlaceOptions = {},
  ): DiscordInvocation {
    const author = this.user(user);
    return this.#parts.invocations.invoke(this.#place(author, place), author, name, options);
  }

  /**
   * A user presses a button of a message, or picks from its menu.
   *
   * @param values What is picked; a button has none.
   */
  pressComponent(
    user: string,
    message: DiscordMessage,
    customId: string,
    values?: readonly string[],
  ): DiscordInvocation {
    return this.#parts.invocations.press(this.#current(message), this.user(user), customId, values);
  }

  /** Messages of a channel or thread, oldest first, the last 1000. */
  history(channel?: string): readonly DiscordMessage[] {
    return this.#world.messages(this.#channel(channel).id);
  }

  /** Messages between the bot and a user, oldest first, the last 1000. */
  directMessages(user: string): readonly DiscordMessage[] {
    return this.#world.messages(this.#world.dmWith(this.user(user)).id);
  }

  /**
   * Id of the channel that a name stands for.
   *
   * @param user Whose DM with the bot it is, instead of a channel.
   * @throws {RangeError} If there is no such channel.
   */
  channelId(channel?: string, user?: string): string {
    return user === undefined ? this.#channel(channel).id : this.#world.dmWith(this.user(user)).id;
  }

  #send(
    channel: DiscordChannel,
    author: DiscordUser,
    content: string,
    { repliesTo, files = [] }: SendAsUserOptions,
  ): DiscordMessage {
    const attachments = files.map(
      ({ name, data, contentType = "application/octet-stream" }): DiscordAttachment => {
        const file = { filename: name, contentType, bytes: Buffer.from(data) };
        return this.#parts.attachments.add(this.#world.nextId(), channel.id, file);
      },
    );
    const message = this.#parts.changes.post(channel, author, {
      content,
      attachments,
      repliesTo: repliesTo?.id,
    });
    this.#parts.replyWatch.asked(message);
    return message;
  }

  #current(message: DiscordMessage): DiscordMessage {
    const current = this.#world.message(message.channelId, message.id);
    if (current) return current;
    throw new RangeError(`Cannot find message: 'message' must be in its channel still, got ${message.id}`);
  }

  #place(user: DiscordUser, { channel: name, inDm = false }: DiscordPlaceOptions): DiscordChannel {
    if (inDm) return this.#world.dmWith(user);
    const channel = this.#channel(name);
    if (channel.guild_id !== undefined) this.#join(user, channel.guild_id);
    return channel;
  }

  #join(user: DiscordUser, guildId: string): void {
    const state = this.#world.guildState(guildId)!;
    if (state.members.has(user.id)) return;
    state.join(user.id, this.#parts.clock.now());
    this.#parts.changes.tell(memberEvent("ADD", user, guildId, this.#world));
  }

  #channel(nameOrId: string | undefined): DiscordChannel {
    const all = this.guilds.flatMap(({ id }) => this.#world.channelsOf(id));
    const found =
      nameOrId === undefined ? all[0] : all.find(({ id, name }) => id === nameOrId || name === nameOrId);
    if (found) return found;
    const names = all.map(({ name }) => name).join(", ");
    throw new RangeError(`Cannot find channel: 'channel' must be one of ${names}, got ${nameOrId}`);
  }

  #guild(nameOrId: string | undefined): DiscordGuild {
    const found = this.guilds.find(
      ({ id, name }) => nameOrId === undefined || id === nameOrId || name === nameOrId,
    );
    if (found) return found;
    const names = this.guilds.map(({ name }) => name).join(", ");
    throw new RangeError(`Cannot find guild: 'guild' must be one of ${names}, got ${nameOrId}`);
  }
}

function overwriteFor(access: "full" | "read-only" | "hidden", botId: string): DiscordOverwrite[] {
  if (access === "full") return [];
  const writing = PERMISSION.sendMessages | PERMISSION.sendMessagesInThreads;
  const deny = access === "hidden" ? PERMISSION.viewChannel : writing;
  return [{ id: botId, type: 1, allow: "0", deny: String(deny) }];
}
