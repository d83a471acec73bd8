import { EVERYONE_PERMISSIONS } from "./_permissions.ts";
import type { DiscordGuild, DiscordMember, DiscordRole } from "./discord_types.ts";

/** What belongs to one guild besides its channels. Entries are replaced, never changed. */
export class GuildState {
  info: DiscordGuild;
  readonly roles: Map<string, DiscordRole> = new Map();
  readonly members: Map<string, DiscordMember> = new Map();
  /** Reasons by the id of the user who is banned. */
  readonly bans: Map<string, string | null> = new Map();

  constructor(info: DiscordGuild) {
    this.info = info;
    this.roles.set(info.id, newRole(info.id, "@everyone", 0, EVERYONE_PERMISSIONS));
  }

  /** Makes a user a member, if they are none yet. */
  join(userId: string, joinedAt: number): DiscordMember {
    let member = this.members.get(userId);
    if (!member) {
      member = { userId, nick: null, roles: [], joinedAt, timedOutUntil: null };
      this.members.set(userId, member);
    }
    return member;
  }

  changeMember(userId: string, changes: Partial<DiscordMember>): DiscordMember {
    const member = { ...this.members.get(userId)!, ...changes };
    this.members.set(userId, member);
    return member;
  }

  addRole(id: string, name: string, permissions: bigint): DiscordRole {
    const role = newRole(id, name, this.roles.size, permissions);
    this.roles.set(id, role);
    return role;
  }

  deleteRole(id: string): void {
    this.roles.delete(id);
    for (const { userId, roles } of this.members.values()) {
      if (roles.includes(id)) this.changeMember(userId, { roles: roles.filter((role) => role !== id) });
    }
  }
}

function newRole(id: string, name: string, position: number, permissions: bigint): DiscordRole {
  const flags = { hoist: false, managed: false, mentionable: false };
  return { id, name, color: 0, position, permissions: String(permissions), ...flags };
}
