import type { Clock } from "../../base/clock.ts";
import { withDeadline } from "../../base/deadline.ts";
import type { ClockLedger } from "../_clock_ledger.ts";
import type { ApplicationCommand, CommandOption, CommandStore } from "./_command_store.ts";
import { interactionEvent } from "./_events.ts";
import type { Interaction, Interactions } from "./_interactions.ts";
import { toWireChannel } from "./_wire_channel.ts";
import { toWireMember, toWireRole } from "./_wire_guild.ts";
import { toWireMessage } from "./_wire.ts";
import type { WorldChanges } from "./_world_changes.ts";
import type { CommandValue, DiscordInvocation } from "./discord_options.ts";
import {
  type DiscordChannel,
  type DiscordMessage,
  type DiscordUser,
  readMessageText,
} from "./discord_types.ts";

type Json = Record<string, unknown>;

const INTERACTION_TYPE = { command: 2, component: 3 } as const;
const OPTION = { subcommand: 1, group: 2, user: 6, channel: 7, role: 8, mentionable: 9 } as const;
const MAX_ATTACHMENT_BYTES = 10_485_760;

/** What {@linkcode Invocations} work with. */
export interface InvocationsOptions {
  readonly clock: Clock;
  readonly changes: WorldChanges;
  readonly commands: CommandStore;
  readonly interactions: Interactions;
  readonly ledger: ClockLedger;
  /** Real milliseconds that an invocation which the bot does not answer holds a virtual clock. */
  readonly patienceMs: number;
  readonly isConnected: () => boolean;
}

/** What users do with commands and components. */
export class Invocations {
  readonly #options: InvocationsOptions;

  constructor(options: InvocationsOptions) {
    this.#options = options;
  }

  /** @throws {RangeError} If there is no such command, or it has no such option. */
  invoke(
    channel: DiscordChannel,
    user: DiscordUser,
    name: string,
    options: Readonly<Record<string, CommandValue>>,
  ): DiscordInvocation {
    const [first = "", ...path] = name.trim().split(/\s+/);
    const command = this.#find(channel, first);
    const resolved: Record<string, Json> = {};
    const data = {
      id: command.id,
      name: command.name,
      type: command.type,
      ...(command["guild_id"] !== undefined && { guild_id: command["guild_id"] }),
      options: this.#toOptions(command, path, options, resolved),
      ...(Object.keys(resolved).length > 0 && { resolved }),
    };
    return this.#begin(INTERACTION_TYPE.command, channel, user, command.name, data);
  }

  press(
    message: DiscordMessage,
    user: DiscordUser,
    customId: string,
    values?: readonly string[],
  ): DiscordInvocation {
    const { world } = this.#options.changes;
    const channel = world.channel(message.channelId)!;
    const kind = values ? 3 : 2; // string select, button
    const data = { custom_id: customId, component_type: kind, ...(values && { values }) };
    return this.#begin(INTERACTION_TYPE.component, channel, user, customId, data, message);
  }

  #begin(
    type: number,
    channel: DiscordChannel,
    user: DiscordUser,
    name: string,
    data: Json,
    source?: DiscordMessage,
  ): DiscordInvocation {
    const { changes, interactions, ledger, patienceMs, isConnected } = this.#options;
    const interaction = interactions.create({ name, user, channel, source });
    const payload = this.#toPayload(type, interaction, data);
    if (isConnected()) {
      const hold = ledger.hold(`answer of the bot to Discord interaction ${interaction.id}`, patienceMs);
      void interaction.answer.promise.then(() => hold[Symbol.dispose]());
    }
    changes.tell(interactionEvent(payload, channel.guild_id));
    return this.#toInvocation(interaction);
  }

  #toInvocation(interaction: Interaction): DiscordInvocation {
    const { clock } = this.#options;
    return {
      id: interaction.id,
      get isAcknowledged() {
        return interaction.isAcknowledged;
      },
      response: async (wait = {}) => {
        const { timeoutMs = 30_000, signal } = wait;
        const what = "get the bot's answer to an interaction on Discord";
        const { promise } = interaction.answer;
        const message = await withDeadline(what, timeoutMs, () => promise, { clock, signal });
        return { text: readMessageText(message), message };
      },
    };
  }

  #toPayload(type: number, interaction: Interaction, data: Json): Json {
    const { world } = this.#options.changes;
    const { id, token, user, channel, source } = interaction;
    const { guild_id: guildId } = channel;
    const inGuild = guildId !== undefined;
    return {
      id,
      application_id: world.bot.id,
      type,
      data,
      token,
      version: 1,
      channel_id: channel.id,
      channel: toWireChannel(channel, world),
      locale: "en-US",
      entitlements: [],
      authorizing_integration_owners: { 0: guildId ?? "0" },
      context: inGuild ? 0 : 1,
      attachment_size_limit: MAX_ATTACHMENT_BYTES,
      app_permissions: String(inGuild ? world.permissionsOf(world.bot.id, guildId, channel) : 0n),
      ...(source && { message: toWireMessage(source, world) }),
      ...(inGuild
        ? {
            guild_id: guildId,
            guild: { id: guildId, locale: "en-US", features: [] },
            guild_locale: "en-US",
            member: this.#toMember(user, guildId, channel),
          }
        : { user }),
    };
  }

  #toMember(user: DiscordUser, guildId: string, channel: DiscordChannel): Json {
    const { world } = this.#options.changes;
    const permissions = String(world.permissionsOf(user.id, guildId, channel));
    return { ...toWireMember(user, world, guildId), permissions };
  }

  #find({ guild_id }: DiscordChannel, name: string): ApplicationCommand {
    const { commands } = this.#options;
    const command = commands.find(guild_id, name);
    if (command) return command;
    const all = [...commands.list(undefined), ...(guild_id === undefined ? [] : commands.list(guild_id))];
    const names = all.map((each) => each.name).join(", ") || "nothing: the bot registered none";
    throw new RangeError(`Cannot invoke command: 'name' must be one of ${names}, got ${name}`);
  }

  #toOptions(
    { options = [] }: { options?: readonly CommandOption[] },
    path: readonly string[],
    values: Readonly<Record<string, CommandValue>>,
    resolved: Record<string, Json>,
  ): Json[] {
    const [next, ...rest] = path;
    if (next !== undefined) {
      const isInner = ({ type, name }: CommandOption): boolean => type <= OPTION.group && name === next;
      const inner = options.find(isInner);
      if (!inner)
        throw new RangeError(`Cannot invoke command: 'name' must have a subcommand of it, got ${next}`);
      return [{ type: inner.type, name: next, options: this.#toOptions(inner, rest, values, resolved) }];
    }
    return Object.entries(values).map(([name, value]) => {
      const option = options.find((each) => each.name === name);
      if (option) return { name, type: option.type, value: this.#toValue(option.type, value, resolved) };
      const names = options.map((each) => each.name).join(", ");
      throw new RangeError(`Cannot invoke command: 'options' must be of ${names || "none"}, got ${name}`);
    });
  }

  // Users, channels and roles are given by name or id; the wire has ids, and the things themselves beside.
  #toValue(type: number, value: CommandValue, resolved: Record<string, Json>): CommandValue {
    const { world } = this.#options.changes;
    const text = String(value);
    const put = (kind: string, id: string, thing: unknown): string => {
      (resolved[kind] ??= {})[id] = thing;
      return id;
    };
    if (type === OPTION.user || type === OPTION.mentionable) {
      const user = world.user(text) ?? world.userNamed(text);
      if (user) return put("users", user.id, user);
    }
    if (type === OPTION.channel) {
      const found = world.channel(text) ?? world.guildChannels.find(({ name }) => name === text);
      if (found) return put("channels", found.id, { ...toWireChannel(found, world), permissions: "0" });
    }
    if (type === OPTION.role || type === OPTION.mentionable) {
      const roles = world.guilds.flatMap(({ id }) => [...world.guildState(id)!.roles.values()]);
      const role = roles.find(({ id, name }) => id === text || name === text);
      if (role) return put("roles", role.id, toWireRole(role, world));
    }
    return value;
  }
}
