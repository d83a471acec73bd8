import type { Clock } from "../../base/clock.ts";
import {
  CHANNEL_TYPE,
  type DiscordChannel,
  type DiscordEmbed,
  type DiscordMessage,
  type DiscordUser,
} from "./discord_types.ts";
import { isLaterId, SnowflakeSource } from "./_snowflakes.ts";

const MESSAGES_PER_CHANNEL = 1000;

/** What a new message is made of. */
export interface MessageDraft {
  readonly content: string;
  readonly embeds?: readonly DiscordEmbed[];
  readonly attachments?: readonly unknown[];
  readonly components?: readonly unknown[];
  readonly repliesTo?: string | undefined;
  readonly tts?: boolean;
  readonly flags?: number;
  readonly nonce?: string | number | undefined;
}

/** The guild that the mock has. */
export interface Guild {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
}

/** Who and what exists on the mock: plain state, no sockets. Keeps the last 1000 messages of each channel. */
export class DiscordWorld {
  readonly bot: DiscordUser;
  readonly guild: Guild;
  readonly #clock: Clock;
  readonly #ids: SnowflakeSource;
  readonly #users = new Map<string, DiscordUser>();
  readonly #usersByName = new Map<string, DiscordUser>();
  readonly #channels = new Map<string, DiscordChannel>();
  readonly #dmByUser = new Map<string, DiscordChannel>();
  readonly #messages = new Map<string, Map<string, DiscordMessage>>();

  constructor(clock: Clock, botName: string, guildName: string, channelNames: readonly string[]) {
    this.#clock = clock;
    this.#ids = new SnowflakeSource(clock);
    this.bot = this.#addUser(botName, true);
    this.guild = { id: this.#ids.next(), name: guildName, ownerId: this.#addUser("owner", false).id };
    for (const name of channelNames) this.addChannel(name);
  }

  nextId(): string {
    return this.#ids.next();
  }

  now(): number {
    return this.#clock.now();
  }

  get users(): readonly DiscordUser[] {
    return [...this.#users.values()];
  }

  get guildChannels(): readonly DiscordChannel[] {
    return [...this.#channels.values()].filter((channel) => channel.guild_id !== undefined);
  }

  addChannel(name: string): DiscordChannel {
    const position = this.guildChannels.length;
    const id = this.#ids.next();
    return this.#addChannel({ id, type: CHANNEL_TYPE.text, guild_id: this.guild.id, name, position });
  }

  user(id: string): DiscordUser | undefined {
    return this.#users.get(id);
  }

  userNamed(name: string): DiscordUser | undefined {
    return this.#usersByName.get(name);
  }

  addUser(name: string): DiscordUser {
    return this.#addUser(name, false);
  }

  channel(id: string): DiscordChannel | undefined {
    return this.#channels.get(id);
  }

  channelNamed(name: string): DiscordChannel | undefined {
    return this.guildChannels.find((channel) => channel.name === name);
  }

  /** The DM channel between the bot and `user`, opened on first use. */
  dmWith(user: DiscordUser): DiscordChannel {
    let channel = this.#dmByUser.get(user.id);
    if (!channel) {
      channel = this.#addChannel({ id: this.#ids.next(), type: CHANNEL_TYPE.dm, recipients: [user] });
      this.#dmByUser.set(user.id, channel);
    }
    return channel;
  }

  /** Messages of a channel, oldest first. */
  messages(channelId: string): readonly DiscordMessage[] {
    return [...(this.#messages.get(channelId)?.values() ?? [])];
  }

  message(channelId: string, id: string): DiscordMessage | undefined {
    return this.#messages.get(channelId)?.get(id);
  }

  addMessage(channel: DiscordChannel, author: DiscordUser, draft: MessageDraft): DiscordMessage {
    const message: DiscordMessage = {
      id: this.#ids.next(),
      channelId: channel.id,
      guildId: channel.guild_id,
      author,
      content: draft.content,
      embeds: draft.embeds ?? [],
      attachments: draft.attachments ?? [],
      components: draft.components ?? [],
      mentions: this.#mentioned(draft.content),
      reactions: [],
      repliesTo: draft.repliesTo,
      tts: draft.tts ?? false,
      flags: draft.flags ?? 0,
      nonce: draft.nonce,
      createdAt: this.#clock.now(),
    };
    const messages = this.#messages.get(channel.id)!;
    messages.set(message.id, message);
    if (messages.size > MESSAGES_PER_CHANNEL) messages.delete(messages.keys().next().value!);
    return message;
  }

  /** Puts `changes` into a message and returns the new one. */
  changeMessage(message: DiscordMessage, changes: Partial<DiscordMessage>): DiscordMessage {
    const content = changes.content ?? message.content;
    const changed = { ...message, ...changes, mentions: this.#mentioned(content) };
    this.#messages.get(message.channelId)!.set(message.id, changed);
    return changed;
  }

  deleteMessage(message: DiscordMessage): void {
    this.#messages.get(message.channelId)!.delete(message.id);
  }

  /** Messages of a channel, newest first, as `GET …/messages` selects them. */
  page(channelId: string, limit: number, range: { before?: string; after?: string }): DiscordMessage[] {
    const { before, after } = range;
    const inRange = this.messages(channelId).filter(
      ({ id }) =>
        (before === undefined || isLaterId(before, id)) && (after === undefined || isLaterId(id, after)),
    );
    // `after` takes the ones next to it, everything else the newest
    const page = after === undefined ? inRange.slice(-limit) : inRange.slice(0, limit);
    return page.toReversed();
  }

  #mentioned(content: string): DiscordUser[] {
    const ids = new Set([...content.matchAll(/<@!?(\d+)>/g)].map(([, id]) => id!));
    return [...ids].flatMap((id) => this.#users.get(id) ?? []);
  }

  #addUser(name: string, bot: boolean): DiscordUser {
    const id = this.#ids.next();
    const user = { id, username: name, global_name: null, discriminator: "0", avatar: null, bot };
    this.#users.set(id, user);
    this.#usersByName.set(name, user);
    return user;
  }

  #addChannel(channel: DiscordChannel): DiscordChannel {
    this.#channels.set(channel.id, channel);
    this.#messages.set(channel.id, new Map());
    return channel;
  }
}
