import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { API, Client, GatewayDispatchEvents, GatewayIntentBits, InteractionType } from "@discordjs/core";
import { DiscordAPIError, type RateLimitData, REST, RESTEvents } from "@discordjs/rest";
import { WebSocketManager } from "@discordjs/ws";
import { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";
import { rulesOf } from "./_rest.ts";

function apiOf(discord: MockDiscordServer): { rest: REST; api: API } {
  const rest = new REST({ api: discord.apiUrl, version: "10" }).setToken(discord.token);
  return { rest, api: new API(rest) };
}

suite("MockDiscordServer with @discordjs/rest and core", () => {
  test("typed routes, files, and errors that say what is wrong", async () => {
    await using discord = await MockDiscordServer.listen();
    const { api } = apiOf(discord);
    const channel = discord.channels[0]!.id;
    const me = await api.users.getCurrent();
    assert.equal(me.id, discord.bot.id);
    assert.equal((await api.applications.getCurrent()).id, discord.bot.id);
    const data = Buffer.from("hello");
    const sent = await api.channels.createMessage(channel, {
      content: "hi",
      files: [{ name: "a.txt", data }],
    });
    assert.deepEqual(
      sent.attachments.map(({ filename, size }) => [filename, size]),
      [["a.txt", 5]],
    );
    await api.channels.addMessageReaction(channel, sent.id, "🎉");
    await api.channels.showTyping(channel);
    const dm = await api.users.createDM(discord.user("ada").id);
    await api.channels.createMessage(dm.id, { content: "psst" });
    assert.equal(discord.directMessages("ada")[0]?.content, "psst");
    assert.equal((await api.guilds.get(discord.guildId, { with_counts: true })).approximate_member_count, 3);
    assert.equal((await api.guilds.getMembers(discord.guildId, { limit: 10 })).length, 3);
    assert.equal(
      (await api.guilds.searchForMembers(discord.guildId, { query: "ad" }))[0]?.user.username,
      "ada",
    );
    await assert.rejects(api.channels.createMessage(channel, { content: "x".repeat(2001) }), (error) => {
      assert.ok(error instanceof DiscordAPIError);
      assert.match(error.message, /content\[BASE_TYPE_MAX_LENGTH\]: Must be 2000 or fewer in length\./);
      return true;
    });
  });

  test("waits as a 429 says, in one bucket and in all", async () => {
    await using discord = await MockDiscordServer.listen();
    const { rest, api } = apiOf(discord);
    const told: RateLimitData[] = [];
    rest.on(RESTEvents.RateLimited, (data) => told.push(data));
    const channel = discord.channels[0]!.id;
    for (const scope of ["user", "global"] as const) {
      discord.rateLimitNext({ scope, retryAfterMs: 200 });
      await api.channels.createMessage(channel, { content: scope });
    }
    assert.deepEqual(
      discord.history().map(({ content }) => content),
      ["user", "global"],
    );
    assert.deepEqual(
      told.map(({ global }) => global),
      [false, true],
    );
    assert.deepEqual(rulesOf(discord), []);
  });

  test("tries again after 5xx and a reset, and is not blamed", async () => {
    await using discord = await MockDiscordServer.listen();
    const { api } = apiOf(discord);
    const channel = discord.channels[0]!.id;
    discord.injectFault({ kind: "rest-error", status: 502 }, { times: 3 });
    await api.channels.createMessage(channel, { content: "after 502" });
    discord.injectFault({ kind: "rest-reset" }, { times: 1 });
    await api.channels.createMessage(channel, { content: "after a reset" });
    assert.deepEqual(
      discord.history().map(({ content }) => content),
      ["after 502", "after a reset"],
    );
    discord.injectFault({ kind: "rest-lost-response" }, { times: 1 });
    await api.channels.createMessage(channel, { content: "said twice" });
    assert.equal(discord.history().length, 4);
    assert.deepEqual(rulesOf(discord), []);
  });

  test("a bot of core, ws and rest answers messages and commands", async () => {
    await using discord = await MockDiscordServer.listen();
    const { rest } = apiOf(discord);
    const intents =
      GatewayIntentBits.Guilds | GatewayIntentBits.GuildMessages | GatewayIntentBits.MessageContent;
    const gateway = new WebSocketManager({ token: discord.token, intents, rest });
    const client = new Client({ rest, gateway });
    await client.api.applicationCommands.bulkOverwriteGlobalCommands(discord.bot.id, [
      { name: "ping", description: "Pings" },
    ]);
    client.on(GatewayDispatchEvents.MessageCreate, ({ data, api }) => {
      if (data.author.bot) return;
      const reference = { message_id: data.id };
      void api.channels.createMessage(data.channel_id, {
        content: `re: ${data.content}`,
        message_reference: reference,
      });
    });
    client.on(GatewayDispatchEvents.InteractionCreate, ({ data, api }) => {
      if (data.type !== InteractionType.ApplicationCommand) return;
      void api.interactions.reply(data.id, data.token, { content: "pong", with_response: true });
    });
    await gateway.connect();
    await discord.whenConnected();
    assert.equal((await discord.waitForReply({ to: discord.sendAsUser("ada", "hello") })).text, "re: hello");
    assert.equal((await discord.invokeCommand("ada", "ping").response()).text, "pong");
    await gateway.destroy();
  });
});
