import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { connect } from "node:net";
import { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";
import { messagesOf, request } from "./_rest.ts";

const NOBODY = "123456789012345678";

// Codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
suite("Discord's REST errors", () => {
  test("have Discord's status, code and text", async () => {
    await using discord = await MockDiscordServer.listen();
    const messages = messagesOf(discord);
    const other = discord.sendAsUser("ada", "hello");
    const hidden = discord.addChannel("hidden", { access: "hidden" });
    const quiet = discord.addChannel("quiet", { access: "read-only" });
    const closed = discord.addUser("closed", { acceptsDms: false });
    const dm = await request(discord, "POST /users/@me/channels", { recipient_id: closed.id });
    const robot = discord.addUser("robot", { isBot: true });
    for (const [line, body, status, code] of [
      [`GET /channels/${NOBODY}`, undefined, 404, 10_003],
      [`GET /guilds/${NOBODY}`, undefined, 404, 10_004],
      [`GET /guilds/${discord.guildId}/members/${NOBODY}`, undefined, 404, 10_007],
      [`GET ${messages}/${NOBODY}`, undefined, 404, 10_008],
      [`GET /users/${NOBODY}`, undefined, 404, 10_013],
      [`PUT ${messages}/${other.id}/reactions/nothing/@me`, undefined, 400, 10_014],
      [`POST /interactions/${NOBODY}/abc/callback`, { type: 5 }, 404, 10_062],
      [`GET /applications/${NOBODY}/commands`, undefined, 403, 20_012],
      [`GET /channels/${hidden.id}/messages`, undefined, 403, 50_001],
      [`PATCH ${messages}/${other.id}`, { content: "x" }, 403, 50_005],
      [`POST ${messages}`, {}, 400, 50_006],
      [`POST /channels/${dm.body.id}/messages`, { content: "x" }, 403, 50_007],
      ["POST /users/@me/channels", { recipient_id: robot.id }, 403, 50_007],
      [`POST /channels/${quiet.id}/messages`, { content: "x" }, 403, 50_013],
      [`POST ${messages}`, "{", 400, 50_109],
      ["GET /nowhere", undefined, 404, 0],
      ["DELETE /users/@me", undefined, 405, 0],
    ] as const) {
      const answer = await request(discord, line, body);
      assert.deepEqual([answer.status, answer.body.code], [status, code], line);
      assert.equal(typeof answer.body["message"], "string", line);
      assert.equal(answer.headers.get("content-type"), "application/json", line);
    }
  });

  test("name each wrong field of a form, nested as it was", async () => {
    await using discord = await MockDiscordServer.listen();
    const answer = await request(discord, `POST ${messagesOf(discord)}`, {
      content: "x".repeat(2001),
      embeds: [{ title: "ok" }, { fields: [{ name: "", value: "v" }], url: "nonsense" }],
    });
    assert.equal(answer.status, 400);
    assert.equal(answer.body.code, 50_035);
    const tooLong = { code: "BASE_TYPE_MAX_LENGTH", message: "Must be 2000 or fewer in length." };
    assert.deepEqual(answer.body["errors"], {
      content: { _errors: [tooLong] },
      embeds: {
        1: {
          url: { _errors: [{ code: "URL_TYPE_INVALID_URL", message: "Not a well formed URL." }] },
          fields: {
            0: {
              name: {
                _errors: [{ code: "BASE_TYPE_BAD_LENGTH", message: "Must be between 1 and 256 in length." }],
              },
            },
          },
        },
      },
    });
    const path = await request(discord, "GET /channels/general");
    assert.deepEqual([path.status, path.body.code], [400, 50_035]);
  });

  test("a stranger is told so as Discord tells it", async () => {
    await using discord = await MockDiscordServer.listen();
    const answer = await request(discord, "GET /users/@me", undefined, {
      headers: { authorization: "Bot x" },
    });
    assert.equal(answer.status, 401);
    assert.deepEqual(answer.body, { message: "401: Unauthorized", code: 0 });
  });
});

suite("Discord's REST addresses", () => {
  test("take any version still in use, or none, and odd queries", async () => {
    await using discord = await MockDiscordServer.listen();
    const base = discord.apiUrl.replace("/api", "");
    const headers = { authorization: `Bot ${discord.token}` };
    for (const path of ["/api/v10", "/api/v9", "/api", "/v10", ""]) {
      for (const query of ["", "?", "?&limit=5"]) {
        const response = await fetch(`${base}${path}/users/@me/guilds${query}`, { headers });
        assert.equal(response.status, 200, path + query);
      }
    }
    const old = await fetch(`${base}/api/v3/users/@me`, { headers });
    assert.equal(((await old.json()) as { code: number }).code, 50_041);
  });

  test("need no port in Host", async () => {
    await using discord = await MockDiscordServer.listen();
    const socket = connect(Number(new URL(discord.apiUrl).port), "127.0.0.1");
    socket.end("GET /api/v10/gateway HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    const text = (await socket.toArray()).join("");
    assert.match(text, /^HTTP\/1\.1 200 OK/);
    assert.match(text, /"url":"ws:\/\/127\.0\.0\.1:\d+"/);
  });

  test("ids that come as numbers beyond 2^53 keep their last digits", async () => {
    await using discord = await MockDiscordServer.listen();
    const question = discord.sendAsUser("ada", "hello");
    const body = `{"content":"hi","message_reference":{"message_id":${question.id}},"nonce":12345678901234567}`;
    const headers = { "content-type": "application/json" };
    const answer = await request(discord, `POST ${messagesOf(discord)}`, body, { headers });
    assert.equal(answer.status, 200);
    assert.equal(answer.body["nonce"], "12345678901234567");
    assert.equal((await discord.waitForReply({ to: question })).message.repliesTo, question.id);
  });

  test("files are numbered from 0 or 1, described before or after, and can be fetched again", async () => {
    await using discord = await MockDiscordServer.listen();
    const payload = JSON.stringify({ content: "see", attachments: [{ id: 1, description: "the second" }] });
    const forms = [0, 1].flatMap((first) => [
      [
        ["payload_json", payload],
        [`files[${first}]`, "a"],
        [`files[${first + 1}]`, "b"],
      ],
      [
        [`files[${first}]`, "a"],
        [`files[${first + 1}]`, "b"],
        ["payload_json", payload],
      ],
    ]);
    for (const fields of forms) {
      const form = new FormData();
      for (const [name = "", text = ""] of fields) {
        if (name === "payload_json") form.append(name, text);
        else form.append(name, new Blob([text], { type: "text/plain" }), `${text}.txt`);
      }
      const { body } = await request(discord, `POST ${messagesOf(discord)}`, form);
      const attachments = body["attachments"] as { filename: string; url: string; description?: string }[];
      assert.deepEqual(
        attachments.map(({ filename }) => filename),
        ["a.txt", "b.txt"],
      );
      assert.equal(attachments.filter(({ description }) => description === "the second").length, 1);
      const file = await fetch(attachments[1]!.url);
      assert.deepEqual([await file.text(), file.headers.get("content-type")], ["b", "text/plain"]);
    }
  });
});
