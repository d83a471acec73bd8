import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { DeadlineError } from "../../../lib/base/deadline.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";
import { Bot } from "./_bot.ts";

suite("MockDiscordServer with discord.js", () => {
  test("logs in, answers in a channel and in a DM", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord);
    bot.answer((message) => message.reply(`${message.inGuild() ? "channel" : "dm"}: ${message.content}`));
    assert.equal(bot.client.user?.username, "Demi");

    const inChannel = await discord.waitForReply({ to: discord.sendAsUser("ada", "hello") });
    assert.equal(inChannel.text, "channel: hello");
    assert.equal(inChannel.message.repliesTo, discord.history()[0]?.id);
    const inDm = await discord.waitForReply({ to: discord.sendDM("ada", "psst") });
    assert.equal(inDm.text, "dm: psst");
    assert.deepEqual(
      discord.directMessages("ada").map(({ content, author }) => `${author.username}: ${content}`),
      ["ada: psst", "Demi: dm: psst"],
    );
  });

  test("reads a reply from an embed, and lets the bot type, edit, react, delete and look back", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord);
    bot.answer(async (message) => {
      const channel = message.channel;
      if (!channel.isSendable()) return;
      await channel.sendTyping();
      await message.react("👍");
      const passing = await channel.send("passing");
      await passing.delete();
      const reply = await message.reply({ embeds: [{ description: "from an embed" }] });
      await reply.edit({ content: "edited", embeds: [] });
      const past = await channel.messages.fetch({ limit: 5 });
      await channel.send(`I see ${past.size} messages`);
    });
    const question = discord.sendAsUser("ada", "hello");
    assert.equal((await discord.waitForReply()).text, "passing");
    assert.equal((await discord.waitForReply({ to: question })).text, "from an embed");
    assert.equal((await discord.waitForReply()).text, "I see 2 messages");
    const history = discord.history();
    assert.deepEqual(
      history.map(({ content }) => content),
      ["hello", "edited", "I see 2 messages"],
    );
    assert.deepEqual([...history[0]!.reactions[0]!.userIds], [discord.bot.id]);
    const typing = [...discord.calls].find((call) => call.kind === "rest" && call.path.endsWith("/typing"));
    assert.ok(typing, "typing was not recorded");
  });

  test("users in several channels get their own answers, out of order too", async () => {
    await using discord = await MockDiscordServer.listen({ channels: ["general", "music"] });
    await using bot = await Bot.login(discord);
    const held: (() => void)[] = [];
    bot.answer(async (message) => {
      if (message.content === "slow") await new Promise<void>((resolve) => held.push(resolve));
      await message.reply(`re: ${message.content}`);
    });
    const slow = discord.sendAsUser("ada", "slow");
    const fast = discord.sendAsUser("grace", "fast");
    const elsewhere = discord.sendAsUser("linus", "elsewhere", { channel: "music" });
    assert.equal((await discord.waitForReply({ to: elsewhere })).text, "re: elsewhere");
    const slowReply = discord.waitForReply({ to: slow });
    assert.equal((await discord.waitForReply({ to: fast })).text, "re: fast");
    for (const release of held) release();
    assert.equal((await slowReply).text, "re: slow");
  });

  test("hides content from a bot without the intent, but not in DMs or when it is mentioned", async () => {
    await using discord = await MockDiscordServer.listen();
    const intents = ["Guilds", "GuildMessages", "DirectMessages"] as const;
    await using bot = await Bot.login(discord, { intents });
    bot.answer((message) => message.reply("seen"));
    discord.sendAsUser("ada", "secret");
    discord.sendAsUser("ada", "told", { mentionBot: true });
    await discord.waitForReply({ to: discord.sendDM("ada", "private") });
    assert.deepEqual(bot.received, ["", `<@${discord.bot.id}> told`, "private"]);
  });

  test("does not deliver what the intents do not ask for", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord, { intents: ["Guilds", "DirectMessages"] });
    bot.answer((message) => message.reply("seen"));
    discord.sendAsUser("ada", "in the guild");
    await discord.waitForReply({ to: discord.sendDM("ada", "private") });
    assert.deepEqual(bot.received, ["private"]);
  });

  test("rejects a wrong token by REST with 401, by the gateway with 4004", async () => {
    await using discord = await MockDiscordServer.listen();
    await using stranger = new Bot(discord);
    await assert.rejects(stranger.client.login("not.the.token"), { code: "TokenInvalid" });

    const { WebSocket } = await import("ws");
    const socket = new WebSocket(`${discord.gatewayUrl}/?v=10&encoding=json`);
    const closed = new Promise<number>((resolve) => socket.on("close", resolve));
    const identify = { op: 2, d: { token: "not.the.token", intents: 1, properties: {} } };
    socket.on("message", () => socket.send(JSON.stringify(identify)));
    assert.equal(await closed, 4004);
  });

  test("closes with 4014 on an intent that the bot may not have", async () => {
    await using discord = await MockDiscordServer.listen({ allowedIntents: 0b1000000001 });
    await using bot = new Bot(discord);
    await assert.rejects(bot.client.login(discord.token), /disallowed intents/);
  });

  test("gives Discord's errors", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord);
    const channel = await bot.client.channels.fetch(discord.channels[0]!.id);
    assert.ok(channel?.isSendable());
    await assert.rejects(bot.client.channels.fetch("123456789012345678"), { code: 10_003, status: 404 });
    await assert.rejects(channel.send("x".repeat(2001)), { code: 50_035, status: 400 });
    await assert.rejects(channel.messages.fetch("123456789012345678"), { code: 10_008 });
    await assert.rejects(bot.client.users.fetch("123456789012345678"), { code: 10_013 });
  });

  test("limits requests, and the client waits as it is told", async () => {
    await using discord = await MockDiscordServer.listen({ rateLimit: { limit: 2, windowMs: 100 } });
    await using bot = await Bot.login(discord);
    const channel = await bot.client.channels.fetch(discord.channels[0]!.id);
    assert.ok(channel?.isSendable());
    await Promise.all(["1", "2", "3", "4", "5"].map((text) => channel.send(text)));
    assert.deepEqual(
      discord.history().map(({ content }) => content),
      ["1", "2", "3", "4", "5"],
    );
  });

  test("answers 429 with all that clients look at", async () => {
    await using discord = await MockDiscordServer.listen({ rateLimit: { limit: 2, windowMs: 60_000 } });
    const refusal = await fetchUntil429(discord);
    assert.ok(Number(refusal.headers.get("retry-after")) >= 1);
    assert.equal(refusal.headers.get("content-type"), "application/json");
    const body = (await refusal.json()) as { retry_after: number; global: boolean };
    assert.ok(body.retry_after > 0 && body.retry_after <= 60);
    assert.equal(body.global, false);
  });

  test("takes files with a message", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord);
    const channel = await bot.client.channels.fetch(discord.channels[0]!.id);
    assert.ok(channel?.isSendable());
    const sent = await channel.send({
      content: "see",
      files: [{ attachment: Buffer.from("hello"), name: "a.txt" }],
    });
    assert.equal(sent.attachments.first()?.name, "a.txt");
    assert.equal(sent.attachments.first()?.size, 5);
    assert.equal(discord.history()[0]?.content, "see");
  });

  test("waitForReply() ends with its deadline on the clock, and with its signal", async () => {
    const clock = new VirtualClock();
    await using discord = await MockDiscordServer.listen({ clock });
    const late = assert.rejects(discord.waitForReply({ timeoutMs: 60_000 }), DeadlineError);
    await clock.advance(60_000);
    await late;
    const reason = new Error("enough");
    await assert.rejects(discord.waitForReply({ signal: AbortSignal.abort(reason) }), reason);
    assert.throws(() => discord.sendAsUser("ada", "hi", { channel: "nowhere" }), RangeError);
  });

  test("a virtual clock stands still until the bot has answered", async () => {
    const clock = new VirtualClock();
    await using discord = await MockDiscordServer.listen({ clock });
    await using bot = await Bot.login(discord);
    bot.answer((message) => message.reply("here"));
    let answeredFirst = false;
    clock.setTimer(() => {
      const reply = discord.waitForReply({ to: discord.sendAsUser("ada", "hello") });
      void reply.then(() => (answeredFirst = true));
    }, 1000);
    clock.setTimer(() => assert.ok(answeredFirst, "time went on before the answer was there"), 1001);
    await clock.advance(3_600_000);
    assert.ok(answeredFirst);
  });

  test("an occupied port and a bad option are refused in one sentence", async () => {
    await using discord = await MockDiscordServer.listen();
    const port = Number(new URL(discord.apiUrl).port);
    await assert.rejects(MockDiscordServer.listen({ port }), /'port' must be free, got \d+/);
    await assert.rejects(MockDiscordServer.listen({ port: -1 }), RangeError);
    await assert.rejects(MockDiscordServer.listen({ heartbeatIntervalMs: 0 }), RangeError);
  });
});

async function fetchUntil429(discord: MockDiscordServer): Promise<Response> {
  for (;;) {
    const headers = { authorization: `Bot ${discord.token}` };
    const response = await fetch(`${discord.apiUrl}/v10/users/@me`, { headers });
    assert.ok(response.headers.get("x-ratelimit-bucket"));
    if (response.status === 429) return response;
    await response.body?.cancel();
  }
}
