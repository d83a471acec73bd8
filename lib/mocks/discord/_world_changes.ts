import {
  bulkDeleteEvent,
  channelEvent,
  pinsEvent,
  reactionEvent,
  reactionsClearedEvent,
  threadMembersEvent,
  typingEvent,
} from "./_events.ts";
import { type GatewayEvent, messageDeleteEvent, messageEvent } from "./_gateway_event.ts";
import { RestError } from "./_rest_errors.ts";
import type { DiscordWorld, MessageDraft } from "./_world.ts";
import {
  type DiscordChannel,
  type DiscordMessage,
  type DiscordReaction,
  type DiscordUser,
  isThread,
} from "./discord_types.ts";

type Emoji = DiscordReaction["emoji"];

const MAX_REACTIONS = 20;

/** Tells the gateway of an event. */
export type Publish = (event: GatewayEvent) => void;

/** Changes the world, by whomever, and tells the bot of it where it may see it. */
export class WorldChanges {
  readonly world: DiscordWorld;
  readonly #publish: Publish;

  constructor(world: DiscordWorld, publish: Publish) {
    this.world = world;
    this.#publish = publish;
  }

  /** Tells the bot, unless it happens in a channel that the bot does not see. */
  tell(event: GatewayEvent, channel?: DiscordChannel): void {
    const { world } = this;
    if (!channel || world.isAllowed(world.bot.id, "viewChannel", channel)) this.#publish(event);
  }

  post(channel: DiscordChannel, author: DiscordUser, draft: MessageDraft): DiscordMessage {
    const message = this.world.addMessage(channel, author, draft);
    if (isThread(channel)) this.joinThread(channel, author);
    this.tell(messageEvent("MESSAGE_CREATE", message, this.world), channel);
    return message;
  }

  edit(message: DiscordMessage, changes: Partial<DiscordMessage>): DiscordMessage {
    const edited = this.world.changeMessage(message, { ...changes, editedAt: this.world.now() });
    this.tell(messageEvent("MESSAGE_UPDATE", edited, this.world), this.#channelOf(message));
    return edited;
  }

  /** Something about a message that is no edit, such as a pin. */
  touch(message: DiscordMessage, changes: Partial<DiscordMessage>): DiscordMessage {
    const changed = this.world.changeMessage(message, changes);
    this.tell(messageEvent("MESSAGE_UPDATE", changed, this.world), this.#channelOf(message));
    return changed;
  }

  pin(message: DiscordMessage, pinned: boolean): void {
    if (message.pinned === pinned) return;
    this.touch(message, { pinned });
    const channel = this.#channelOf(message)!;
    this.tell(pinsEvent(channel, this.world), channel);
  }

  delete(message: DiscordMessage): void {
    this.world.store.delete(message);
    this.tell(messageDeleteEvent(message), this.#channelOf(message));
  }

  deleteMany(messages: readonly DiscordMessage[], channel: DiscordChannel): void {
    for (const message of messages) this.world.store.delete(message);
    const ids = messages.map(({ id }) => id);
    if (ids.length > 0) this.tell(bulkDeleteEvent(ids, channel), channel);
  }

  /** @throws {RestError} If the message has too many different ones. */
  react(message: DiscordMessage, user: DiscordUser, emoji: Emoji): void {
    const userIds = new Set(findReaction(message, emoji)?.userIds);
    if (userIds.has(user.id)) return;
    if (userIds.size === 0 && message.reactions.length >= MAX_REACTIONS)
      throw new RestError("tooManyReactions");
    this.#setReaction(message, { emoji, userIds: userIds.add(user.id) });
    this.tell(reactionEvent("ADD", message, user, emoji, this.world), this.#channelOf(message));
  }

  unreact(message: DiscordMessage, user: DiscordUser, emoji: Emoji): void {
    const userIds = new Set(findReaction(message, emoji)?.userIds);
    if (!userIds.delete(user.id)) return;
    this.#setReaction(message, { emoji, userIds });
    this.tell(reactionEvent("REMOVE", message, user, emoji, this.world), this.#channelOf(message));
  }

  /** Removes all reactions, or those of one emoji. */
  clearReactions(message: DiscordMessage, emoji?: Emoji): void {
    const reactions = emoji ? message.reactions.filter((each) => !isSameEmoji(each.emoji, emoji)) : [];
    this.world.changeMessage(message, { reactions });
    this.tell(reactionsClearedEvent(message, emoji), this.#channelOf(message));
  }

  type(channel: DiscordChannel, user: DiscordUser): void {
    this.tell(typingEvent(channel, user, this.world), channel);
  }

  createChannel(channel: DiscordChannel): DiscordChannel {
    this.world.putChannel(channel);
    this.tell(channelEvent("CREATE", channel, this.world));
    return channel;
  }

  changeChannel(channel: DiscordChannel, changes: Partial<DiscordChannel>): DiscordChannel {
    const changed = this.world.putChannel({ ...channel, ...changes });
    this.tell(channelEvent("UPDATE", changed, this.world));
    return changed;
  }

  deleteChannel(channel: DiscordChannel): void {
    this.world.deleteChannel(channel.id);
    this.tell(channelEvent("DELETE", channel, this.world));
  }

  createThread(thread: DiscordChannel, starter: DiscordUser): DiscordChannel {
    this.world.threadMembers.set(thread.id, new Set([starter.id]));
    this.world.putChannel(thread);
    this.tell(channelEvent("CREATE", thread, this.world), thread);
    return thread;
  }

  joinThread(thread: DiscordChannel, user: DiscordUser): void {
    const members = this.world.threadMembers.get(thread.id);
    if (!members || members.has(user.id)) return;
    members.add(user.id);
    this.tell(threadMembersEvent(thread, [user.id], [], this.world), thread);
  }

  leaveThread(thread: DiscordChannel, userId: string): void {
    if (!this.world.threadMembers.get(thread.id)?.delete(userId)) return;
    this.tell(threadMembersEvent(thread, [], [userId], this.world), thread);
  }

  #channelOf({ channelId }: DiscordMessage): DiscordChannel | undefined {
    return this.world.channel(channelId);
  }

  // In its old place, so that their order stays that of their first use.
  #setReaction(message: DiscordMessage, reaction: DiscordReaction): void {
    const isKnown = findReaction(message, reaction.emoji) !== undefined;
    const all = isKnown
      ? message.reactions.map((each) => (isSameEmoji(each.emoji, reaction.emoji) ? reaction : each))
      : [...message.reactions, reaction];
    this.world.changeMessage(message, { reactions: all.filter(({ userIds }) => userIds.size > 0) });
  }
}

/** The reactions of one emoji to a message. */
export function findReaction(message: DiscordMessage, emoji: Emoji): DiscordReaction | undefined {
  return message.reactions.find((reaction) => isSameEmoji(reaction.emoji, emoji));
}

function isSameEmoji(a: Emoji, b: Emoji): boolean {
  return a.id === b.id && (a.id !== null || a.name === b.name);
}
