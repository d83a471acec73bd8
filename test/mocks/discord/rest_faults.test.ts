import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";
import { FaultLog } from "../../../lib/mocks/faults/fault_log.ts";
import { messagesOf, request, rulesOf } from "./_rest.ts";

suite("faults of Discord's REST API", () => {
  test("rest-error: the first two fail, as it says, and nothing is done", async () => {
    const faultLog = new FaultLog();
    await using discord = await MockDiscordServer.listen({ faultLog });
    discord.injectFault({ kind: "rest-error", status: 502 }, { times: 2 });
    const statuses = [];
    for (let i = 0; i < 3; i++) {
      statuses.push((await request(discord, `POST ${messagesOf(discord)}`, { content: "hi" })).status);
    }
    assert.deepEqual(statuses, [502, 502, 200]);
    assert.equal(discord.history().length, 1);
    assert.deepEqual(
      [...faultLog].map(({ source, kind, detail }) => `${source} ${kind} ${detail}`),
      Array.from({ length: 2 }, () => "discord rest-error POST /channels/:id/messages"),
    );
  });

  test("rest-error: with a code of Discord's, on one route only", async () => {
    await using discord = await MockDiscordServer.listen();
    const fault = {
      kind: "rest-error",
      status: 403,
      code: 50_001,
      route: "POST /channels/:id/typing",
    } as const;
    using injected = discord.injectFault(fault);
    const channel = discord.channels[0]!.id;
    const refused = await request(discord, `POST /channels/${channel}/typing`);
    assert.deepEqual([refused.status, refused.body.code], [403, 50_001]);
    assert.equal((await request(discord, `GET /channels/${channel}`)).status, 200);
    assert.equal(injected.strikes, 1);
  });

  test("rest-slow: the answer comes late on the clock", async () => {
    const clock = new VirtualClock();
    await using discord = await MockDiscordServer.listen({ clock });
    discord.injectFault({ kind: "rest-slow", ms: 20_000 }, { times: 1 });
    const startedAt = clock.now();
    const answer = await clock.advanceUntil(
      request(discord, `POST ${messagesOf(discord)}`, { content: "hi" }),
    );
    assert.equal(answer.status, 200);
    assert.ok(clock.now() - startedAt >= 20_000);
  });

  test("rest-reset: the connection is cut and nothing is done", async () => {
    await using discord = await MockDiscordServer.listen();
    discord.injectFault({ kind: "rest-reset" }, { times: 1 });
    await assert.rejects(request(discord, `POST ${messagesOf(discord)}`, { content: "hi" }), TypeError);
    assert.equal(discord.history().length, 0);
  });

  test("rest-malformed: it is done, and answered with broken JSON", async () => {
    await using discord = await MockDiscordServer.listen();
    discord.injectFault({ kind: "rest-malformed" }, { times: 1 });
    await assert.rejects(request(discord, `POST ${messagesOf(discord)}`, { content: "hi" }), SyntaxError);
    assert.equal(discord.history().length, 1);
  });

  test("rest-lost-response: whoever tries again says it twice, unless the nonce is enforced", async () => {
    await using discord = await MockDiscordServer.listen();
    discord.injectFault(
      { kind: "rest-lost-response", route: "POST /channels/:id/messages" },
      { times: 2, every: 2 },
    );
    for (const body of [{ content: "twice" }, { content: "once", nonce: "7", enforce_nonce: true }]) {
      await assert.rejects(request(discord, `POST ${messagesOf(discord)}`, body), TypeError);
      assert.equal((await request(discord, `POST ${messagesOf(discord)}`, body)).status, 200);
    }
    assert.deepEqual(
      discord.history().map(({ content }) => content),
      ["twice", "twice", "once"],
    );
    assert.deepEqual(rulesOf(discord), []); // not the client's mistake: it cannot know
  });

  test("the same seed strikes the same requests", async () => {
    const run = async (): Promise<string> => {
      const faultLog = new FaultLog();
      await using discord = await MockDiscordServer.listen({ faultLog });
      discord.injectFault({ kind: "rest-error", status: 500 }, { probability: 0.4 });
      for (let i = 0; i < 20; i++) await request(discord, i % 2 ? "GET /users/@me" : "GET /gateway/bot");
      return `${faultLog.total} ${faultLog.hash}`;
    };
    const first = await run();
    assert.equal(await run(), first);
    assert.notEqual(first.split(" ")[0], "0");
  });
});
