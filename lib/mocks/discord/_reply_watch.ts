import { createHash } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { ViolationLog } from "../violations.ts";
import { elapsedMs, type Moment, momentOf } from "../_moment.ts";
import type { DiscordWorld } from "./_world.ts";
import type { DiscordMessage } from "./discord_types.ts";

interface Said {
  readonly id: string;
  readonly digest: string;
  readonly repliesTo: string | undefined;
  readonly at: Moment;
  readonly epochMs: number;
}

interface Channel {
  /** The bot's last messages, without those that got lost on their way to it. */
  said: Said[];
  /** Messages of users that no message of the bot was counted for yet. */
  owed: number;
  /** Messages of the bot that nobody asked for, since a user wrote last. */
  unasked: Said[];
}

const KEPT = 50;
const SHORT_MS = 5000;
// Parts of a long text are cut near the limit, and those of a monotonous one can be equal.
const PART_LENGTH = 1900;
// A long answer has some parts, and a warm greeting some lines; who says so much more to nobody hears itself.
const UNASKED = 12;
const UNASKED_MS = 120_000;

/** Finds answers that a person gets twice, such as refer to another channel, and a bot that answers itself. */
export class ReplyWatch {
  readonly #clock: Clock;
  readonly #world: DiscordWorld;
  readonly #violations: ViolationLog;
  readonly #channels = new Map<string, Channel>();

  constructor(clock: Clock, world: DiscordWorld, violations: ViolationLog) {
    this.#clock = clock;
    this.#world = world;
    this.#violations = violations;
  }

  /** A user wrote something that the bot may answer. */
  asked({ channelId }: DiscordMessage): void {
    const channel = this.#channel(channelId);
    channel.owed++;
    channel.unasked = [];
  }

  /** The bot wrote a message. */
  replied(message: DiscordMessage): void {
    const channel = this.#channel(message.channelId);
    const digest = digestOf(message);
    const { repliesTo, nonce, interaction } = message;
    const said: Said = {
      id: message.id,
      digest,
      repliesTo,
      at: momentOf(this.#clock),
      epochMs: this.#clock.now(),
    };
    if (digest !== "" && !interaction && message.content.length < PART_LENGTH) {
      const before = channel.said.find((each) => this.#isSame(each, said, channel, nonce !== undefined));
      if (before) this.#found(message, before, said);
    }
    if (channel.owed > 0) channel.owed--;
    else if (!interaction) this.#talk(message.channelId, channel, said);
    channel.said = [...channel.said, said].slice(-KEPT);
  }

  /** The bot cannot know that this message of its arrived: to say it again is no mistake. */
  lost(channelId: string, id: string): void {
    const channel = this.#channel(channelId);
    channel.said = channel.said.filter((each) => each.id !== id);
  }

  /** The bot referred to a message: one that is elsewhere makes the answer appear in the wrong place. */
  referred(channelId: string, messageId: string): void {
    const other = this.#world.store.find(messageId);
    if (!other || other.channelId === channelId) return;
    const what = `message to channel ${channelId} with a reference to message ${messageId} of channel ${other.channelId}`;
    this.#violations.record({
      rule: "reply-to-wrong-place",
      subject: `channel ${channelId}`,
      message: "Answered a message in another channel than it was asked in; answer where the question is",
      evidence: [{ at: this.#clock.now(), what }],
    });
  }

  #talk(channelId: string, channel: Channel, said: Said): void {
    channel.unasked = [...channel.unasked, said].slice(-UNASKED);
    const [first] = channel.unasked;
    if (channel.unasked.length < UNASKED || elapsedMs(first!.at, said.at) > UNASKED_MS) return;
    this.#violations.record({
      rule: "answers-itself",
      subject: `channel ${channelId}`,
      message: `Wrote ${UNASKED} messages in a row that nobody had asked for; a bot must not answer its own messages`,
      evidence: [
        { at: first!.epochMs, what: `message ${first!.id} in channel ${channelId}` },
        {
          at: said.epochMs,
          what: `message ${said.id}, the ${UNASKED}th since, with no user's message in between`,
        },
      ],
    });
  }

  #isSame(before: Said, now: Said, { owed }: Channel, hasNonce: boolean): boolean {
    if (before.digest !== now.digest) return false;
    if (now.repliesTo !== undefined) return before.repliesTo === now.repliesTo;
    // Without a reference only what nobody asked for is surely a repetition.
    const isUnasked = owed === 0 && before.repliesTo === undefined && !hasNonce;
    return isUnasked && elapsedMs(before.at, now.at) < SHORT_MS;
  }

  #found({ id, channelId, repliesTo }: DiscordMessage, before: Said, { epochMs }: Said): void {
    const to = repliesTo === undefined ? "" : ` to message ${repliesTo}`;
    this.#violations.record({
      rule: "double-reply",
      subject: `channel ${channelId}`,
      message: "Said the same twice to the same message; answer each message once",
      evidence: [
        { at: before.epochMs, what: `answer${to} in channel ${channelId}` },
        { at: epochMs, what: `the same answer${to} again, as message ${id}` },
      ],
    });
  }

  #channel(id: string): Channel {
    let channel = this.#channels.get(id);
    if (!channel) this.#channels.set(id, (channel = { said: [], owed: 0, unasked: [] }));
    return channel;
  }
}

// Of what a person sees; empty where nothing of it can be compared.
function digestOf({ content, embeds, attachments }: DiscordMessage): string {
  const files = attachments.map(({ filename, size }) => [filename, size]);
  if (content.trim() === "" && embeds.length + files.length === 0) return "";
  return createHash("sha256")
    .update(JSON.stringify([content, embeds, files]))
    .digest("base64");
}
