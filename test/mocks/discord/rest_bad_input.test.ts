import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { connect } from "node:net";
import fc from "fast-check";
import { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";
import { messagesOf, request } from "./_rest.ts";

const RUNS = { numRuns: 150, seed: 42 };
const NO_LIMIT = { limit: 1_000_000, windowMs: 1000 };

async function listen(): Promise<{ discord: MockDiscordServer; defects: unknown[] }> {
  const defects: unknown[] = [];
  const limits = { rateLimit: NO_LIMIT, globalRateLimit: NO_LIMIT };
  const discord = await MockDiscordServer.listen({ ...limits, onError: (error) => defects.push(error) });
  return { discord, defects };
}

/** Everything that a peer gets for `bytes` on a connection that it then closes its half of. */
async function exchange(discord: MockDiscordServer, ...chunks: (string | Uint8Array)[]): Promise<string> {
  const socket = connect(Number(new URL(discord.apiUrl).port), "127.0.0.1");
  let text = "";
  socket.on("error", () => {}); // a reset is an answer, too
  socket.on("data", (data: Buffer) => (text += data.toString("latin1")));
  for (const chunk of chunks) socket.write(chunk);
  socket.end();
  await new Promise((resolve) => socket.once("close", resolve));
  return text;
}

suite("bad input to Discord's REST API", () => {
  test("no JSON that a bot could send makes the mock fail, on any route", async () => {
    const { discord, defects } = await listen();
    await using _ = discord;
    const question = discord.sendAsUser("ada", "hello");
    const { body: webhook } = await request(discord, `POST /channels/${discord.channels[0]!.id}/webhooks`, {
      name: "w",
    });
    const messages = messagesOf(discord);
    const lines = [
      `POST ${messages}`,
      `PATCH ${messages}/${(await request(discord, `POST ${messages}`, { content: "x" })).body.id}`,
      `POST ${messages}/bulk-delete`,
      `POST ${messages}/${question.id}/threads`,
      `POST /channels/${discord.channels[0]!.id}/threads`,
      `PATCH /channels/${discord.channels[0]!.id}`,
      `PUT /channels/${discord.channels[0]!.id}/permissions/${discord.bot.id}`,
      `POST /guilds/${discord.guildId}/channels`,
      `PATCH /guilds/${discord.guildId}/channels`,
      `PATCH /guilds/${discord.guildId}`,
      `POST /guilds/${discord.guildId}/roles`,
      `PATCH /guilds/${discord.guildId}/members/${discord.user("ada").id}`,
      `PATCH /users/@me`,
      "POST /users/@me/channels",
      `PUT /applications/${discord.bot.id}/commands`,
      `POST /applications/${discord.bot.id}/commands`,
      "POST /interactions/123456789012345678/token/callback",
      `POST /webhooks/${webhook.id}/${String(webhook["token"])}?wait=true`,
    ];
    const known = fc.constantFrom(
      ..."content embeds embed components nonce flags tts message_reference attachments name type options".split(
        " ",
      ),
      ..."permission_overwrites parent_id position roles nick data messages fields title url __proto__".split(
        " ",
      ),
    );
    const { tree } = fc.letrec((tie) => ({
      leaf: fc.oneof(
        fc.string(),
        fc.integer(),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.constant(question.id),
      ),
      tree: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        tie("leaf"),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(known, tie("tree"), { maxKeys: 6 }),
      ),
    }));
    const property = fc.asyncProperty(fc.constantFrom(...lines), tree, async (line, body) => {
      const { status } = await request(discord, line, body ?? {});
      assert.ok(status < 500, `${status} for ${line}`);
    });
    await fc.assert(property, RUNS);
    assert.deepEqual(defects, []);
    await request(discord, `GET ${messages}`); // what was taken can be shown again
    assert.deepEqual(defects, []);
  });

  test("no path, query, method, header or body makes the mock fail", async () => {
    const { discord, defects } = await listen();
    await using _ = discord;
    const id = fc.constantFrom(
      discord.channels[0]!.id,
      discord.guildId,
      "@me",
      "%",
      "%2F",
      "..",
      "0",
      "9".repeat(30),
    );
    const word = fc.constantFrom(
      "channels",
      "guilds",
      "messages",
      "users",
      "webhooks",
      "reactions",
      "pins",
      "api",
      "v10",
    );
    const path = fc.array(fc.oneof(id, word, fc.webSegment()), { maxLength: 7 });
    const method = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND");
    const type = fc.constantFrom(
      "application/json",
      "multipart/form-data",
      "multipart/form-data; boundary=x",
      "application/x-www-form-urlencoded",
      "nonsense",
    );
    const query = fc.constantFrom(
      "",
      "?",
      "?limit=0",
      "?limit=x&before=y",
      "?after=%",
      "?around=1&limit=100",
    );
    const property = fc.asyncProperty(
      fc.tuple(method, path, query, type, fc.uint8Array({ maxLength: 300 })),
      async ([method, path, query, type, body]) => {
        const head =
          `${method} /api/v10/${path.join("/")}${query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
          `Authorization: Bot ${discord.token}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
        const text = await exchange(discord, head, body);
        assert.match(text, /^HTTP\/1\.1 [1-4]\d\d /, head);
      },
    );
    await fc.assert(property, RUNS);
    assert.deepEqual(defects, []);
  });

  test("garbage, half requests and 10,000 headers get HTTP's own answer or an end", async () => {
    const { discord, defects } = await listen();
    await using _ = discord;
    const headers = Array.from({ length: 10_000 }, (_, i) => `X-${i}: ${i}\r\n`).join("");
    for (const [sent, expected] of [
      ["GET /api/v10/gateway HTTP/1.1\r\nHost: x\r\n", /^(HTTP\/1\.1 400 |$)/],
      ["\u0000\u0001\u0002\r\n\r\n", /^HTTP\/1\.1 400 /],
      [
        `GET /api/v10/gateway HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`,
        /^HTTP\/1\.1 (200|431) /,
      ],
      [
        "POST /api/v10/gateway HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
        /^(HTTP\/1\.1 400 |$)/,
      ],
      ["POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", /^(HTTP\/1\.1 400 |$)/],
    ] as const) {
      assert.match(await exchange(discord, sent), expected, sent.slice(0, 60));
    }
    assert.deepEqual(defects, []);
    assert.equal((await request(discord, "GET /users/@me")).status, 200);
  });

  test("200 MB are refused with 413 and not kept", async () => {
    const { discord, defects } = await listen();
    await using _ = discord;
    const chunk = new Uint8Array(1_048_576).fill(97);
    let sent = 0;
    let mostKept = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        mostKept = Math.max(mostKept, process.memoryUsage().arrayBuffers);
        if (sent++ < 200) controller.enqueue(chunk);
        else controller.close();
      },
    });
    const before = process.memoryUsage().arrayBuffers;
    const answer = await request(discord, `POST ${messagesOf(discord)}`, undefined, {
      body,
      duplex: "half",
    } as RequestInit);
    assert.deepEqual([answer.status, answer.body.code], [413, 40_005]);
    assert.ok(mostKept - before < 130 * 1_048_576, `${mostKept - before} bytes were kept`);
    assert.deepEqual(defects, []);
  });

  test("JSON nested without end is invalid JSON", async () => {
    const { discord, defects } = await listen();
    await using _ = discord;
    for (const body of ["[".repeat(100_000), `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`]) {
      const answer = await request(discord, `POST ${messagesOf(discord)}`, body);
      assert.deepEqual([answer.status, answer.body.code], [400, 50_109]);
    }
    assert.deepEqual(defects, []);
  });
});
