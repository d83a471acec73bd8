import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { AndroidAuthError } from "../../../lib/mocks/android/_android_errors.ts";
import { MockAndroidClient } from "../../../lib/mocks/android/mock_android_client.ts";
import { formatViolation } from "../../../lib/mocks/violations.ts";
import { MobileCompanion } from "./_mobile_companion.ts";

suite("MockAndroidClient with the older mobile API", () => {
  test("logs in, chats, and hears of emotions over both ways", async () => {
    await using companion = await MobileCompanion.listen();
    const { url } = companion;
    await using app = await MockAndroidClient.connect({ url, protocol: "mobile", userId: "ada lovelace" });
    assert.deepEqual([app.userId, app.sessionId], ["ada lovelace", "s1"]);
    const reply = await app.sendAndWait("hello");
    assert.equal(reply.content, "re: hello");
    assert.equal(reply.createdAt, Date.UTC(2026, 0, 1, 0, 0, 1));
    assert.deepEqual(reply.audio, { url: "/audio/1.wav", durationMs: 1500 });
    assert.deepEqual(companion.received, [{ message: "hello" }]);
    await app.ping(); // the websocket's own: the API has none
    assert.equal(app.lastEmotions?.["excitement"], 0.8);
    assert.equal((await app.fetchEmotions())["loneliness"], 0.3);
    assert.deepEqual(companion.requests, [
      "POST /api/auth/login?user_id=ada%20lovelace",
      "WS /ws/chat/ada%20lovelace",
      "GET /api/user/emotions?user_id=ada%20lovelace",
    ]);
    assert.deepEqual([...app.violations], []);
  });

  test("queues without a network, and tells unread messages", async () => {
    await using companion = await MobileCompanion.listen();
    const { url } = companion;
    const options = { url, protocol: "mobile", userId: "ada", autoRead: false } as const;
    await using app = await MockAndroidClient.connect(options);
    app.goOffline();
    app.send("one");
    app.send("two");
    await app.comeBack();
    const replies = [await app.nextReply(), await app.nextReply()];
    assert.deepEqual(
      replies.map(({ content }) => content),
      ["re: one", "re: two"],
    );
    assert.equal(app.unread.length, 2);
    app.markRead(replies[0]!.id);
    assert.equal(app.unread.length, 1);
    assert.equal(await app.readHistory(), undefined);
  });

  test("what it does not have is refused", async () => {
    await using companion = await MobileCompanion.listen();
    const { url } = companion;
    const refused = MockAndroidClient.connect({ url, protocol: "mobile", userId: "nobody" });
    await assert.rejects(refused, (error) => error instanceof AndroidAuthError && error.status === 403);
    await using app = await MockAndroidClient.connect({ url, protocol: "mobile", userId: "ada" });
    await assert.rejects(app.refreshTokens(), /'protocol' must be v1, got mobile/);
  });

  test("frames that break the protocol are violations, whatever they are, and the chat goes on", async () => {
    await using companion = await MobileCompanion.listen();
    const { url } = companion;
    let told = 0;
    const onError = (): void => void told++;
    await using app = await MockAndroidClient.connect({ url, protocol: "mobile", userId: "ada", onError });
    const frame = fc.oneof(
      fc.string(),
      fc.uint8Array(),
      fc.json(),
      fc
        .record({
          type: fc.constantFrom("message", "typing", "emotions", "error", "connected", "dance"),
          content: fc.jsonValue(),
          from: fc.constantFrom("demi", "eve", 1),
          timestamp: fc.oneof(fc.string(), fc.double(), fc.constant({ toString: 1 })),
          emotions: fc.jsonValue(),
        })
        .map((each) => JSON.stringify(each)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 20 }), async (frames) => {
        for (const each of frames) companion.sendRaw(each);
        await app.ping();
      }),
      { numRuns: 40, seed: 3 },
    );
    assert.ok(told > 50, String(told));
    companion.sendRaw(JSON.stringify({ type: "message", content: 7, from: "the secret lover" }));
    await app.ping();
    const rules = [...app.violations].map(({ rule }) => rule);
    assert.deepEqual([...new Set(rules)], ["protocol-error"]);
    assert.doesNotMatch([...app.violations].map(formatViolation).join("\n"), /secret/);
    await app.sendAndWait("hello");
    assert.equal(app.isConnected, true);
  });
});
