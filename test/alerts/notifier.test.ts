import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { SeededRandom } from "../../lib/base/random.ts";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import type { Alert, AlertChange } from "../../lib/alerts/alert.ts";
import { type AlertChannel, type AlertMessage, ChannelError } from "../../lib/alerts/channel.ts";
import { AlertNotifier, type AlertNotifierOptions } from "../../lib/alerts/notifier.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

function change(
  rule: string,
  state: "firing" | "resolved",
  at: number,
  rest: Partial<Alert> = {},
): AlertChange {
  const times = state === "resolved" ? { firedAt: at - 1, resolvedAt: at } : { firedAt: at };
  const alert: Alert = {
    id: rule,
    rule,
    level: "warning",
    state,
    labels: {},
    message: rule,
    activeAt: 0,
    ...times,
    ...rest,
  };
  return { alert, previous: "pending", notify: true };
}

/** A channel that keeps what it was given, and fails as it is told. */
class Recorder implements AlertChannel {
  readonly name: string;
  readonly messages: AlertMessage[] = [];
  attempts = 0;
  failure: (() => Promise<void>) | undefined;

  constructor(name = "recorder") {
    this.name = name;
  }

  async send(message: AlertMessage): Promise<void> {
    this.attempts++;
    await this.failure?.();
    this.messages.push(message);
  }

  get said(): string[] {
    return this.messages.map(({ alerts }) => alerts.map(({ id, state }) => `${id} ${state}`).join(", "));
  }
}

function notify(
  channels: readonly AlertChannel[],
  rest: Partial<AlertNotifierOptions> = {},
): { clock: VirtualClock; notifier: AlertNotifier } {
  const clock = new VirtualClock({ startMs: 0 });
  const notifier = new AlertNotifier({ channels, clock, random: new SeededRandom(1), ...rest });
  return { clock, notifier };
}

suite("AlertNotifier", () => {
  test("makes one message of a group's notices that come together, and none of what nobody is to be told", async () => {
    const channel = new Recorder();
    const { clock, notifier } = notify([channel]);
    notifier.add(change("a", "firing", 0, { group: "memory" }));
    notifier.add(change("b", "firing", 0, { group: "memory" }));
    notifier.add(change("c", "firing", 0));
    notifier.add({ ...change("d", "firing", 0), notify: false });
    notifier.add(change("a", "firing", 0, { group: "memory" })); // the same once more
    assert.equal(notifier.channels[0]?.pending, 3);
    await clock.advance(2 * SECOND);
    assert.deepEqual(channel.said, ["a firing, b firing", "c firing"]);
    assert.deepEqual(
      channel.messages.map(({ group }) => group),
      ["memory", "c"],
    );
    assert.equal(notifier.channels[0]?.pending, 0);
    notifier.add(change("a", "firing", 0, { group: "memory" })); // and after it was delivered
    await clock.advance(MINUTE);
    assert.equal(channel.messages.length, 2);
  });

  test("a channel that hangs or fails delays no other, is told of once, and gets all of it in order when it works", async () => {
    const [hanging, failing, good] = [new Recorder("hanging"), new Recorder("failing"), new Recorder("good")];
    const errors: unknown[] = [];
    const { clock, notifier } = notify([hanging, failing, good], {
      timeoutMs: 20,
      onError: (error) => errors.push(error),
    });
    hanging.failure = () => new Promise(() => {});
    failing.failure = () => Promise.reject(new ChannelError("failing", "answered 503"));
    notifier.add(change("a", "firing", 0));
    await clock.advance(3 * SECOND);
    assert.deepEqual(good.said, ["a firing"]);
    await clock.advance(10 * MINUTE);
    notifier.add(change("a", "resolved", clock.now()));
    await clock.advance(10 * MINUTE);
    assert.deepEqual(good.said, ["a firing", "a resolved"]);
    assert.ok(failing.attempts >= 5 && failing.attempts <= 15, String(failing.attempts));
    assert.equal(errors.length, 2);
    assert.match(
      notifier.channels[0]?.lastError ?? "",
      /^Cannot send alerts by hanging: it took longer than 20 ms$/,
    );
    hanging.failure = failing.failure = undefined;
    await clock.advance(11 * MINUTE);
    assert.deepEqual([hanging.said, failing.said], [good.said, good.said]);
    assert.equal(notifier.channels[1]?.lastError, undefined);
  });

  test("what a receiver will never take, and what has been tried for a day, is a dead letter", async () => {
    const channel = new Recorder();
    const { clock, notifier } = notify([channel]);
    channel.failure = () =>
      Promise.reject(new ChannelError("recorder", "answered 404", { status: 404, isFinal: true }));
    notifier.add(change("a", "firing", 0));
    await clock.advance(MINUTE);
    assert.equal(channel.attempts, 1);
    channel.failure = () => Promise.reject(new Error("no route"));
    notifier.add(change("b", "firing", clock.now()));
    await clock.advance(25 * HOUR);
    const [status] = notifier.channels;
    assert.equal(status?.pending, 0);
    assert.deepEqual(
      status?.deadLetters.map(({ alert, reason }) => `${alert.id}: ${reason}`),
      ["a: Cannot send alerts by recorder: answered 404", "b: no route"],
    );
  });

  test("waits as long as the receiver asks", async () => {
    const channel = new Recorder();
    const { clock, notifier } = notify([channel]);
    channel.failure = () =>
      Promise.reject(new ChannelError("recorder", "answered 429", { retryAfterMs: HOUR }));
    notifier.add(change("a", "firing", 0));
    await clock.advance(59 * MINUTE);
    assert.equal(channel.attempts, 1);
    channel.failure = undefined;
    await clock.advance(2 * MINUTE);
    assert.deepEqual(channel.said, ["a firing"]);
  });

  test("sends no more a minute than a channel takes, and loses none", async () => {
    const channel = Object.assign(new Recorder(), { maxPerMinute: 3 });
    const { clock, notifier } = notify([channel]);
    for (let i = 0; i < 10; i++) notifier.add(change(`a${i}`, "firing", i));
    await clock.advance(30 * SECOND);
    assert.equal(channel.messages.length, 3);
    await clock.advance(MINUTE);
    assert.equal(channel.messages.length, 6);
    await clock.advance(2 * MINUTE);
    assert.equal(channel.messages.length, 10);
  });

  test("a channel gets what it wants: by level, and by labels", async () => {
    const critical = Object.assign(new Recorder("critical"), { minimumLevel: "critical" as const });
    const night = Object.assign(new Recorder("night"), {
      matchers: [{ label: "team", op: "=", value: "night" }] as const,
    });
    const { clock, notifier } = notify([critical, night]);
    notifier.add(change("a", "firing", 0, { level: "critical" }));
    notifier.add(change("b", "firing", 0, { ruleLabels: { team: "night" } }));
    await clock.advance(MINUTE);
    assert.deepEqual([critical.said, night.said], [["a firing"], ["b firing"]]);
  });

  test("what is owed survives a kill, and what was delivered is not sent again", async () => {
    const channel = new Recorder();
    const before = notify([channel]);
    before.notifier.add(change("a", "firing", 0));
    await before.clock.advance(3 * SECOND);
    channel.failure = () => Promise.reject(new Error("down"));
    before.notifier.add(change("a", "resolved", 5));
    await before.clock.advance(3 * SECOND);
    const saved: unknown = JSON.parse(JSON.stringify(before.notifier));
    await before.notifier[Symbol.asyncDispose]();

    channel.failure = undefined;
    const after = notify([channel]);
    after.notifier.restore(saved);
    after.notifier.add(change("a", "firing", 0)); // as an engine of before the kill may say again
    await after.clock.advance(HOUR);
    assert.deepEqual(channel.said, ["a firing", "a resolved"]);
    for (const bad of [
      null,
      {},
      { version: 2, channels: [] },
      { version: 1, channels: [{ channel: "x" }] },
    ]) {
      assert.throws(() => after.notifier.restore(bad), { name: "TypeError" });
    }
  });

  test("what was put off before the clock was set back is due, and a host that throws stops nothing", async () => {
    const channel = new Recorder();
    const { clock, notifier } = notify([channel], {
      onChange: () => {
        throw new Error("the store is closed");
      },
      onError: () => {
        throw new Error("and nobody listens");
      },
    });
    const { alert } = change("a", "firing", 0);
    const entry = { key: "a@0:firing", alert, addedAt: 9e9, attempts: 3, nextAt: 9e9 };
    const saved = { channel: "recorder", entries: [entry], deadLetters: [], sent: [] };
    notifier.restore({ version: 1, channels: [saved] });
    notifier.add(change("b", "firing", 0));
    await clock.advance(MINUTE);
    assert.deepEqual(channel.said.toSorted(), ["a firing", "b firing"]);
  });

  test("sends what fires again to a receiver that takes silence for the end", async () => {
    const channel = Object.assign(new Recorder(), { repeatMs: MINUTE });
    const { clock, notifier } = notify([channel]);
    const { alert } = change("a", "firing", 0);
    let alerts: readonly Alert[] = [{ ...alert, notified: true }];
    notifier.repeatFrom(() => alerts);
    await clock.advance(3 * MINUTE);
    assert.deepEqual(channel.said, ["a firing", "a firing", "a firing"]);
    alerts = [];
    await clock.advance(3 * MINUTE);
    assert.equal(channel.messages.length, 3);
  });

  test("a channel can be tried, and says what is wrong with it", async () => {
    const channel = new Recorder();
    const { notifier } = notify([channel]);
    await notifier.test("recorder");
    assert.equal(channel.messages[0]?.isTest, true);
    channel.failure = () => Promise.reject(new ChannelError("recorder", "answered 401"));
    await assert.rejects(notifier.test("recorder"), {
      message: "Cannot send alerts by recorder: answered 401",
    });
    await assert.rejects(notifier.test("mail"), {
      name: "RangeError",
      message: /must be one of recorder, got mail/,
    });
    assert.throws(() => notify([channel, channel]), { name: "TypeError", message: /got recorder twice/ });
  });
});
