import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { DeadlineError } from "../../../lib/base/deadline.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { ClockLedger } from "../../../lib/mocks/_clock_ledger.ts";
import { AndroidClosedError } from "../../../lib/mocks/android/_android_errors.ts";
import type { AndroidV1Options } from "../../../lib/mocks/android/android_options.ts";
import { MockAndroidClient } from "../../../lib/mocks/android/mock_android_client.ts";
import { formatViolation } from "../../../lib/mocks/violations.ts";
import { ChatCompanion, type Defects } from "./_chat_companion.ts";

interface Setting extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly companion: ChatCompanion;
  readonly app: MockAndroidClient;
  connect(options?: Partial<AndroidV1Options>): Promise<MockAndroidClient>;
}

async function meet(defects: Defects = {}, options: Partial<AndroidV1Options> = {}): Promise<Setting> {
  await using ends = new AsyncDisposableStack();
  let owner: AsyncDisposableStack = ends;
  const clock = new VirtualClock();
  const companion = ends.use(await ChatCompanion.listen(defects));
  const ada = { url: companion.url, clock, email: "ada@example.org", password: "x", deviceName: "phone" };
  const connect = async (more: Partial<AndroidV1Options> = {}): Promise<MockAndroidClient> =>
    owner.use(await MockAndroidClient.connect({ ...ada, replyPatienceMs: 10, ...options, ...more }));
  const app = await connect();
  owner = ends.move();
  return { clock, companion, app, connect, [Symbol.asyncDispose]: () => owner.disposeAsync() };
}

/** Three messages written without a network, sent when it is back, and all the time that they may need. */
async function queueThree({ app, clock }: Setting): Promise<void> {
  app.goOffline();
  for (const text of ["one", "two", "three"]) app.send(text);
  assert.equal(app.queued, 3);
  await app.comeBack();
  assert.equal(app.queued, 0);
  await app.ping().catch(() => undefined); // what was sent before is taken
  await clock.advance(300_000);
  await app.checkDelivery();
}

function rulesOf({ app }: Setting): readonly string[] {
  return [...app.violations].map(({ rule, subject }) => `${rule}: ${subject}`);
}

suite("MockAndroidClient without a network", () => {
  test("queues what is written, and sends it once and in order when it is back", async () => {
    await using setting = await meet();
    await queueThree(setting);
    assert.deepEqual(setting.companion.contents, ["one", "re: one", "two", "re: two", "three", "re: three"]);
    assert.deepEqual(rulesOf(setting), []);
    const replies = [];
    for (let i = 0; i < 3; i++) replies.push((await setting.app.nextReply()).content);
    assert.deepEqual(replies, ["re: one", "re: two", "re: three"]);
  });

  test("what the companion said meanwhile is there when it comes back, once", async () => {
    await using setting = await meet();
    const { app, companion } = setting;
    await app.sendAndWait("hello");
    app.goOffline();
    assert.deepEqual([app.isDown, app.isConnected, app.state], [true, false, "offline"]);
    companion.say("are you there?");
    const missed = await app.comeBack();
    assert.deepEqual(
      missed.map(({ content }) => content),
      ["are you there?"],
    );
    assert.equal((await app.nextReply()).content, "are you there?");
    const again = await app.comeBack();
    assert.deepEqual(again, []);
    assert.equal(app.messages.filter(({ content }) => content === "are you there?").length, 1);
  });

  test("goes to the background with a goodbye, and an outage ends on the clock", async () => {
    await using setting = await meet();
    const { app, clock, companion } = setting;
    await app.goToBackground();
    assert.deepEqual([app.state, app.closeCode], ["background", 1000]);
    app.send("written behind another app");
    await app.comeBack();
    assert.equal((await app.nextReply()).content, "re: written behind another app");
    const back = app.outage(60_000, { kind: "reset" });
    app.send("in the tunnel");
    await clock.advance(59_999);
    assert.equal(companion.contents.includes("in the tunnel"), false);
    await clock.advanceUntil(back);
    assert.equal((await app.nextReply()).content, "re: in the tunnel");
    await assert.rejects(app.outage(-1), /'durationMs' must be >= 0, got -1/);
  });

  test("comes back by itself where it is told to", async () => {
    const autoReconnect = { initialMs: 1, jitterRatio: 0 };
    await using setting = await meet({}, { autoReconnect, onError: () => undefined });
    const { app, companion } = setting;
    const closed = app.calls.waitFor(({ kind }) => kind === "closed");
    const opened = app.calls.waitFor(({ kind }) => kind === "opened");
    companion.dropConnections();
    await closed;
    app.send("meanwhile");
    await opened;
    assert.equal((await app.nextReply()).content, "re: meanwhile");
  });

  test("a disposed client says so", async () => {
    await using setting = await meet();
    await setting.app[Symbol.asyncDispose]();
    assert.throws(() => setting.app.goOffline(), AndroidClosedError);
    await assert.rejects(setting.app.comeBack(), AndroidClosedError);
  });
});

suite("MockAndroidClient with several devices of a user", () => {
  test("all see all messages of both sides once, and share what is read", async () => {
    await using setting = await meet({}, { autoRead: false });
    const { app, connect, companion } = setting;
    const tablet = await connect({ deviceName: "tablet" });
    const [first] = [await app.sendAndWait("from the phone"), await tablet.nextReply()];
    await tablet.sendAndWait("from the tablet");
    await app.nextReply();
    assert.deepEqual(
      tablet.messages.map(({ content }) => content),
      ["from the phone", "re: from the phone", "re: from the tablet"],
    );
    assert.deepEqual([app.unread.length, tablet.unread.length], [2, 2]);
    tablet.markRead(first.id);
    await tablet.ping();
    assert.deepEqual(companion.receipts, [first.id]);
    assert.deepEqual([app.unread.length, tablet.unread.length], [2, 1]);
    await app.comeBack();
    assert.equal(app.unread.length, 1, "the history says what was read elsewhere");
    assert.deepEqual([...app.violations, ...tablet.violations], []);
  });
});

suite("MockAndroidClient, violations", () => {
  for (const [name, defects, expected] of [
    ["a queued message that is forgotten", { forgets: [2] }, ["message-lost: queued message"]],
    ["queued messages that are met with silence", { isMute: true }, ["message-lost: queued message"]],
    [
      "queued messages that are taken in another order",
      { takesLate: [1] },
      ["message-out-of-order: queued message"],
    ],
    ["a queued message that is taken twice", { takesTwice: [2] }, ["double-reply: message taken twice"]],
  ] as const) {
    test(`${name} is one`, async () => {
      await using setting = await meet(defects);
      await queueThree(setting);
      const found = rulesOf(setting);
      assert.deepEqual(found, expected);
    });
  }

  for (const [repliesTwice, subject] of [
    ["same", "same message"],
    ["another", "same words"],
  ] as const) {
    test(`a reply that comes twice under ${repliesTwice} id is one`, async () => {
      await using setting = await meet({ repliesTwice });
      await setting.app.sendAndWait("a secret");
      await setting.app.ping();
      const [violation] = setting.app.violations;
      assert.deepEqual([violation?.rule, violation?.subject], ["double-reply", subject]);
      assert.doesNotMatch(formatViolation(violation!), /secret/, "what people write is not told");
      const shown = setting.app.messages.filter(({ sender }) => sender === "demi").length;
      assert.equal(shown, repliesTwice === "same" ? 1 : 2);
    });
  }

  for (const [name, defects] of [
    ["one reply to several messages", { merges: 3 }],
    ["a history without the user's side", { hidesUser: true }],
    ["one reply and no history of the user", { hidesUser: true, merges: 3 }],
  ] as const) {
    test(`${name} is none`, async () => {
      await using setting = await meet(defects);
      await queueThree(setting);
      assert.deepEqual(rulesOf(setting), []);
    });
  }

  test("several messages put together into one are none, nor is one that is told again when it was read", async () => {
    await using setting = await meet({ tellsWhenRead: true });
    const { app, companion } = setting;
    await app.sendAndWait("hello"); // from now on it is known that the history has the user's side
    await app.ping();
    companion.defects = { joins: 3 };
    await queueThree(setting);
    assert.equal(companion.contents.includes("one\ntwo\nthree"), true);
    assert.deepEqual(rulesOf(setting), []);
    await app.nextReply();
    const none = assert.rejects(app.nextReply({ timeoutMs: 5 }), DeadlineError);
    await setting.clock.advance(5);
    await none;
  });

  test("the same words on two devices, and again on another day, are none", async () => {
    await using setting = await meet();
    const { app, connect, companion } = setting;
    const tablet = await connect({ deviceName: "tablet" });
    for (const device of [app, tablet, app]) await device.sendAndWait("hello");
    await app.comeBack();
    const later = await connect({ deviceName: "watch" });
    await later.sendAndWait("hello");
    await later.comeBack();
    companion.say("just so");
    companion.say("just so on my own accord");
    await app.ping();
    assert.deepEqual([...app.violations, ...tablet.violations, ...later.violations], []);
  });

  test("a message that was on its way when the connection broke is none", async () => {
    await using setting = await meet({ forgets: [2] });
    const { app, clock, companion } = setting;
    await app.sendAndWait("hello");
    app.send("into the crash");
    companion.dropConnections();
    await app.calls.waitFor(({ kind }) => kind === "closed", { timeoutMs: 1e9 });
    await clock.advance(3_600_000);
    await app.comeBack();
    assert.deepEqual(rulesOf(setting), []);
  });

  test("a message that is forgotten is one when asked after its time, and not before", async () => {
    await using setting = await meet({ forgets: [2] });
    const { app, clock } = setting;
    await app.sendAndWait("hello");
    app.send("forgotten");
    await app.ping();
    await app.sendAndWait("after it");
    assert.deepEqual(await app.checkDelivery(), []);
    await clock.advance(300_000);
    const found = await app.checkDelivery();
    assert.deepEqual(
      found.map(({ rule, subject }) => [rule, subject]),
      [["message-lost", "message"]],
    );
    app.goOffline();
    await assert.rejects(app.checkDelivery(), AndroidClosedError);
  });

  test("a ping without a pong is one", async () => {
    await using setting = await meet({ isDeafToPings: true });
    await assert.rejects(setting.app.ping({ timeoutMs: 1 }), DeadlineError);
    assert.deepEqual(rulesOf(setting), ["missing-heartbeat: pong"]);
  });
});

suite("MockAndroidClient, faults", () => {
  test("a message is sent twice, or behind the next one, and that is the app's doing", async () => {
    await using setting = await meet();
    const { app, companion, clock } = setting;
    app.injectFault({ kind: "duplicate-send" }, { times: 1 });
    app.send("twice");
    app.injectFault({ kind: "out-of-order" }, { times: 1 });
    app.send("first");
    app.send("second");
    await app.ping();
    const users = companion.history.filter(({ sender }) => sender === "user").map(({ content }) => content);
    assert.deepEqual(users, ["twice", "twice", "second", "first"]);
    app.injectFault({ kind: "out-of-order" }, { times: 1 });
    app.send("alone");
    await clock.advance(1000);
    await app.ping();
    assert.equal(companion.contents.includes("alone"), true);
    await app.readHistory();
    assert.deepEqual(rulesOf(setting), []);
    assert.deepEqual(
      [...app.faultLog].map(({ kind }) => kind),
      ["duplicate-send", "out-of-order", "out-of-order"],
    );
  });

  test("the error that answers garbage does not count as the answer to a message", async () => {
    await using setting = await meet({ isMute: true }, { replyPatienceMs: 5000 });
    const { app, clock } = setting;
    app.injectFault({ kind: "garbage-frame" }, { times: 1 });
    app.send("hello");
    await app.ping();
    assert.deepEqual(app.errors, ["that is no frame"]);
    assert.equal(ClockLedger.of(clock).isHolding, true, "hello is not answered yet");
  });

  test("a slow reader reads later, a half-open one never", async () => {
    await using setting = await meet();
    const { app, clock } = setting;
    const slow = app.injectFault({ kind: "slow-reader", ms: 5000 }, { times: 1 });
    const reply = app.sendAndWait("hello");
    assert.equal(slow.isOver, true);
    assert.equal(app.messages.length, 0);
    await clock.advance(5000);
    assert.equal((await reply).content, "re: hello");
    app.injectFault({ kind: "half-open" }, { times: 1 });
    app.send("unheard");
    await assert.rejects(app.ping({ timeoutMs: 1 }), DeadlineError);
    assert.deepEqual(rulesOf(setting), [], "it is the app that does not read");
    await app.comeBack();
    assert.equal(app.messages.at(-1)?.content, "re: unheard");
  });
});
