import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";

suite("VirtualClock", () => {
  test("fires timers at their own time, in order of due time and then of setting", async () => {
    const clock = new VirtualClock({ startMs: 1000 });
    const seen: string[] = [];
    clock.setTimer(() => seen.push(`c@${clock.now()}`), 30);
    clock.setTimer(() => seen.push(`a@${clock.now()}`), 10);
    clock.setTimer(() => seen.push(`b@${clock.now()}`), 10);
    await clock.advance(29);
    assert.deepEqual(seen, ["a@1010", "b@1010"]);
    await clock.advance(1);
    assert.deepEqual(seen, ["a@1010", "b@1010", "c@1030"]);
    assert.equal(clock.now(), 1030);
  });

  test("tells the time in whole milliseconds, as Date.now() does", async () => {
    const clock = new VirtualClock({ startMs: 1000 });
    await clock.advance(0.7);
    assert.equal(clock.now(), 1000);
    assert.equal(clock.monotonicMs(), 0.7);
    await clock.advance(0.7);
    assert.equal(clock.now(), 1001);
  });

  test("runs what a timer sets off before it goes on, sleeps within sleeps included", async () => {
    const clock = new VirtualClock({ startMs: 0 });
    const woken: number[] = [];
    const loop = (async () => {
      for (let i = 0; i < 4; i++) {
        await clock.sleep(25);
        woken.push(clock.now());
      }
    })();
    await clock.advance(100);
    await loop;
    assert.deepEqual(woken, [25, 50, 75, 100]);
  });

  test("stands still while a real request is in flight", async () => {
    await using server = createServer((_request, response) => void response.end("pong")).listen(
      0,
      "127.0.0.1",
    );
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const clock = new VirtualClock({ startMs: 0 });
    let answeredAt = -1;
    clock.setTimer(() => {
      const request = fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
      void clock.track(
        request.then((r) => r.text()).then(() => (answeredAt = clock.now())),
        "ping",
      );
    }, 10);
    clock.setTimer(() => assert.equal(answeredAt, 10, "time went on before the answer was there"), 11);
    await clock.advance(60_000);
    assert.equal(answeredAt, 10);
  });

  test("names the work that holds it", () => {
    const clock = new VirtualClock();
    void clock.track(new Promise(() => {}), "reply of discord");
    assert.deepEqual(clock.inFlight, ["reply of discord"]);
  });

  test("repeats, and a callback can cancel its own timer", async () => {
    const clock = new VirtualClock();
    let ticks = 0;
    const timer = clock.setRepeating(() => {
      if (++ticks === 3) timer.cancel();
    }, 1000);
    await clock.advance(10_000);
    assert.equal(ticks, 3);
    assert.equal(clock.pendingTimers, 0);
  });

  test("lets go of cancelled timers", () => {
    const clock = new VirtualClock();
    for (let i = 0; i < 10_000; i++) clock.setTimer(() => {}, i).cancel();
    assert.equal(clock.pendingTimers, 0);
  });

  test("an aborted sleep rejects with the reason itself", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(1000, { signal: controller.signal });
    const reason = new Error("enough");
    controller.abort(reason);
    await assert.rejects(sleeping, (error) => error === reason);
    assert.equal(clock.pendingTimers, 0);
  });

  test("passes on what a timer throws, standing at that timer's time", async () => {
    const clock = new VirtualClock({ startMs: 0 });
    clock.setTimer(() => {
      throw new Error("broken");
    }, 5);
    await assert.rejects(clock.advance(10), /broken/);
    assert.equal(clock.now(), 5);
  });

  test("refuses to go back, and to be advanced twice at once", async () => {
    const clock = new VirtualClock();
    await assert.rejects(clock.advance(-1), { name: "RangeError" });
    const first = clock.advance(1);
    await assert.rejects(clock.advance(1), /being advanced already/);
    await first;
  });

  test("passes until a piece of work is done, and no further", async () => {
    const clock = new VirtualClock();
    const started = clock.now();
    const answer = clock.sleep(1234).then(() => "answer");
    clock.setTimer(() => assert.fail("went on"), 1235);
    assert.equal(await clock.advanceUntil(answer), "answer");
    assert.equal(clock.now() - started, 1234);
  });

  test("several pieces of work are waited for at once, also while it is being advanced", async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    const note = (what: string, ms: number): Promise<void> =>
      clock.advanceUntil(clock.sleep(ms).then(() => void order.push(what)));
    const all = [note("third", 30), note("first", 10), note("second", 20)];
    await clock.advance(15);
    assert.deepEqual(order, ["first"]);
    await Promise.all(all);
    assert.deepEqual(order, ["first", "second", "third"]);
    assert.equal(clock.monotonicMs(), 30);
  });

  test("work that takes too long is given up, and its failure is passed on", async () => {
    const clock = new VirtualClock();
    await assert.rejects(clock.advanceUntil(Promise.reject(new Error("broken"))), /broken/);
    await assert.rejects(
      clock.advanceUntil(clock.sleep(6000), { limitMs: 5000 }),
      /must settle within 5000 ms/,
    );
  });

  test("waits for the outside when none of its timers can settle the work", async () => {
    const clock = new VirtualClock();
    const outside = new Promise<string>((resolve) => setImmediate(() => setImmediate(resolve, "done")));
    assert.equal(await clock.advanceUntil(outside), "done");
    assert.equal(clock.monotonicMs(), 0);
  });

  test("takes another clock along, in steps, and never runs ahead of it", async () => {
    const [clock, other] = [new VirtualClock(), new VirtualClock()];
    using following = clock.follow((ms) => other.advance(ms), { maxStepMs: 400 });
    const seen: number[] = [];
    clock.setRepeating(() => seen.push(other.monotonicMs() - clock.monotonicMs()), 1000);
    let mostApartMs = 0;
    other.setRepeating(() => {
      mostApartMs = Math.max(mostApartMs, other.monotonicMs() - clock.monotonicMs());
    }, 100);
    await clock.advance(3000);
    assert.deepEqual(seen, [0, 0, 0]);
    assert.equal(mostApartMs, 400);
    assert.equal(other.monotonicMs(), 3000);
    following[Symbol.dispose]();
    await clock.advance(1000);
    assert.equal(other.monotonicMs(), 3000);
  });
});
