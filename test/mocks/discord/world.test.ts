import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { Events, PermissionFlagsBits } from "discord.js";
import { CHANNEL_TYPE } from "../../../lib/mocks/discord/discord_types.ts";
import { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";
import { ALL_INTENTS, Bot } from "./_bot.ts";

suite("the scripted world of MockDiscordServer", () => {
  test("a bot sees several guilds, their channels, roles and members", async () => {
    await using discord = await MockDiscordServer.listen();
    const cinema = discord.addGuild("Cinema");
    const category = discord.addChannel("rooms", { guild: "Cinema", type: CHANNEL_TYPE.category });
    discord.addChannel("lobby", { guild: "Cinema", type: CHANNEL_TYPE.voice, parent: category });
    const role = discord.addRole("critics", {
      guild: cinema.id,
      permissions: PermissionFlagsBits.ManageMessages,
    });
    discord.addUser("ada", { guild: "Cinema", roles: [role.id] });
    await using bot = await Bot.login(discord, { intents: [...ALL_INTENTS, "GuildMembers"] });
    assert.deepEqual(
      bot.client.guilds.cache.map(({ name }) => name),
      ["Test Guild", "Cinema"],
    );
    const guild = bot.client.guilds.cache.get(cinema.id)!;
    assert.deepEqual(
      guild.channels.cache.map(({ name, type, parent }) => [name, type, parent?.name]),
      [
        ["general", 0, undefined],
        ["rooms", 4, undefined],
        ["lobby", 2, "rooms"],
      ],
    );
    const ada = guild.members.cache.find(({ user }) => user.username === "ada");
    assert.deepEqual(ada?.roles.cache.map(({ name }) => name).sort(), ["@everyone", "critics"]);
    assert.ok(ada?.permissions.has("ManageMessages"));
    assert.ok(guild.members.me?.permissions.has("ManageChannels"));
  });

  test("what happens while a bot is connected reaches it as events", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord, { intents: [...ALL_INTENTS, "GuildMessageTyping"] });
    const seen: string[] = [];
    const { client } = bot;
    client.on(Events.GuildCreate, ({ name }) => seen.push(`guild ${name}`));
    client.on(Events.ChannelCreate, ({ name }) => seen.push(`channel ${name}`));
    client.on(Events.GuildRoleCreate, ({ name }) => seen.push(`role ${name}`));
    client.on(Events.TypingStart, ({ user }) => seen.push(`${user.username} types`));
    client.on(Events.MessageUpdate, (before, after) =>
      seen.push(`${before.content} became ${after.content}`),
    );
    client.on(Events.MessageReactionAdd, ({ emoji }, user) => seen.push(`${user.username} ${emoji.name}`));
    client.on(Events.MessageReactionRemove, ({ emoji }) => seen.push(`no ${emoji.name}`));
    client.on(Events.MessageDelete, ({ content }) => seen.push(`gone: ${content}`));
    const gone = bot.on(Events.MessageDelete);
    discord.addGuild("Second");
    discord.addChannel("later");
    discord.addRole("friends");
    discord.typeAsUser("ada");
    const message = discord.sendAsUser("ada", "helo", { channel: "later" });
    discord.editAsUser(message, "hello");
    discord.reactAsUser("grace", message, "🎉");
    discord.unreactAsUser("grace", message, "🎉");
    discord.deleteAsUser(message);
    await gone;
    assert.deepEqual(seen, [
      "guild Second",
      "channel later",
      "role friends",
      "ada types",
      "helo became hello",
      "grace 🎉",
      "no 🎉",
      "gone: hello",
    ]);
  });

  test("a bot hears nothing from a channel that it does not see, and cannot write where it only reads", async () => {
    await using discord = await MockDiscordServer.listen();
    discord.addChannel("hidden", { access: "hidden" });
    const quiet = discord.addChannel("quiet", { access: "read-only" });
    await using bot = await Bot.login(discord);
    discord.sendAsUser("ada", "unheard", { channel: "hidden" });
    const heard = bot.on(Events.MessageCreate);
    discord.sendAsUser("ada", "heard", { channel: "quiet" });
    await heard;
    assert.deepEqual(bot.received, ["heard"]);
    const channel = await bot.client.channels.fetch(quiet.id);
    assert.ok(channel?.isSendable());
    await assert.rejects(channel.send("hi"), { code: 50_013 });
    assert.deepEqual(
      discord.history("hidden").map(({ content }) => content),
      ["unheard"],
    );
  });

  test("a bot that was invited with little may do little", async () => {
    const { ViewChannel, SendMessages } = PermissionFlagsBits;
    await using discord = await MockDiscordServer.listen({ botPermissions: ViewChannel | SendMessages });
    await using bot = await Bot.login(discord);
    const message = discord.sendAsUser("ada", "hello");
    const channel = await bot.client.channels.fetch(message.channelId);
    assert.ok(channel?.isSendable());
    await assert.rejects(channel.messages.delete(message.id), { code: 50_013 });
    await assert.rejects(bot.client.guilds.cache.first()!.channels.create({ name: "mine" }), {
      code: 50_013,
    });
    await channel.send("but this");
    assert.equal(discord.history().at(-1)?.content, "but this");
  });

  test("a user's files and references arrive", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord);
    bot.answer(async (message) => {
      const file = message.attachments.first();
      if (!file) return;
      const text = await fetch(file.url).then((response) => response.text());
      const asked = await message.fetchReference();
      await message.reply(`${file.name}: ${text}, about ${asked.content}`);
    });
    const first = discord.sendAsUser("ada", "my notes");
    const files = [{ name: "notes.txt", data: "buy milk", contentType: "text/plain" }];
    const second = discord.sendAsUser("ada", "here", { repliesTo: first, files });
    assert.equal((await discord.waitForReply({ to: second })).text, "notes.txt: buy milk, about my notes");
  });

  test("what is not there is refused in one sentence", async () => {
    await using discord = await MockDiscordServer.listen();
    assert.throws(
      () => discord.addChannel("x", { guild: "nowhere" }),
      /'guild' must be one of Test Guild, got nowhere/,
    );
    const message = discord.sendAsUser("ada", "hello");
    discord.deleteAsUser(message);
    assert.throws(() => discord.editAsUser(message, "x"), RangeError);
    assert.throws(() => discord.invokeCommand("ada", "ping"), /the bot registered none, got ping/);
  });
});
