import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { systemClock } from "../../lib/base/system_clock.ts";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { ClockLedger } from "../../lib/mocks/_clock_ledger.ts";

const ENDLESS_MS = 3_600_000;

suite("ClockLedger", () => {
  test("the clock stands until the hold is disposed", async () => {
    const clock = new VirtualClock({ startMs: 0 });
    const hold = ClockLedger.of(clock).hold("reply");
    assert.deepEqual(clock.inFlight, ["reply"]);
    let firedAfterReply = false;
    let answered = false;
    clock.setTimer(() => (firedAfterReply = answered), 10);
    const advancing = clock.advance(10);
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    answered = true;
    hold[Symbol.dispose]();
    await advancing;
    assert.ok(firedAfterReply);
    assert.equal(hold.isOpen, false);
  });

  test("a wait on behalf of the held message lets the clock go on", async () => {
    const clock = new VirtualClock();
    const ledger = ClockLedger.of(clock);
    const hold = ledger.hold("reply", ENDLESS_MS);
    const waiting = ledger.waiting(clock.sleep(1000)).then(() => hold[Symbol.dispose]());
    await clock.advance(1000);
    await waiting;
    assert.deepEqual(clock.inFlight, []);
  });

  test("a message that is queued behind a waiting one does not stop the clock for good", async () => {
    await using _alive = keepAlive();
    const clock = new VirtualClock();
    const ledger = ClockLedger.of(clock);
    const [first, second] = [ledger.hold("first", ENDLESS_MS), ledger.hold("second", ENDLESS_MS)];
    const work = (async () => {
      for (const hold of [first, second]) {
        await ledger.waiting(clock.sleep(1000));
        hold[Symbol.dispose]();
      }
    })();
    await clock.advance(2000);
    await work;
    assert.deepEqual(clock.inFlight, []);
  });

  test("a message that is never answered holds the clock no longer than its patience", async () => {
    const clock = new VirtualClock();
    const hold = ClockLedger.of(clock).hold("nobody answers", 60);
    await using _alive = keepAlive();
    await clock.advance(1);
    assert.equal(hold.isOpen, false);
  });

  test("a companion that pauses on the clock before it answers is let on, and no further", async () => {
    await using _alive = keepAlive();
    const clock = new VirtualClock();
    const hold = ClockLedger.of(clock).hold("reply", ENDLESS_MS);
    const answer = clock.sleep(700).then(() => {
      hold[Symbol.dispose]();
      return clock.monotonicMs();
    });
    await clock.advance(3_600_000);
    assert.equal(await answer, 700);
  });

  test("what runs on real time is waited for with the clock standing still", async () => {
    await using _alive = keepAlive();
    const clock = new VirtualClock();
    const hold = ClockLedger.of(clock).hold("reconnection", ENDLESS_MS, { standsStill: true });
    const advancing = clock.advance(1000);
    await systemClock.sleep(200);
    assert.equal(clock.monotonicMs(), 0);
    hold[Symbol.dispose]();
    await advancing;
  });

  test("mocks on one clock share it, and real time is not held", () => {
    const clock = new VirtualClock();
    assert.equal(ClockLedger.of(clock), ClockLedger.of(clock));
    assert.equal(ClockLedger.of(systemClock).hold("x").isOpen, false);
  });
});

// The ledger's own timer does not keep a process alive; in earnest the mocks' sockets do.
function keepAlive(): AsyncDisposable {
  const timer = systemClock.setTimer(() => {}, 60_000);
  return { [Symbol.asyncDispose]: () => Promise.resolve(timer.cancel()) };
}
