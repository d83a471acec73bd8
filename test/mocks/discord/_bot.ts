import { once } from "node:events";
import { Client, type ClientOptions, GatewayIntentBits, type Message, Partials } from "discord.js";
import type { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";

export const ALL_INTENTS: readonly GatewayIntentBits[] = [
  GatewayIntentBits.Guilds,
  GatewayIntentBits.GuildMessages,
  GatewayIntentBits.GuildMessageReactions,
  GatewayIntentBits.MessageContent,
  GatewayIntentBits.DirectMessages,
];

/** A discord.js client as a bot's owner would write it, unmodified, and what it received. */
export class Bot implements AsyncDisposable {
  readonly client: Client;
  readonly received: string[] = [];

  constructor(discord: MockDiscordServer, options: Partial<ClientOptions> = {}) {
    this.client = new Client({
      intents: ALL_INTENTS,
      partials: [Partials.Channel],
      rest: { api: discord.apiUrl },
      ...options,
    });
    this.client.on("messageCreate", (message) => {
      if (!message.author.bot) this.received.push(message.content);
    });
  }

  static async login(discord: MockDiscordServer, options: Partial<ClientOptions> = {}): Promise<Bot> {
    const bot = new Bot(discord, options);
    const ready = once(bot.client, "clientReady");
    await bot.client.login(discord.token);
    await ready;
    return bot;
  }

  /** Answers each message of a user. */
  answer(reply: (message: Message) => Promise<unknown>): this {
    this.client.on("messageCreate", (message) => {
      if (!message.author.bot) void reply(message);
    });
    return this;
  }

  /** Resolves when the client emits the event. */
  on(event: string): Promise<unknown[]> {
    return once(this.client, event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.destroy();
  }
}
