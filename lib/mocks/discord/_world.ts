import type { Clock } from "../../base/clock.ts";
import { GuildState } from "./_guild_state.ts";
import { ALL_MENTIONS, type AllowedMentions, findMentions, type Mentions } from "./_mentions.ts";
import { MessageStore } from "./_message_store.ts";
import {
  computePermissions,
  DEFAULT_BOT_PERMISSIONS,
  PERMISSION,
  type PermissionName,
} from "./_permissions.ts";
import { SnowflakeSource } from "./_snowflakes.ts";
import {
  CHANNEL_TYPE,
  type DiscordAttachment,
  type DiscordChannel,
  type DiscordEmbed,
  type DiscordGuild,
  type DiscordMessage,
  type DiscordUser,
  isThread,
} from "./discord_types.ts";

/** What a new message is made of. */
export interface MessageDraft {
  readonly content: string;
  readonly embeds?: readonly DiscordEmbed[];
  readonly attachments?: readonly DiscordAttachment[];
  readonly components?: readonly unknown[];
  readonly repliesTo?: string | undefined;
  /** Whom it may ping. Default: all whom it names. */
  readonly allowedMentions?: AllowedMentions | undefined;
  readonly tts?: boolean;
  readonly flags?: number;
  readonly nonce?: string | number | undefined;
  readonly webhookId?: string | undefined;
  readonly interaction?: DiscordMessage["interaction"];
}

/** What mentions depend on, beside the text. */
type MentionSource = Pick<DiscordMessage, "channelId" | "author" | "repliesTo" | "webhookId">;

/** The first names of a new world. */
export interface WorldOptions {
  readonly botName: string;
  readonly guildName: string;
  readonly channels: readonly string[];
  readonly botPermissions?: bigint | undefined;
  /** Messages kept of each channel. */
  readonly historyLimit: number;
}

/** Who and what exists on the mock: plain state, no sockets. Keeps the latest messages of each channel. */
export class DiscordWorld {
  bot: DiscordUser;
  /** Users who take no direct messages, by id. */
  readonly closedToDms: Set<string> = new Set();
  /** Ids of the members of each thread. */
  readonly threadMembers: Map<string, Set<string>> = new Map();
  readonly store: MessageStore;
  readonly #clock: Clock;
  readonly #ids: SnowflakeSource;
  readonly #botPermissions: bigint;
  readonly #guilds = new Map<string, GuildState>();
  readonly #users = new Map<string, DiscordUser>();
  readonly #usersByName = new Map<string, string>();
  readonly #channels = new Map<string, DiscordChannel>();
  readonly #dmByUser = new Map<string, string>();

  constructor(clock: Clock, options: WorldOptions) {
    this.#clock = clock;
    this.store = new MessageStore(options.historyLimit);
    this.#ids = new SnowflakeSource(clock);
    this.#botPermissions = options.botPermissions ?? DEFAULT_BOT_PERMISSIONS;
    this.bot = this.addUser(options.botName, true);
    this.addGuild(options.guildName);
    for (const name of options.channels) this.addChannel(name);
  }

  nextId(): string {
    return this.#ids.next();
  }

  now(): number {
    return this.#clock.now();
  }

  /** The first guild. */
  get guild(): DiscordGuild {
    return this.guilds[0]!;
  }

  get guilds(): readonly DiscordGuild[] {
    return [...this.#guilds.values()].map(({ info }) => info);
  }

  guildState(id: string): GuildState | undefined {
    return this.#guilds.get(id);
  }

  /** A further guild with the bot in it, which has a role of its own there. */
  addGuild(name: string): DiscordGuild {
    const owner = this.userNamed("owner") ?? this.addUser("owner");
    const info = { id: this.#ids.next(), name, ownerId: owner.id };
    const state = new GuildState(info);
    this.#guilds.set(info.id, state);
    const role = state.addRole(this.#ids.next(), this.bot.username, this.#botPermissions);
    state.roles.set(role.id, { ...role, managed: true });
    state.join(owner.id, this.now());
    state.join(this.bot.id, this.now());
    state.changeMember(this.bot.id, { roles: [role.id] });
    return info;
  }

  removeGuild(id: string): void {
    for (const { id: channelId } of this.channelsOf(id)) this.deleteChannel(channelId);
    this.#guilds.delete(id);
  }

  get users(): readonly DiscordUser[] {
    return [...this.#users.values()];
  }

  user(id: string): DiscordUser | undefined {
    return this.#users.get(id);
  }

  userNamed(name: string): DiscordUser | undefined {
    return this.#users.get(this.#usersByName.get(name) ?? "");
  }

  addUser(name: string, bot = false): DiscordUser {
    const id = this.#ids.next();
    const user = { id, username: name, global_name: null, discriminator: "0", avatar: null, bot };
    this.#users.set(id, user);
    this.#usersByName.set(name, id);
    return user;
  }

  changeBot(changes: Partial<DiscordUser>): DiscordUser {
    this.bot = { ...this.bot, ...changes };
    this.#users.set(this.bot.id, this.bot);
    return this.bot;
  }

  /** Members of a guild. */
  membersOf(guildId: string): readonly DiscordUser[] {
    const ids = this.#guilds.get(guildId)?.members.keys() ?? [];
    return [...ids].flatMap((id) => this.#users.get(id) ?? []);
  }

  /** Channels of the first guild, without threads. */
  get guildChannels(): readonly DiscordChannel[] {
    return this.channelsOf(this.guild.id).filter((channel) => !isThread(channel));
  }

  /** Channels and threads of a guild, or DMs. */
  channelsOf(guildId: string | undefined): readonly DiscordChannel[] {
    return [...this.#channels.values()].filter((channel) => channel.guild_id === guildId);
  }

  channel(id: string): DiscordChannel | undefined {
    return this.#channels.get(id);
  }

  addChannel(name: string, fields: Partial<DiscordChannel> = {}): DiscordChannel {
    const { guild_id = this.guild.id } = fields;
    const position = this.channelsOf(guild_id).filter((channel) => !isThread(channel)).length;
    const id = this.#ids.next();
    return this.putChannel({ id, type: CHANNEL_TYPE.text, guild_id, name, position, ...fields });
  }

  /** Adds a channel, or replaces the one of that id. */
  putChannel(channel: DiscordChannel): DiscordChannel {
    this.#channels.set(channel.id, channel);
    return channel;
  }

  /** Deletes a channel with its messages and threads. */
  deleteChannel(id: string): void {
    for (const { id: inner, parent_id } of this.#channels.values()) {
      if (parent_id === id && isThread(this.#channels.get(inner)!)) this.deleteChannel(inner);
    }
    this.#channels.delete(id);
    this.threadMembers.delete(id);
    this.store.deleteChannel(id);
    for (const [userId, dm] of this.#dmByUser) if (dm === id) this.#dmByUser.delete(userId);
  }

  /** The DM channel between the bot and `user`, opened on first use. */
  dmWith(user: DiscordUser): DiscordChannel {
    const known = this.#channels.get(this.#dmByUser.get(user.id) ?? "");
    if (known) return known;
    const channel = this.putChannel({ id: this.#ids.next(), type: CHANNEL_TYPE.dm, recipients: [user] });
    this.#dmByUser.set(user.id, channel.id);
    return channel;
  }

  /** Whether a user may do something in a channel; in a DM everything. */
  isAllowed(userId: string, permission: PermissionName, channel: DiscordChannel): boolean {
    if (channel.guild_id === undefined) return true;
    return (this.permissionsOf(userId, channel.guild_id, channel) & PERMISSION[permission]) !== 0n;
  }

  /** What a member may do in a guild, or in a channel of it. */
  permissionsOf(userId: string, guildId: string, channel?: DiscordChannel): bigint {
    const state = this.#guilds.get(guildId);
    if (!state) return 0n;
    const { info, roles, members } = state;
    const holder = channel && isThread(channel) ? this.#channels.get(channel.parent_id ?? "") : channel;
    const subject = { guildId, isOwner: info.ownerId === userId, member: members.get(userId), roles };
    return computePermissions(subject, holder);
  }

  /** Messages of a channel, oldest first. */
  messages(channelId: string): readonly DiscordMessage[] {
    return this.store.all(channelId);
  }

  message(channelId: string, id: string): DiscordMessage | undefined {
    return this.store.get(channelId, id);
  }

  addMessage(channel: DiscordChannel, author: DiscordUser, draft: MessageDraft): DiscordMessage {
    const message = this.makeMessage(channel, author, draft);
    this.store.put(message);
    return message;
  }

  /** A message that is in no channel yet, as one that only its reader sees. */
  makeMessage(channel: DiscordChannel, author: DiscordUser, draft: MessageDraft): DiscordMessage {
    return {
      id: this.#ids.next(),
      channelId: channel.id,
      guildId: channel.guild_id,
      author,
      content: draft.content,
      embeds: draft.embeds ?? [],
      attachments: draft.attachments ?? [],
      components: draft.components ?? [],
      ...this.#mentionsOf(channel, author, draft),
      reactions: [],
      repliesTo: draft.repliesTo,
      tts: draft.tts ?? false,
      flags: draft.flags ?? 0,
      pinned: false,
      nonce: draft.nonce,
      webhookId: draft.webhookId,
      interaction: draft.interaction,
      createdAt: this.#clock.now(),
    };
  }

  /** A message with `changes`; where it is kept, it takes the old one's place. */
  changeMessage(message: DiscordMessage, changes: Partial<DiscordMessage>): DiscordMessage {
    const { content } = changes;
    const renamed =
      content !== undefined && changes.mentions === undefined ? this.mentionsIn(message, content) : {};
    const changed = { ...message, ...renamed, ...changes };
    if (this.store.get(message.channelId, message.id)) this.store.put(changed);
    return changed;
  }

  /** Whom that content pings, as the new text of a message. */
  mentionsIn(
    { channelId, author, repliesTo, webhookId }: MentionSource,
    content: string,
    allowed: AllowedMentions = ALL_MENTIONS,
  ): Mentions {
    const channel = this.#channels.get(channelId);
    const isGuild = channel?.guild_id !== undefined;
    const mayPingEveryone =
      isGuild && (webhookId !== undefined || this.isAllowed(author.id, "mentionEveryone", channel));
    const replied = repliesTo === undefined ? undefined : this.store.get(channelId, repliesTo)?.author;
    const findUser = (id: string): DiscordUser | undefined => this.#users.get(id);
    return findMentions(content, allowed, { mayPingEveryone, findUser, replied });
  }

  #mentionsOf(channel: DiscordChannel, author: DiscordUser, draft: MessageDraft): Mentions {
    const { content, repliesTo, webhookId, allowedMentions } = draft;
    return this.mentionsIn({ channelId: channel.id, author, repliesTo, webhookId }, content, allowedMentions);
  }
}
