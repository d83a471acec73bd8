import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { suite, test } from "node:test";
import type { PocketDemi } from "../../../examples/demi/pocket_demi.ts";
import type { PlatformHealth } from "../../../lib/base/platform_health.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { MockAndroidClient } from "../../../lib/mocks/android/mock_android_client.ts";
import { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";
import { temporaryDirectory, wakeDemi } from "./_demi.ts";

const ADA = { email: "ada@example.org", password: "correct horse", deviceName: "phone" };

async function discordOf(demi: PocketDemi): Promise<PlatformHealth> {
  return (await demi.health()).find(({ name }) => name === "discord")!;
}

/** Resolves when what Demi says of Discord is as wanted. */
async function whenDiscord(
  demi: PocketDemi,
  isWanted: (health: PlatformHealth) => boolean,
): Promise<PlatformHealth> {
  for (;;) {
    const health = await discordOf(demi);
    if (isWanted(health)) return health;
    await setImmediate();
  }
}

suite("Demi on Discord", () => {
  test("answers in channels and in direct messages, and not a bot", async () => {
    using directory = temporaryDirectory();
    await using discord = await MockDiscordServer.listen();
    await using demi = await wakeDemi({ dataDirectory: directory.path, discord });
    const inChannel = discord.sendAsUser("ada", "Hello Demi");
    assert.ok((await discord.waitForReply({ to: inChannel })).text);
    const direct = discord.sendDM("grace", "Hello");
    assert.ok((await discord.waitForReply({ to: direct })).text);
    assert.ok((await demi.emotions()).excitement > 0.5);
    await whenDiscord(demi, ({ messages }) => messages === 2);
  });

  test("lives when Discord is down at her start, and comes online when it is back", async () => {
    using directory = temporaryDirectory();
    await using discord = await MockDiscordServer.listen();
    void discord.outage(Infinity);
    await using demi = await wakeDemi({ dataDirectory: directory.path, discord });
    assert.equal((await discordOf(demi)).status, "offline");
    await using app = await MockAndroidClient.connect({ url: demi.url!, ...ADA });
    assert.ok(await app.sendAndWait("Hello"));
    discord.endOutage();
    await whenDiscord(demi, ({ status }) => status === "online");
    const question = discord.sendAsUser("ada", "Hello");
    assert.ok((await discord.waitForReply({ to: question })).text);
  });

  for (const kind of ["unavailable", "reset"] as const) {
    test(`says at once that Discord is gone (${kind}), answers on Android, and recovers by itself`, async () => {
      using directory = temporaryDirectory();
      await using discord = await MockDiscordServer.listen();
      await using demi = await wakeDemi({ dataDirectory: directory.path, discord });
      await using app = await MockAndroidClient.connect({ url: demi.url!, ...ADA });
      void discord.outage(Infinity, { kind });
      const lost = await whenDiscord(demi, ({ status }) => status === "offline");
      assert.equal(lost.latencyMs, undefined);
      assert.ok(lost.error);
      for (let n = 0; n < 5; n++) assert.ok(await app.sendAndWait(`message ${n}`));
      await whenDiscord(demi, ({ breaker }) => breaker === "open");
      discord.endOutage();
      const back = await whenDiscord(demi, ({ status }) => status === "online");
      assert.equal(back.breaker, "closed");
      assert.equal(back.error, undefined);
      const question = discord.sendAsUser("ada", "Are you back?");
      assert.ok((await discord.waitForReply({ to: question })).text);
    });
  }

  test("answers once what was written while the connection was lost", async () => {
    using directory = temporaryDirectory();
    await using discord = await MockDiscordServer.listen();
    await using demi = await wakeDemi({ dataDirectory: directory.path, discord });
    discord.dropConnections();
    await whenDiscord(demi, ({ status }) => status === "connecting");
    const question = discord.sendAsUser("ada", "Do you hear me?");
    assert.ok((await discord.waitForReply({ to: question })).text);
    const second = discord.sendAsUser("ada", "And now?");
    assert.ok((await discord.waitForReply({ to: second })).text);
    const answers = discord.history().filter(({ author }) => author.id === discord.bot.id);
    assert.equal(answers.length, 2);
  });

  test("tells the age of the last heartbeat that was acknowledged, not of the last one sent", async () => {
    using directory = temporaryDirectory();
    await using discord = await MockDiscordServer.listen({ heartbeatIntervalMs: 300 });
    await using demi = await wakeDemi({ dataDirectory: directory.path, discord });
    await whenDiscord(demi, ({ latencyMs }) => latencyMs !== undefined);
    discord.freezeAcks();
    await discord.calls.waitFor((call) => call.kind === "gateway" && call.op === 1);
    const { lastEventAt } = await discordOf(demi);
    const lost = await whenDiscord(demi, ({ status }) => status !== "online"); // discord.js calls it a zombie
    assert.ok(Math.abs(lost.lastEventAt! - lastEventAt!) < 2, "the wall clock's milliseconds differ by one");
    assert.equal(lost.latencyMs, undefined);
  });

  test("waits a minute after a token was refused, and leaves Android alone", async () => {
    using directory = temporaryDirectory();
    const clock = new VirtualClock();
    await using discord = await MockDiscordServer.listen({ clock });
    const access = { apiUrl: discord.apiUrl, token: "wrong" };
    await using demi = await wakeDemi({ dataDirectory: directory.path, discord: access, clock });
    assert.equal((await discordOf(demi)).status, "offline");
    await using app = await MockAndroidClient.connect({ url: demi.url!, ...ADA, clock });
    assert.ok(await app.sendAndWait("Hello"));
    await clock.advance(50_000);
    assert.equal(discord.calls.total, 1);
    while (discord.calls.total < 2) await clock.advance(10_000);
    assert.equal((await discordOf(demi)).status, "offline");
  });

  test("works on a virtual clock", async () => {
    using directory = temporaryDirectory();
    const clock = new VirtualClock();
    await using discord = await MockDiscordServer.listen({ clock });
    await using demi = await wakeDemi({ dataDirectory: directory.path, discord, clock });
    await clock.advance(6 * 3_600_000);
    const lonely = await demi.emotions();
    assert.equal(lonely.lastUpdated, clock.now());
    assert.ok(lonely.loneliness > 0.9);
    const question = discord.sendAsUser("ada", "Hello Demi");
    assert.ok((await discord.waitForReply({ to: question })).text);
    assert.ok((await demi.emotions()).loneliness < lonely.loneliness);
  });
});
