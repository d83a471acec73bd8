import { Form } from "./_form.ts";
import type { DiscordWorld } from "./_world.ts";

/** An application command as the wire has it. */
export interface ApplicationCommand {
  readonly id: string;
  readonly name: string;
  readonly type: number;
  readonly options: readonly CommandOption[];
  readonly [field: string]: unknown;
}

/** An option of a command as the wire has it. */
export interface CommandOption {
  readonly name: string;
  readonly type: number;
  readonly required?: boolean;
  readonly options?: readonly CommandOption[];
}

const CHAT_INPUT = 1;
const MAX_COMMANDS = 100;
const NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;

/** Commands that the bot registered, globally and for single guilds. */
export class CommandStore {
  readonly #world: DiscordWorld;
  readonly #scopes = new Map<string, Map<string, ApplicationCommand>>();

  constructor(world: DiscordWorld) {
    this.#world = world;
  }

  /** @param guildId A guild, or nothing for the global ones. */
  list(guildId: string | undefined): readonly ApplicationCommand[] {
    return [...this.#scope(guildId).values()];
  }

  get(guildId: string | undefined, id: string): ApplicationCommand | undefined {
    return this.#scope(guildId).get(id);
  }

  /** The chat command that a user of a guild means by `name`: one of the guild goes before a global one. */
  find(guildId: string | undefined, name: string): ApplicationCommand | undefined {
    const own = guildId === undefined ? [] : this.list(guildId);
    return [...own, ...this.list(undefined)].find((each) => each.name === name && each.type === CHAT_INPUT);
  }

  /** Adds a command, or replaces the one of the same name and type; says whether there was none. */
  put(guildId: string | undefined, fields: unknown): { command: ApplicationCommand; isNew: boolean } {
    const command = this.#read(guildId, fields);
    const known = this.list(guildId).find(({ name, type }) => name === command.name && type === command.type);
    const kept = { ...command, id: known?.id ?? command.id };
    this.#scope(guildId).set(kept.id, kept);
    return { command: kept, isNew: known === undefined };
  }

  /** Changes a command. */
  patch(guildId: string | undefined, before: ApplicationCommand, fields: object): ApplicationCommand {
    const command = { ...this.#read(guildId, { ...before, ...fields }), id: before.id };
    this.#scope(guildId).set(command.id, command);
    return command;
  }

  /** Replaces all; those that stay keep their ids. */
  replace(guildId: string | undefined, list: readonly unknown[]): readonly ApplicationCommand[] {
    const form = new Form({ list });
    form.list("list", MAX_COMMANDS);
    form.check();
    const read = list.map((fields) => this.#read(guildId, fields)); // all or none
    const known = this.#scope(guildId);
    const before = [...known.values()];
    known.clear();
    return read.map((command) => {
      const same = before.find(({ name, type }) => name === command.name && type === command.type);
      const kept = { ...command, id: same?.id ?? command.id };
      known.set(kept.id, kept);
      return kept;
    });
  }

  delete(guildId: string | undefined, id: string): boolean {
    return this.#scope(guildId).delete(id);
  }

  #scope(guildId: string | undefined): Map<string, ApplicationCommand> {
    const key = guildId ?? "global";
    let scope = this.#scopes.get(key);
    if (!scope) this.#scopes.set(key, (scope = new Map()));
    return scope;
  }

  #read(guildId: string | undefined, fields: unknown): ApplicationCommand {
    const form = new Form(fields);
    const type = form.integer("type", 1, 4) ?? CHAT_INPUT;
    const name = form.text("name", { min: 1, max: 32, isRequired: true }) ?? "";
    const isChat = type === CHAT_INPUT;
    if (isChat && name !== "" && !(NAME.test(name) && name === name.toLowerCase())) {
      form.fail("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
    }
    const description = isChat ? form.text("description", { min: 1, max: 100, isRequired: true }) : "";
    const options = readOptions(form);
    form.check();
    return {
      default_member_permissions: null,
      nsfw: false,
      ...(guildId === undefined && { dm_permission: true, contexts: null }),
      integration_types: [0],
      ...(fields as object),
      id: this.#world.nextId(),
      application_id: this.#world.bot.id,
      version: this.#world.nextId(),
      type,
      name,
      description: description ?? "",
      options,
      ...(guildId !== undefined && { guild_id: guildId }),
    };
  }
}

function readOptions(form: Form): CommandOption[] {
  return form.forms("options", 25).map((option) => {
    const type = option.integer("type", 1, 11);
    if (type === undefined) option.fail("type", "BASE_TYPE_REQUIRED", "This field is required");
    const name = option.text("name", { min: 1, max: 32, isRequired: true });
    option.text("description", { min: 1, max: 100, isRequired: true });
    option
      .forms("choices", 25)
      .forEach((choice) => choice.text("name", { min: 1, max: 100, isRequired: true }));
    const options = readOptions(option);
    return {
      ...option.fields,
      type: type ?? 0,
      name: name ?? "",
      ...(options.length > 0 && { options }),
    };
  });
}
