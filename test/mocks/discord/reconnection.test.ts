import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import type { MockDiscordOptions } from "../../../lib/mocks/discord/discord_options.ts";
import { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";
import { Bot } from "./_bot.ts";

const UNLIMITED: MockDiscordOptions = { identifyLimit: { windowMs: 1 } };

// discord.js waits half a second of real time before each new connection: that is what these tests last.
suite("MockDiscordServer, connections that end", () => {
  test("dropConnections(): the client resumes and gets what it missed, in order, once", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord);
    bot.answer((message) => message.reply(`re: ${message.content}`));
    await discord.waitForReply({ to: discord.sendAsUser("ada", "before") });

    const lost = bot.on("shardReconnecting");
    const resumed = bot.on("shardResume");
    discord.dropConnections();
    await lost;
    const missed = ["1", "2", "3", "4", "5"].map((text) => discord.sendAsUser("ada", text));
    missed.push(discord.sendDM("ada", "6"));
    const [, replayed] = await resumed;
    assert.equal(replayed, 6);
    await Promise.all(missed.map((to) => discord.waitForReply({ to })));
    assert.deepEqual(bot.received, ["before", "1", "2", "3", "4", "5", "6"]);
  });

  test("an outage: REST fails with 503, and the client resumes by itself when it is over", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord);
    bot.answer((message) => message.reply(`re: ${message.content}`));
    const channel = await bot.client.channels.fetch(discord.channels[0]!.id);
    assert.ok(channel?.isSendable());

    const refused = bot.on("shardError");
    const over = discord.outage(Infinity);
    assert.equal(discord.isDown, true);
    const question = discord.sendAsUser("ada", "are you there?");
    await assert.rejects(channel.send("I am"), { status: 503 });
    const [error] = await refused;
    assert.match(String(error), /Unexpected server response: 503/);
    assert.equal(discord.connectedSessions, 0);

    discord.endOutage();
    await over;
    assert.equal((await discord.waitForReply({ to: question })).text, "re: are you there?");
  });

  test("an outage of resets: the client comes back with a new session", async () => {
    await using discord = await MockDiscordServer.listen(UNLIMITED);
    await using bot = await Bot.login(discord, { ws: { buildIdentifyThrottler: noThrottle } });
    bot.answer((message) => message.reply(`re: ${message.content}`));
    const channel = await bot.client.channels.fetch(discord.channels[0]!.id);
    assert.ok(channel?.isSendable());

    const lost = bot.on("shardReconnecting");
    void discord.outage(Infinity, { kind: "reset" });
    await lost;
    await assert.rejects(channel.send("I am"), { code: "ECONNRESET" });
    await bot.on("shardReconnecting"); // a refused attempt: by it discord.js forgets its session
    discord.endOutage();
    await discord.whenConnected();
    const reply = await discord.waitForReply({ to: discord.sendAsUser("ada", "back?") });
    assert.equal(reply.text, "re: back?");
  });

  test("an outage ends by the clock, which then stands until the client is back", async () => {
    const clock = new VirtualClock();
    await using discord = await MockDiscordServer.listen({ clock });
    await using _bot = await Bot.login(discord);
    const startMs = clock.now();
    const over = discord.outage(30_000).then(() => clock.now() - startMs);
    let backAfterMs = -1;
    const back = over.then(() => discord.whenConnected()).then(() => (backAfterMs = clock.now() - startMs));
    await clock.advance(3_600_000);
    assert.equal(await over, 30_000);
    await back;
    assert.equal(backAfterMs, 30_000);
  });

  test("a session that was gone too long is invalid, and the client identifies anew", async () => {
    const clock = new VirtualClock();
    await using discord = await MockDiscordServer.listen({ clock, resumeWindowMs: 60_000, ...UNLIMITED });
    await using bot = await Bot.login(discord, { ws: { buildIdentifyThrottler: noThrottle } });
    const ready = bot.on("shardReady");
    const advancing = discord.outage(61_000);
    await clock.advance(61_000);
    await advancing;
    await ready;
    assert.equal(discord.connectedSessions, 1);
  });

  test("op 7: the client resumes without losing anything", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord);
    bot.answer((message) => message.reply(`re: ${message.content}`));
    const resumed = bot.on("shardResume");
    discord.requestReconnect();
    const question = discord.sendAsUser("ada", "behind op 7");
    await resumed;
    assert.equal((await discord.waitForReply({ to: question })).text, "re: behind op 7");
    assert.deepEqual(bot.received, ["behind op 7"]);
  });

  test("op 9: the client identifies anew", async () => {
    await using discord = await MockDiscordServer.listen(UNLIMITED);
    await using bot = await Bot.login(discord, { ws: { buildIdentifyThrottler: noThrottle } });
    const ready = bot.on("shardReady");
    discord.invalidateSessions();
    await ready;
    assert.equal(discord.connectedSessions, 1);
  });

  test("frozen acks: the client finds its connection dead and resumes on another", async () => {
    await using discord = await MockDiscordServer.listen({ heartbeatIntervalMs: 50 });
    await using bot = await Bot.login(discord);
    const resumed = bot.on("shardResume");
    discord.freezeAcks();
    await bot.on("shardReconnecting");
    discord.freezeAcks(false);
    await resumed;
    assert.equal(discord.connectedSessions, 1);
  });
});

// Two IDENTIFYs are five seconds apart, by Discord's rule and by discord.js itself.
const noThrottle = (): Promise<{ waitForIdentify(): Promise<void> }> =>
  Promise.resolve({ waitForIdentify: () => Promise.resolve() });
