import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { DeadlineError } from "../../../lib/base/deadline.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { AndroidAuthError, AndroidClosedError } from "../../../lib/mocks/android/_android_errors.ts";
import type { AndroidV1Options } from "../../../lib/mocks/android/android_options.ts";
import { MockAndroidClient } from "../../../lib/mocks/android/mock_android_client.ts";
import { EchoCompanion, toMessage } from "./_companion.ts";

function options(companion: EchoCompanion): AndroidV1Options {
  return { url: companion.url, email: "ada@example.org", password: "right", deviceName: "Pixel" };
}

suite("MockAndroidClient", () => {
  test("logs in, gets its history, and every message its reply, in order", async () => {
    await using companion = await EchoCompanion.listen();
    companion.history = [toMessage("of yesterday")];
    await using client = await MockAndroidClient.connect(options(companion));
    assert.equal(client.isConnected, true);
    assert.equal(client.userId, "u1");
    assert.equal((await client.sendAndWait("hello")).content, "re: hello");
    client.send("one");
    client.send("two");
    assert.equal((await client.nextReply()).content, "re: one");
    assert.equal((await client.nextReply()).content, "re: two");
    assert.deepEqual(
      client.messages.map(({ content }) => content),
      ["of yesterday", "re: hello", "re: one", "re: two"],
    );
    assert.equal(client.messages[0]?.createdAt, Date.UTC(2026, 0, 1));
  });

  test("acknowledges what it has shown, and gets its pings answered", async () => {
    await using companion = await EchoCompanion.listen();
    await using client = await MockAndroidClient.connect(options(companion));
    const reply = await client.sendAndWait("hello");
    assert.deepEqual((await companion.receives("read_receipt")).data, { message_id: reply.id });
    await client.ping();
    companion.say("just so");
    assert.equal((await client.nextReply()).content, "just so");
  });

  test("a refused login says why", async () => {
    await using companion = await EchoCompanion.listen();
    const refused = MockAndroidClient.connect({ ...options(companion), password: "wrong" });
    await assert.rejects(refused, (error) => {
      assert.ok(error instanceof AndroidAuthError);
      assert.equal(error.status, 401);
      assert.equal(error.message, "Cannot log in: the companion answered 401 (The password is wrong)");
      return true;
    });
    await assert.rejects(MockAndroidClient.connect({ ...options(companion), url: "nowhere" }), TypeError);
  });

  test("a wait ends when the connection does; reconnect() goes on, with a new login where it must", async () => {
    await using companion = await EchoCompanion.listen();
    await using client = await MockAndroidClient.connect(options(companion));
    companion.fallSilent();
    client.send("anybody?");
    await companion.receives("message");
    const waiting = assert.rejects(client.nextReply(), AndroidClosedError);
    companion.dropConnections();
    await waiting;
    assert.equal(client.closeCode, 1006);
    assert.throws(() => client.send("lost"), AndroidClosedError);

    await client.reconnect();
    assert.equal(client.isConnected, true);
    companion.revokeAccess();
    await client.reconnect();
    assert.equal(client.isConnected, true);
    assert.equal(companion.requests.filter((path) => path === "/api/v1/auth/login").length, 2);
  });

  test("takes new tokens before they expire, on the clock", async () => {
    const clock = new VirtualClock();
    await using companion = await EchoCompanion.listen();
    await using client = await MockAndroidClient.connect({ ...options(companion), clock });
    await clock.advance(3_600_000);
    assert.deepEqual(companion.requests, [
      "/api/v1/auth/login",
      "/api/v1/auth/refresh",
      "/api/v1/auth/refresh",
    ]);
    assert.equal(client.isConnected, true);
  });

  test("a reply that does not come ends with the deadline on the clock", async () => {
    const clock = new VirtualClock();
    await using companion = await EchoCompanion.listen();
    companion.fallSilent();
    await using client = await MockAndroidClient.connect({
      ...options(companion),
      clock,
      replyPatienceMs: 50,
    });
    const late = assert.rejects(client.sendAndWait("hello", { timeoutMs: 30_000 }), DeadlineError);
    await clock.advance(30_000);
    await late;
  });

  test("a frame that breaks the protocol is told, and the chat goes on", async () => {
    await using companion = await EchoCompanion.listen();
    const told: unknown[] = [];
    await using client = await MockAndroidClient.connect({
      ...options(companion),
      onError: (error) => told.push(error),
    });
    companion.sendRaw("{ a secret");
    companion.sendRaw(JSON.stringify({ event: "presence", data: {} }));
    companion.sendRaw(JSON.stringify({ event: "message", data: { ...toMessage("x"), sender: 7 } }));
    companion.sendRaw(JSON.stringify({ event: "error", data: { content: "slow down" } }));
    assert.equal((await client.sendAndWait("hello")).content, "re: hello");
    assert.match(String(told[0]), /it must be JSON, got a text of length 10$/);
    assert.match(String(told[1]), /'event' must be one of .*, got presence$/);
    assert.match(String(told[2]), /'sender' must be user or demi, got 7$/);
    assert.deepEqual(client.errors, ["slow down"]);
    assert.deepEqual(
      [...client.violations].map(({ rule, subject }) => [rule, subject]),
      [
        ["protocol-error", "frame it"],
        ["protocol-error", "frame 'sender'"],
      ],
      "an event of a newer companion is none",
    );
  });

  test("a frame that breaks the websocket itself is a violation, and ends the connection", async () => {
    await using companion = await EchoCompanion.listen();
    await using client = await MockAndroidClient.connect({ ...options(companion), onError: () => undefined });
    const closed = client.calls.waitFor(({ kind }) => kind === "closed");
    companion.sendRaw(Buffer.from([0xff, 0xfe]));
    await closed;
    assert.deepEqual(
      [...client.violations].map(({ rule, subject }) => [rule, subject]),
      [["protocol-error", "frame the websocket"]],
    );
  });
});
