import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";
import { messagesOf, request, rulesOf } from "./_rest.ts";

suite("MockDiscordServer.rateLimitNext()", () => {
  test("a 429 says all that clients look at, in each scope", async () => {
    const clock = new VirtualClock();
    await using discord = await MockDiscordServer.listen({ clock });
    for (const scope of ["user", "shared", "global"] as const) {
      discord.rateLimitNext({ scope, retryAfterMs: 900, route: "GET /users/@me" });
      const answer = await request(discord, "GET /users/@me");
      assert.equal(answer.status, 429);
      assert.equal(answer.headers.get("x-ratelimit-scope"), scope);
      assert.equal(answer.headers.get("x-ratelimit-global"), scope === "global" ? "true" : null);
      assert.equal(answer.body["global"], scope === "global");
      assert.ok((answer.body["retry_after"] as number) <= 0.9);
      assert.equal(answer.headers.get("retry-after"), "1");
      const names = [
        "via",
        "x-ratelimit-limit",
        "x-ratelimit-reset",
        "x-ratelimit-reset-after",
        "x-ratelimit-bucket",
      ];
      for (const name of names) assert.ok(answer.headers.get(name), name);
      await clock.advance(900);
    }
    assert.deepEqual(rulesOf(discord), []);
  });

  test("refuses one route or all, and only as often as it was asked to", async () => {
    const clock = new VirtualClock();
    await using discord = await MockDiscordServer.listen({ clock });
    const status = async (line: string): Promise<number> => (await request(discord, line)).status;
    discord.rateLimitNext({ route: "GET /users/:id", times: 2, retryAfterMs: 10_000 });
    assert.equal(await status("GET /gateway/bot"), 200);
    for (let i = 0; i < 2; i++) {
      assert.equal(await status(`GET /users/${discord.bot.id}`), 429);
      await clock.advance(10_000);
    }
    assert.equal(await status(`GET /users/${discord.bot.id}`), 200);
    discord.rateLimitNext({ scope: "global", retryAfterMs: 10_000 });
    assert.equal(await status("GET /gateway/bot"), 429);
    assert.equal(await status("GET /users/@me"), 429);
    await clock.advance(10_000);
    assert.equal(await status("GET /users/@me"), 200);
    assert.deepEqual(rulesOf(discord), []);
  });

  test("refuses numbers out of their range", async () => {
    await using discord = await MockDiscordServer.listen();
    assert.throws(() => discord.rateLimitNext({ retryAfterMs: 0 }), RangeError);
    assert.throws(() => discord.rateLimitNext({ times: 1.5 }), RangeError);
    await assert.rejects(MockDiscordServer.listen({ rateLimit: { limit: 0, windowMs: 1 } }), RangeError);
  });
});

suite("Discord's rate limits", () => {
  test("count down in each channel by itself", async () => {
    await using discord = await MockDiscordServer.listen({ rateLimit: { limit: 2, windowMs: 60_000 } });
    const other = discord.addChannel("other");
    const left = async (line: string): Promise<string | null> =>
      (await request(discord, line)).headers.get("x-ratelimit-remaining");
    assert.deepEqual(
      [await left(`GET ${messagesOf(discord)}`), await left(`GET ${messagesOf(discord)}`)],
      ["1", "0"],
    );
    assert.equal(await left(`GET /channels/${other.id}/messages`), "1");
    assert.equal((await request(discord, `GET ${messagesOf(discord)}`)).status, 429);
  });

  test("count all requests together", async () => {
    await using discord = await MockDiscordServer.listen({ globalRateLimit: { limit: 3, windowMs: 60_000 } });
    const paths = ["/users/@me", "/gateway/bot", "/users/@me/guilds", "/voice/regions"];
    const answers = [];
    for (const path of paths) answers.push(await request(discord, `GET ${path}`));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 429],
    );
    assert.equal(answers.at(-1)?.body["global"], true);
  });

  test("a client that comes back too early is found, one that waits is not", async () => {
    const clock = new VirtualClock();
    await using discord = await MockDiscordServer.listen({ clock });
    discord.rateLimitNext({ retryAfterMs: 5000 });
    await request(discord, "GET /users/@me");
    await clock.advance(1000);
    assert.deepEqual(rulesOf(discord), []);
    await request(discord, "GET /users/@me");
    const [violation] = [...discord.violations];
    assert.equal(violation?.rule, "ignored-retry-after");
    assert.equal(violation?.subject, "GET /users/@me");
    assert.match(violation?.evidence[0]?.what ?? "", /4000 ms too early/);
  });

  test("what was under way when the refusal was sent is no offence; to hammer is one", async () => {
    await using discord = await MockDiscordServer.listen();
    discord.rateLimitNext({ scope: "global", retryAfterMs: 60_000 });
    const lines = ["GET /users/@me", "GET /gateway/bot", "GET /voice/regions", `GET ${messagesOf(discord)}`];
    await Promise.all(lines.map((line) => request(discord, line)));
    assert.deepEqual(rulesOf(discord), []);
    for (let i = 0; i < 4; i++) await request(discord, "GET /users/@me");
    assert.deepEqual(rulesOf(discord), ["ignored-retry-after"]);
  });
});
