import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { WebSocket } from "ws";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { MockAndroidClient } from "../../../lib/mocks/android/mock_android_client.ts";
import { MockOllamaServer } from "../../../lib/mocks/ollama/mock_ollama_server.ts";
import { fetchJson, temporaryDirectory, wakeDemi } from "./_demi.ts";

const ADA = {
  email: "ada@example.org",
  password: "correct horse",
  device_name: "phone",
  device_fingerprint: "f1",
};
const ACCESS_MS = 30 * 60_000;
const REFRESH_MS = 7 * 24 * 3_600_000;

function appOf(
  demi: { readonly url?: string | undefined },
  deviceName = "phone",
): Promise<MockAndroidClient> {
  const { email, password } = ADA;
  return MockAndroidClient.connect({ url: demi.url!, email, password, deviceName });
}

function toExcitement({ emotionState }: { readonly emotionState: unknown }): number {
  return (emotionState as { readonly excitement: number }).excitement;
}

/** HTTP status with which the chat answers a request for an upgrade; 101 if it takes it. */
async function chatStatus(url: string, token: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/chat/ws?token=${token}`);
  socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
  socket.on("open", () => resolve(101));
  socket.on("error", () => undefined); // the refusal, told above
  const status = await promise;
  socket.terminate();
  return status;
}

suite("Android accounts", () => {
  test("register an unknown email at its first login and refuse another password afterwards", async () => {
    using directory = temporaryDirectory();
    await using demi = await wakeDemi({ dataDirectory: directory.path });
    const first = await fetchJson(`${demi.url}/api/v1/auth/login`, ADA);
    assert.equal(first.status, 200);
    assert.equal(first.json["token_type"], "bearer");
    assert.equal(first.json["expires_in"], 1800);
    const wrong = await fetchJson(`${demi.url}/api/v1/auth/login`, { ...ADA, password: "wrong" });
    assert.equal(wrong.status, 401);
    const again = await fetchJson(`${demi.url}/api/v1/auth/login`, ADA);
    assert.equal(again.json["user_id"], first.json["user_id"]);
    assert.notEqual(again.json["session_id"], first.json["session_id"]);
  });

  for (const [name, body] of [
    ["no email", { password: "x" }],
    ["an email that is none", { email: "ada", password: "x" }],
    ["an empty password", { email: "a@b", password: "" }],
    ["a list", []],
  ] as const) {
    test(`refuse a login with ${name}`, async () => {
      using directory = temporaryDirectory();
      await using demi = await wakeDemi({ dataDirectory: directory.path });
      assert.equal((await fetchJson(`${demi.url}/api/v1/auth/login`, body)).status, 422);
    });
  }

  test("refuse a body that is too large", async () => {
    using directory = temporaryDirectory();
    await using demi = await wakeDemi({ dataDirectory: directory.path });
    const body = JSON.stringify({ ...ADA, device_name: "x".repeat(20_000) });
    const response = await fetch(`${demi.url}/api/v1/auth/login`, { method: "POST", body });
    assert.equal(response.status, 413);
  });

  test("end an access token after 30 minutes and a refresh token after 7 days on the clock", async () => {
    using directory = temporaryDirectory();
    const clock = new VirtualClock();
    await using demi = await wakeDemi({ dataDirectory: directory.path, clock });
    const { json: tokens } = await fetchJson(`${demi.url}/api/v1/auth/login`, ADA);
    await clock.advance(ACCESS_MS - 1000);
    assert.equal(await chatStatus(demi.url!, String(tokens["access_token"])), 101);
    await clock.advance(1000);
    assert.equal(await chatStatus(demi.url!, String(tokens["access_token"])), 401);
    await clock.advance(REFRESH_MS - ACCESS_MS);
    const refresh = { refresh_token: tokens["refresh_token"] };
    assert.equal((await fetchJson(`${demi.url}/api/v1/auth/refresh`, refresh)).status, 401);
  });

  test("give new tokens for a refresh token, once", async () => {
    using directory = temporaryDirectory();
    await using demi = await wakeDemi({ dataDirectory: directory.path });
    const { json: tokens } = await fetchJson(`${demi.url}/api/v1/auth/login`, ADA);
    const refresh = { refresh_token: tokens["refresh_token"] };
    const renewed = await fetchJson(`${demi.url}/api/v1/auth/refresh`, refresh);
    assert.equal(await chatStatus(demi.url!, String(renewed.json["access_token"])), 101);
    assert.equal((await fetchJson(`${demi.url}/api/v1/auth/refresh`, refresh)).status, 401);
  });

  test("let in no token that is made up, of the wrong use, or signed out", async () => {
    using directory = temporaryDirectory();
    await using demi = await wakeDemi({ dataDirectory: directory.path });
    const { json: tokens } = await fetchJson(`${demi.url}/api/v1/auth/login`, ADA);
    const access = String(tokens["access_token"]);
    const [header = "", payload = ""] = access.split(".");
    for (const token of ["", "x.y.z", String(tokens["refresh_token"]), `${header}.${payload}.AAAA`]) {
      assert.equal(await chatStatus(demi.url!, token), 401);
    }
    const headers = { authorization: `Bearer ${access}` };
    const { json: list } = await fetchJson(`${demi.url}/api/v1/auth/sessions`, undefined, headers);
    assert.equal(list["count"], 1);
    await fetch(`${demi.url}/api/v1/auth/sessions/${String(tokens["session_id"])}`, {
      method: "DELETE",
      headers,
    });
    assert.equal(await chatStatus(demi.url!, access), 401);
  });
});

suite("Android chat", () => {
  test("answers, and moves the emotions before it does", async () => {
    using directory = temporaryDirectory();
    await using ollama = await MockOllamaServer.listen({ replies: [[/Hello/, "Hello, how nice!"]] });
    await using demi = await wakeDemi({ dataDirectory: directory.path, ollama });
    await using app = await appOf(demi);
    const reply = await app.sendAndWait("Hello Demi");
    assert.equal(reply.content, "Hello, how nice!");
    assert.ok(toExcitement(reply) > 0.5);
    const { json } = await fetchJson(`${demi.url}/api/emotions`);
    assert.equal(json["excitement"], toExcitement(reply));
  });

  test("brings a reply to every device of the user and to nobody else", async () => {
    using directory = temporaryDirectory();
    await using demi = await wakeDemi({ dataDirectory: directory.path });
    await using phone = await appOf(demi, "phone");
    await using tablet = await appOf(demi, "tablet");
    await using stranger = await MockAndroidClient.connect({
      url: demi.url!,
      email: "eve@example.org",
      password: "e",
      deviceName: "e",
    });
    const [onPhone, onTablet] = await Promise.all([phone.sendAndWait("Hello"), tablet.nextReply()]);
    assert.equal(onTablet.id, onPhone.id);
    await stranger.ping();
    assert.deepEqual(stranger.messages, []);
  });

  test("keeps the conversation for a device that comes back, receipts included", async () => {
    using directory = temporaryDirectory();
    await using demi = await wakeDemi({ dataDirectory: directory.path });
    await using phone = await appOf(demi);
    await phone.sendAndWait("Hello");
    await phone.ping(); // the app acknowledged the reply before it pinged
    await phone.close();
    await using tablet = await appOf(demi, "tablet");
    assert.deepEqual(
      tablet.messages.map(({ sender }) => sender),
      ["user", "demi"],
    );
    assert.equal(tablet.messages[1]!.status, "read");
  });

  test("answers messages of one user in their order", async () => {
    using directory = temporaryDirectory();
    await using ollama = await MockOllamaServer.listen({
      firstTokenMs: 0,
      replies: [[/./, ({ text }) => `You said ${text}`]],
    });
    await using demi = await wakeDemi({ dataDirectory: directory.path, ollama });
    await using app = await appOf(demi);
    for (const text of ["one", "two", "three"]) app.send(text);
    const replies = [await app.nextReply(), await app.nextReply(), await app.nextReply()];
    assert.deepEqual(
      replies.map(({ content }) => content),
      ["You said one", "You said two", "You said three"],
    );
  });

  test("complains of a frame that is none, and goes on", async () => {
    using directory = temporaryDirectory();
    await using demi = await wakeDemi({ dataDirectory: directory.path });
    const { json } = await fetchJson(`${demi.url}/api/v1/auth/login`, ADA);
    const address = `${demi.url!.replace("http", "ws")}/api/v1/chat/ws?token=${String(json["access_token"])}`;
    const socket = new WebSocket(address);
    const events: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.on("message", (data: Buffer) => {
      events.push((JSON.parse(data.toString()) as { event: string }).event);
      if (events.at(-1) === "pong") resolve();
    });
    socket.on("open", () => {
      const frames = [
        "{",
        "[]",
        `{"event":"dance"}`,
        `{"event":"message","data":{"content":" "}}`,
        `{"event":"ping"}`,
      ];
      for (const frame of frames) socket.send(frame);
    });
    await promise;
    socket.terminate();
    assert.deepEqual(events, ["history", "error", "error", "error", "error", "pong"]);
  });
});
