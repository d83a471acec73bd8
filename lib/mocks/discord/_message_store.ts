import { isLaterId } from "./_snowflakes.ts";
import type { DiscordMessage } from "./discord_types.ts";

/** Which messages of a channel are asked for. */
export interface MessageRange {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly around?: string | undefined;
}

/** The latest messages of each channel, oldest first. */
export class MessageStore {
  readonly #perChannel: number;
  readonly #channels = new Map<string, Map<string, DiscordMessage>>();

  constructor(perChannel: number) {
    this.#perChannel = perChannel;
  }

  all(channelId: string): readonly DiscordMessage[] {
    return [...(this.#channels.get(channelId)?.values() ?? [])];
  }

  get(channelId: string, id: string): DiscordMessage | undefined {
    return this.#channels.get(channelId)?.get(id);
  }

  /** The message of that id, wherever it is. */
  find(id: string): DiscordMessage | undefined {
    for (const messages of this.#channels.values()) {
      const found = messages.get(id);
      if (found) return found;
    }
    return undefined;
  }

  newestId(channelId: string): string | undefined {
    const ids = this.#channels.get(channelId)?.keys();
    let newest: string | undefined;
    for (const id of ids ?? []) newest = id;
    return newest;
  }

  put(message: DiscordMessage): void {
    let messages = this.#channels.get(message.channelId);
    if (!messages) this.#channels.set(message.channelId, (messages = new Map()));
    messages.set(message.id, message);
    if (messages.size > this.#perChannel) messages.delete(messages.keys().next().value!);
  }

  delete({ channelId, id }: DiscordMessage): void {
    this.#channels.get(channelId)?.delete(id);
  }

  deleteChannel(channelId: string): void {
    this.#channels.delete(channelId);
  }

  /** Messages of a channel, newest first, as `GET …/messages` selects them. */
  page(channelId: string, limit: number, { before, after, around }: MessageRange): DiscordMessage[] {
    const all = this.all(channelId);
    if (around !== undefined) return pageAround(all, limit, around).toReversed();
    if (after !== undefined) {
      return all
        .filter(({ id }) => isLaterId(id, after))
        .slice(0, limit)
        .toReversed(); // the ones next to it
    }
    const earlier = before === undefined ? all : all.filter(({ id }) => isLaterId(before, id));
    return earlier.slice(-limit).toReversed();
  }
}

function pageAround(all: readonly DiscordMessage[], limit: number, around: string): DiscordMessage[] {
  const half = Math.floor(limit / 2);
  const upTo = all.filter(({ id }) => !isLaterId(id, around)).slice(-(half + 1));
  const later = all.filter(({ id }) => isLaterId(id, around)).slice(0, half);
  return [...upTo, ...later].slice(0, limit);
}
