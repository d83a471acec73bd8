import { suite, test } from "node:test";
import assert from "node:assert/strict";
import {
  ChannelType,
  type ChatInputCommandInteraction,
  Events,
  MessageFlags,
  type SendableChannels,
  type TextChannel,
} from "discord.js";
import { DeadlineError } from "../../../lib/base/deadline.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";
import { Bot } from "./_bot.ts";
import { request, rulesOf } from "./_rest.ts";

async function textChannel(bot: Bot, discord: MockDiscordServer): Promise<TextChannel> {
  return (await bot.client.channels.fetch(discord.channels[0]!.id)) as TextChannel;
}

/** A bot that registered the command and answers it. */
async function commandBot(
  discord: MockDiscordServer,
  answer: (interaction: ChatInputCommandInteraction) => Promise<unknown>,
): Promise<Bot> {
  const bot = await Bot.login(discord);
  await bot.client.application!.commands.set([
    {
      name: "remind",
      description: "Reminds somebody",
      options: [
        { name: "text", description: "of what", type: 3, required: true },
        { name: "who", description: "whom", type: 6 },
        { name: "minutes", description: "when", type: 4 },
      ],
    },
    {
      name: "config",
      description: "Settings",
      options: [{ type: 1, name: "show", description: "Shows them" }],
    },
  ]);
  bot.client.on(Events.InteractionCreate, (interaction) => {
    if (interaction.isChatInputCommand()) void answer(interaction);
  });
  return bot;
}

suite("discord.js, messages and channels", () => {
  test("pages through history around, before and after a message", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord);
    const sent = Array.from({ length: 9 }, (_, i) => discord.sendAsUser("ada", String(i)));
    const { messages } = await textChannel(bot, discord);
    const page = async (options: object): Promise<string> =>
      (await messages.fetch({ limit: 3, ...options })).map(({ content }) => content).join("");
    assert.equal(await page({}), "876");
    assert.equal(await page({ before: sent[4]!.id }), "321");
    assert.equal(await page({ after: sent[4]!.id }), "765");
    assert.equal(await page({ around: sent[4]!.id }), "543");
  });

  test("pins, bulk-deletes, and clears reactions", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord);
    const channel = await textChannel(bot, discord);
    const [first, second, third] = ["a", "b", "c"].map((text) => discord.sendAsUser("ada", text));
    discord.reactAsUser("ada", first!, "👍");
    discord.reactAsUser("grace", first!, "👍");
    const message = await channel.messages.fetch(first!.id);
    const users = await message.reactions.cache.get("👍")!.users.fetch();
    assert.deepEqual(
      users.map(({ username }) => username),
      ["ada", "grace"],
    );
    await message.reactions.removeAll();
    assert.deepEqual(discord.history()[0]?.reactions, []);
    await message.pin();
    assert.deepEqual(
      (await channel.messages.fetchPins()).items.map((pin) => pin.message.content),
      ["a"],
    );
    const deleted = await channel.bulkDelete([second!.id, third!.id]);
    assert.equal(deleted.size, 2);
    assert.deepEqual(
      discord.history().map(({ content }) => content),
      ["a"],
    );
  });

  test("keeps, adds and describes files when it edits", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord);
    const channel = await textChannel(bot, discord);
    const file = (name: string): object => ({ attachment: Buffer.from(name), name });
    const sent = await channel.send({ files: [file("a.txt"), file("b.txt")] as never });
    const kept = [...sent.attachments.values()].slice(1);
    const edited = await sent.edit({ attachments: kept, files: [file("c.txt")] as never });
    assert.deepEqual(
      edited.attachments.map(({ name }) => name),
      ["b.txt", "c.txt"],
    );
    const text = await fetch(edited.attachments.last()!.url).then((response) => response.text());
    assert.equal(text, "c.txt");
  });

  test("starts threads, with and without a message, and in a forum", async () => {
    await using discord = await MockDiscordServer.listen();
    discord.addChannel("forum", { type: ChannelType.GuildForum });
    await using bot = await Bot.login(discord);
    bot.answer((message) => message.reply(`in ${"name" in message.channel ? message.channel.name : "?"}`));
    const channel = await textChannel(bot, discord);
    const question = discord.sendAsUser("ada", "a long story");
    await discord.waitForReply({ to: question });
    const message = await channel.messages.fetch(question.id);
    const thread = await message.startThread({ name: "story" });
    assert.equal(thread.id, question.id);
    const inThread = discord.sendAsUser("ada", "go on", { channel: "story" });
    assert.equal((await discord.waitForReply({ to: inThread })).text, "in story");
    const own = await channel.threads.create({ name: "own", type: ChannelType.PublicThread });
    await own.members.add(discord.user("ada").id);
    assert.equal((await own.members.fetch()).size, 2);
    await own.setArchived(true);
    assert.deepEqual(
      (await channel.threads.fetchActive()).threads.map(({ name }) => name),
      ["story"],
    );
    assert.deepEqual(
      (await channel.threads.fetchArchived()).threads.map(({ name }) => name),
      ["own"],
    );
    const forum = bot.client.channels.cache.find((each) => each.type === ChannelType.GuildForum)!;
    assert.ok(forum.type === ChannelType.GuildForum);
    await forum.threads.create({ name: "topic", message: { content: "first" } });
    assert.deepEqual(
      discord.history("topic").map(({ content }) => content),
      ["first"],
    );
    await assert.rejects(message.startThread({ name: "again" }), /already has a thread/);
    assert.deepEqual(rulesOf(discord), []);
  });

  test("makes, changes and deletes channels, roles and members", async () => {
    await using discord = await MockDiscordServer.listen();
    const ada = discord.user("ada");
    await using bot = await Bot.login(discord);
    const guild = await bot.client.guilds.fetch(discord.guildId);
    const made = await guild.channels.create({ name: "made", topic: "about", type: ChannelType.GuildText });
    await made.setTopic("else");
    await made.permissionOverwrites.edit(guild.roles.everyone, { SendMessages: false });
    assert.equal(discord.channels.at(-1)?.topic, "else");
    await made.delete();
    assert.deepEqual(
      discord.channels.map(({ name }) => name),
      ["general"],
    );
    const role = await guild.roles.create({ name: "friends", colors: { primaryColor: 0xff0000 } });
    const member = await guild.members.fetch(ada.id);
    await member.roles.add(role);
    await member.setNickname("Countess");
    const again = await guild.members.fetch({ user: ada.id, force: true });
    assert.deepEqual([again.nickname, again.roles.cache.has(role.id)], ["Countess", true]);
    await role.delete();
    await member.ban({ reason: "spam" });
    assert.deepEqual(
      (await guild.bans.fetch()).map(({ user, reason }) => [user.username, reason]),
      [["ada", "spam"]],
    );
    await assert.rejects(guild.members.fetch({ user: ada.id, force: true }), { code: 10_007 });
  });

  test("speaks through a webhook", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord);
    const channel = await textChannel(bot, discord);
    const webhook = await channel.createWebhook({ name: "herald" });
    const sent = await webhook.send({ content: "hear", username: "Crier" });
    assert.deepEqual([sent.webhookId, sent.author.username], [webhook.id, "Crier"]);
    await webhook.editMessage(sent.id, "hear, hear");
    assert.deepEqual(
      discord.history().map(({ author, content }) => [author.username, content]),
      [["Crier", "hear, hear"]],
    );
    assert.equal((await webhook.fetchMessage(sent.id)).content, "hear, hear");
    assert.equal((await channel.fetchWebhooks()).size, 1);
    await webhook.deleteMessage(sent.id);
    await webhook.delete();
    await assert.rejects(webhook.send("gone"), { code: 10_015 });
    assert.deepEqual(discord.history(), []);
  });
});

suite("discord.js, commands", () => {
  test("answers a slash command with its options, follows up, and edits", async () => {
    await using discord = await MockDiscordServer.listen();
    await using _bot = await commandBot(discord, async (interaction) => {
      const who = interaction.options.getUser("who")?.username;
      const minutes = interaction.options.getInteger("minutes");
      await interaction.reply(`${interaction.options.getString("text")} ${who} ${minutes}`);
      await interaction.editReply("changed");
      await interaction.followUp({ content: "a secret", flags: MessageFlags.Ephemeral });
      await interaction.followUp("also");
    });
    discord.user("grace");
    const command = discord.invokeCommand("ada", "remind", { text: "milk", who: "grace", minutes: 5 });
    assert.equal((await command.response()).text, "milk grace 5");
    assert.ok(command.isAcknowledged);
    await discord.calls.waitFor(() => discord.history().some(({ content }) => content === "also"));
    assert.deepEqual(
      discord.history().map(({ content }) => content),
      ["changed", "also"],
    );
    assert.equal(discord.history()[0]?.interaction?.name, "remind");
  });

  test("defers, thinks, and answers by editing, in a DM too, seen by the user only", async () => {
    await using discord = await MockDiscordServer.listen();
    await using _bot = await commandBot(discord, async (interaction) => {
      await interaction.deferReply({ flags: MessageFlags.Ephemeral });
      await interaction.editReply(`${interaction.options.getSubcommand()} ${interaction.inGuild()}`);
    });
    const command = discord.invokeCommand("ada", "config show", {}, { inDm: true });
    const { text, message } = await command.response();
    assert.equal(text, "show false");
    assert.equal(message.flags & MessageFlags.Ephemeral, MessageFlags.Ephemeral);
    assert.deepEqual(discord.directMessages("ada"), []);
  });

  test("an answer after three seconds is for an unknown interaction, a second one comes too late", async () => {
    const clock = new VirtualClock();
    await using discord = await MockDiscordServer.listen({ clock, replyPatienceMs: 100 });
    const failures: unknown[] = [];
    const bothFailed = Promise.withResolvers<void>();
    const fail = (code: unknown): void => {
      if (failures.push(code) === 2) bothFailed.resolve();
    };
    await using _bot = await commandBot(discord, async (interaction) => {
      const text = interaction.options.getString("text");
      if (text === "late") await clock.sleep(4000);
      await interaction.reply("one").catch((error: { code: number }) => fail(error.code));
      if (text === "late") return;
      const again = { type: 4, data: { content: "two" } };
      const path = `/interactions/${interaction.id}/${interaction.token}/callback`;
      fail((await request(discord, `POST ${path}`, again)).body.code);
    });
    const refused = discord.calls.waitFor((call) => call.kind === "rest" && call.status === 400);
    await discord.invokeCommand("ada", "remind", { text: "twice" }).response();
    await refused;
    const late = discord.invokeCommand("ada", "remind", { text: "late" });
    const silent = assert.rejects(late.response({ timeoutMs: 60_000 }), DeadlineError);
    await clock.advance(4000);
    await bothFailed.promise;
    await clock.advance(56_000);
    await silent;
    assert.deepEqual(failures, [40_060, 10_062]);
  });

  test("a button changes the message that it belongs to", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord);
    bot.client.on(Events.InteractionCreate, (interaction) => {
      if (interaction.isButton())
        void interaction.update({ content: `pressed ${interaction.customId}`, components: [] });
    });
    const channel: SendableChannels = await textChannel(bot, discord);
    const button = { type: 2, style: 1, label: "Yes", custom_id: "yes" } as const;
    await channel.send({ content: "well?", components: [{ type: 1, components: [button] }] });
    const pressed = discord.pressComponent("ada", discord.history()[0]!, "yes");
    assert.equal((await pressed.response()).text, "pressed yes");
    assert.deepEqual(discord.history()[0]?.components, []);
  });

  test("registers commands globally and for a guild, changes and removes them", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord);
    const { commands } = bot.client.application!;
    const made = await commands.create({ name: "one", description: "d" });
    const [kept] = (
      await commands.set([
        { name: "one", description: "e" },
        { name: "two", description: "f" },
      ])
    ).values();
    assert.equal(kept?.id, made.id);
    await commands.edit(made.id, { description: "g" });
    assert.equal((await commands.fetch(made.id)).description, "g");
    await commands.create({ name: "local", description: "d" }, discord.guildId);
    assert.deepEqual(
      (await commands.fetch({ guildId: discord.guildId })).map(({ name }) => name),
      ["local"],
    );
    await commands.delete(made.id);
    assert.deepEqual(
      (await commands.fetch()).map(({ name }) => name),
      ["two"],
    );
    await assert.rejects(commands.create({ name: "No Good", description: "" }), { code: 50_035 });
  });
});
