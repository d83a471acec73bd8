import type { DiscordChannel, DiscordMember, DiscordOverwrite, DiscordRole } from "./discord_types.ts";

/** Name of a permission that the mock enforces. */
export type PermissionName =
  | "kickMembers"
  | "banMembers"
  | "administrator"
  | "manageChannels"
  | "manageGuild"
  | "addReactions"
  | "viewChannel"
  | "sendMessages"
  | "manageMessages"
  | "embedLinks"
  | "attachFiles"
  | "readMessageHistory"
  | "mentionEveryone"
  | "changeNickname"
  | "manageNicknames"
  | "manageRoles"
  | "manageWebhooks"
  | "manageThreads"
  | "createPublicThreads"
  | "createPrivateThreads"
  | "sendMessagesInThreads"
  | "moderateMembers"
  | "pinMessages";

/** Bits of the permissions that the mock enforces. @see https://discord.com/developers/docs/topics/permissions */
export const PERMISSION: Readonly<Record<PermissionName, bigint>> = {
  kickMembers: 1n << 1n,
  banMembers: 1n << 2n,
  administrator: 1n << 3n,
  manageChannels: 1n << 4n,
  manageGuild: 1n << 5n,
  addReactions: 1n << 6n,
  viewChannel: 1n << 10n,
  sendMessages: 1n << 11n,
  manageMessages: 1n << 13n,
  embedLinks: 1n << 14n,
  attachFiles: 1n << 15n,
  readMessageHistory: 1n << 16n,
  mentionEveryone: 1n << 17n,
  changeNickname: 1n << 26n,
  manageNicknames: 1n << 27n,
  manageRoles: 1n << 28n,
  manageWebhooks: 1n << 29n,
  manageThreads: 1n << 34n,
  createPublicThreads: 1n << 35n,
  createPrivateThreads: 1n << 36n,
  sendMessagesInThreads: 1n << 38n,
  moderateMembers: 1n << 40n,
  pinMessages: 1n << 51n,
};

const ALL = (1n << 53n) - 1n;

/** What a bot gets that was invited with everything but Administrator, which no overwrite of a channel could limit. */
export const DEFAULT_BOT_PERMISSIONS: bigint = ALL & ~PERMISSION.administrator;

// What Discord gives to everybody in a new guild: bits 0, 6, 9–12, 14–18, 20, 21, 25, 26, 31, 32, 35–38
const EVERYONE_BITS = [0, 6, 9, 10, 11, 12, 14, 15, 16, 17, 18, 20, 21, 25, 26, 31, 32, 35, 36, 37, 38];

/** Permissions of `@everyone` in a new guild. */
export const EVERYONE_PERMISSIONS: bigint = EVERYONE_BITS.reduce(
  (bits, bit) => bits | (1n << BigInt(bit)),
  0n,
);

/** Who asks what they may do, in which guild. */
export interface PermissionSubject {
  readonly guildId: string;
  readonly isOwner: boolean;
  readonly member: DiscordMember | undefined;
  readonly roles: ReadonlyMap<string, DiscordRole>;
}

/** What a member may do in the guild, or with `channel` there; of a thread it is the parent that counts. */
export function computePermissions(subject: PermissionSubject, channel?: DiscordChannel): bigint {
  const { guildId, isOwner, member, roles } = subject;
  if (isOwner) return ALL;
  const ids = [guildId, ...(member?.roles ?? [])];
  const base = ids.reduce((bits, id) => bits | BigInt(roles.get(id)?.permissions ?? 0), 0n);
  if ((base & PERMISSION.administrator) !== 0n) return ALL;
  return applyOverwrites(base, channel?.permission_overwrites ?? [], subject);
}

// In Discord's order: everyone, then all roles at once, then the member.
function applyOverwrites(
  base: bigint,
  overwrites: readonly DiscordOverwrite[],
  { guildId, member }: PermissionSubject,
): bigint {
  const own = new Set(member?.roles);
  const steps = [
    overwrites.filter(({ id }) => id === guildId),
    overwrites.filter(({ id, type }) => type === 0 && own.has(id)),
    overwrites.filter(({ id, type }) => type === 1 && id === member?.userId),
  ];
  return steps.reduce((bits, step) => {
    const deny = step.reduce((all, overwrite) => all | BigInt(overwrite.deny), 0n);
    const allow = step.reduce((all, overwrite) => all | BigInt(overwrite.allow), 0n);
    return (bits & ~deny) | allow;
  }, base);
}
