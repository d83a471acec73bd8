import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { once } from "node:events";
import { Client } from "discord.js";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";
import type { DiscordMessage } from "../../../lib/mocks/discord/discord_types.ts";
import { Bot } from "./_bot.ts";
import { messagesOf, request, rulesOf } from "./_rest.ts";

async function say(discord: MockDiscordServer, content: string, to?: DiscordMessage): Promise<void> {
  const reference = to && { message_reference: { message_id: to.id } };
  const { status } = await request(discord, `POST ${messagesOf(discord)}`, { content, ...reference });
  assert.equal(status, 200);
}

suite("answers-itself", () => {
  test("a bot that goes on and on is told, one that answers many people is not", async () => {
    const clock = new VirtualClock();
    await using discord = await MockDiscordServer.listen({ clock });
    const [channel] = discord.channels;
    for (let i = 0; i < 30; i++) discord.sendAsUser("ada", `question ${i}`, { channel: channel!.name });
    for (let i = 0; i < 40; i++) await say(discord, `answer ${i}`); // each question, and parts of a long answer
    assert.deepEqual(rulesOf(discord), []);
    for (let i = 0; i < 12; i++) {
      await clock.advance(3_600_000);
      await say(discord, `a thought of hour ${i}`);
    }
    assert.deepEqual(rulesOf(discord), [], "who thinks aloud once an hour answers nobody");
    for (let i = 0; i < 12; i++) {
      await clock.advance(3000);
      await say(discord, `and to that I say ${i}`);
    }
    assert.deepEqual(rulesOf(discord), ["answers-itself"]);
    assert.match([...discord.violations][0]!.message, /must not answer its own messages/);
  });
});

suite("violations of retries", () => {
  test("retry-storm: a loop without a pause", async () => {
    await using discord = await MockDiscordServer.listen();
    discord.injectFault({ kind: "rest-error", status: 503 });
    for (let i = 0; i < 40; i++) await request(discord, "GET /users/@me");
    const [violation] = [...discord.violations];
    assert.equal(violation?.rule, "retry-storm");
    assert.equal(violation?.subject, "GET /users/@me");
    assert.match(violation?.message ?? "", /30 times within 10 s although each attempt failed with 503/);
    assert.equal(violation?.evidence.length, 2);
  });

  test("no-backoff: the same pause again and again; growing ones are well", async () => {
    const clock = new VirtualClock();
    await using discord = await MockDiscordServer.listen({ clock });
    discord.injectFault({ kind: "rest-error", status: 500 });
    for (let i = 0; i < 10; i++) {
      await request(discord, "GET /voice/regions");
      await clock.advance(Math.min(500 * 2 ** i, 30_000));
    }
    for (let i = 0; i < 12; i++) {
      await request(discord, "GET /gateway/bot");
      await clock.advance(300 + 100 * i);
    }
    assert.deepEqual(rulesOf(discord), []);
    for (let i = 0; i < 10; i++) {
      await request(discord, "GET /users/@me");
      await clock.advance(1000);
    }
    assert.deepEqual(rulesOf(discord), ["no-backoff"]);
  });

  test("an outage counts as failure", async () => {
    await using discord = await MockDiscordServer.listen();
    const over = discord.outage(Infinity);
    for (let i = 0; i < 30; i++) {
      await fetch(`${discord.apiUrl}/v10/gateway`).then((response) => response.text());
    }
    discord.endOutage();
    await over;
    assert.deepEqual(rulesOf(discord), ["retry-storm"]);
  });

  test("discord.js tries again at once, for ten people at a time, and is not blamed", async () => {
    await using discord = await MockDiscordServer.listen();
    await using bot = await Bot.login(discord);
    const failed: unknown[] = [];
    const all = Promise.withResolvers<void>();
    bot.answer(async (message) => {
      const typing = message.channel.isSendable() ? message.channel.sendTyping() : undefined;
      await Promise.allSettled([typing, message.reply(`re: ${message.content}`)]);
      if (failed.push(message) === 10) all.resolve();
    });
    discord.injectFault({ kind: "rest-error", status: 500 });
    for (let i = 0; i < 10; i++) discord.sendAsUser(`user ${i}`, `question ${i}`);
    await all.promise;
    assert.deepEqual(rulesOf(discord), []);
  });

  test("protocol-error: the same refused request five times; looking for what is gone is ordinary", async () => {
    await using discord = await MockDiscordServer.listen();
    for (let i = 0; i < 6; i++) await request(discord, "GET /users/123456789012345678");
    assert.deepEqual(rulesOf(discord), []);
    for (let i = 0; i < 5; i++) await request(discord, `POST ${messagesOf(discord)}`, { content: "" });
    assert.deepEqual(rulesOf(discord), ["protocol-error"]);
  });

  test("no secret and nothing that people wrote is in a violation", async () => {
    await using discord = await MockDiscordServer.listen();
    const { body } = await request(discord, `POST /channels/${discord.channels[0]!.id}/webhooks`, {
      name: "w",
    });
    const path = `/webhooks/${body.id}/${String(body["token"])}`;
    for (let i = 0; i < 6; i++) await request(discord, `POST ${path}`, { content: "my diary ".repeat(300) });
    const text = JSON.stringify([...discord.violations]);
    assert.match(text, /protocol-error/);
    assert.doesNotMatch(text, /diary/);
    assert.ok(!text.includes(String(body["token"])));
  });
});

suite("violations of replies", () => {
  test("double-reply: the same text twice to one message", async () => {
    await using discord = await MockDiscordServer.listen();
    const question = discord.sendAsUser("ada", "hello");
    await say(discord, "hi", question);
    await say(discord, "hi", question);
    assert.deepEqual(rulesOf(discord), ["double-reply"]);
    assert.doesNotMatch(JSON.stringify([...discord.violations]), /"hi"/);
  });

  test("double-reply: the same text twice where nobody asked again", async () => {
    await using discord = await MockDiscordServer.listen();
    discord.sendAsUser("ada", "hello");
    await say(discord, "hi");
    assert.deepEqual(rulesOf(discord), []);
    await say(discord, "hi");
    assert.deepEqual(rulesOf(discord), ["double-reply"]);
  });

  test("a long text in parts, equal answers to two people, and the same again later are well", async () => {
    const clock = new VirtualClock();
    await using discord = await MockDiscordServer.listen({ clock });
    const ada = discord.sendAsUser("ada", "hello");
    const grace = discord.sendAsUser("grace", "hello");
    for (const question of [ada, grace]) await say(discord, "hi", question);
    for (const name of ["ada", "grace"]) discord.sendAsUser(name, "again");
    for (let i = 0; i < 2; i++) await say(discord, "hi");
    discord.sendAsUser("ada", "tell me a story");
    for (const part of ["once", "upon", "a".repeat(2000), "a".repeat(2000)]) await say(discord, part);
    await say(discord, "I miss you");
    await clock.advance(3_600_000);
    await say(discord, "I miss you");
    assert.deepEqual(rulesOf(discord), []);
  });

  test("reply-to-wrong-place: a reference to a message of another channel", async () => {
    await using discord = await MockDiscordServer.listen({ channels: ["general", "music"] });
    const elsewhere = discord.sendAsUser("ada", "hello", { channel: "music" });
    const body = { content: "hi", message_reference: { message_id: elsewhere.id } };
    const answer = await request(discord, `POST ${messagesOf(discord)}`, body);
    assert.equal(answer.body.code, 50_035);
    assert.deepEqual(rulesOf(discord), ["reply-to-wrong-place"]);
    await say(discord, "that is gone", discord.sendAsUser("ada", "hello"));
    assert.equal(discord.violations.length, 1);
  });
});

suite("healthy clients", () => {
  test("discord.js through an outage of both kinds has no violation", async () => {
    await using discord = await MockDiscordServer.listen();
    const client = new Client({ intents: ["Guilds", "GuildMessages"], rest: { api: discord.apiUrl } });
    client.on("error", () => {});
    const ready = once(client, "clientReady");
    await client.login(discord.token);
    await ready;
    for (const kind of ["unavailable", "reset"] as const) {
      const back = once(client, "shardReady").catch(() => undefined);
      const resumed = once(client, "shardResume").catch(() => undefined);
      const over = discord.outage(Infinity, { kind });
      const refused = client.users.fetch(discord.user("ada").id, { force: true }).catch(() => undefined);
      await refused;
      discord.endOutage();
      await over;
      await Promise.race([back, resumed]);
    }
    await client.destroy();
    const ofRest = rulesOf(discord).filter((rule) => rule === "retry-storm" || rule === "no-backoff");
    assert.deepEqual(ofRest, []);
  });
});
