import { toIsoTime } from "./_iso_time.ts";
import type { DiscordWorld } from "./_world.ts";
import { CHANNEL_TYPE, type DiscordChannel, isThread } from "./discord_types.ts";

type Json = Record<string, unknown>;

const VOICE = { bitrate: 64_000, user_limit: 0, rtc_region: null };

/** A channel as REST and events give it. */
export function toWireChannel(channel: DiscordChannel, world: DiscordWorld): Json {
  const common = { ...channel, last_message_id: world.store.newestId(channel.id) ?? null, flags: 0 };
  if (channel.guild_id === undefined) return common;
  if (isThread(channel)) return { ...common, ...threadCounts(channel, world) };
  const isVoice = channel.type === CHANNEL_TYPE.voice || channel.type === CHANNEL_TYPE.stage;
  return {
    ...common,
    topic: channel.topic ?? null,
    nsfw: channel.nsfw ?? false,
    parent_id: channel.parent_id ?? null,
    rate_limit_per_user: channel.rate_limit_per_user ?? 0,
    permission_overwrites: channel.permission_overwrites ?? [],
    ...(isVoice && VOICE),
    ...(channel.type === CHANNEL_TYPE.forum && { available_tags: [], default_reaction_emoji: null }),
  };
}

function threadCounts(thread: DiscordChannel, world: DiscordWorld): Json {
  const members = world.threadMembers.get(thread.id);
  const count = world.messages(thread.id).length;
  return {
    rate_limit_per_user: thread.rate_limit_per_user ?? 0,
    message_count: count,
    total_message_sent: count,
    member_count: members?.size ?? 0,
    ...(members?.has(world.bot.id) && { member: toThreadMember(world.bot.id, thread.id, world) }),
  };
}

/** A member of a thread. */
export function toThreadMember(userId: string, threadId: string, world: DiscordWorld): Json {
  return { id: threadId, user_id: userId, join_timestamp: toIsoTime(world.now()), flags: 0 };
}
