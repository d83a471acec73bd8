import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { Backoff } from "../../lib/base/backoff.ts";
import { DeadlineError, withDeadline } from "../../lib/base/deadline.ts";
import { formatBytes, formatDuration, formatRatio } from "../../lib/base/format.ts";
import { RingBuffer } from "../../lib/base/ring_buffer.ts";
import { systemClock } from "../../lib/base/system_clock.ts";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";

suite("RingBuffer", () => {
  test("keeps the newest, oldest first, and hands back what it displaces", () => {
    const buffer = new RingBuffer<number>(3);
    assert.deepEqual(
      [1, 2, 3, 4, 5].map((n) => buffer.push(n)),
      [undefined, undefined, undefined, 1, 2],
    );
    assert.deepEqual([...buffer], [3, 4, 5]);
    assert.deepEqual(
      [buffer.at(0), buffer.at(-1), buffer.at(3), buffer.at(-4)],
      [3, 5, undefined, undefined],
    );
    buffer.clear();
    assert.deepEqual([...buffer], []);
    buffer.push(9);
    assert.deepEqual([...buffer], [9]);
  });

  test("refuses a capacity that is no count", () => {
    for (const capacity of [0, -1, 1.5, NaN])
      assert.throws(() => new RingBuffer(capacity), { name: "RangeError" });
  });
});

suite("withDeadline()", () => {
  test("gives the result of work that ends in time, and leaves no timer", async () => {
    const clock = new VirtualClock();
    assert.equal(await withDeadline("answer", 1000, async () => 42, { clock }), 42);
    assert.equal(clock.pendingTimers, 0);
  });

  test("ends work that takes too long, and tells it", async () => {
    const clock = new VirtualClock();
    let told: unknown;
    const work = (signal: AbortSignal): Promise<never> => {
      signal.addEventListener("abort", () => (told = signal.reason));
      return new Promise(() => {});
    };
    const outcome = assert.rejects(withDeadline("fetch the model list", 500, work, { clock }), {
      name: "DeadlineError",
      message: "Cannot fetch the model list: it took longer than 500 ms",
    });
    await clock.advance(500);
    await outcome;
    assert.ok(told instanceof DeadlineError);
  });

  test("passes an abort from outside on, unwrapped", async () => {
    const controller = new AbortController();
    const reason = new Error("shutting down");
    const clock = new VirtualClock();
    const waiting = withDeadline("wait", 1000, () => new Promise(() => {}), {
      clock,
      signal: controller.signal,
    });
    controller.abort(reason);
    await assert.rejects(waiting, (error) => error === reason);
    assert.equal(clock.pendingTimers, 0);
  });
});

suite("Backoff", () => {
  test("doubles up to its limit, and starts again after a success", () => {
    const backoff = new Backoff({ initialMs: 100, maxMs: 500, jitterRatio: 0 });
    assert.deepEqual(
      [1, 2, 3, 4, 5].map(() => backoff.next()),
      [100, 200, 400, 500, 500],
    );
    backoff.reset();
    assert.equal(backoff.next(), 100);
  });

  test("takes its jitter off the full delay", () => {
    const backoff = new Backoff({ initialMs: 100, jitterRatio: 0.5, random: { next: () => 0.5 } });
    assert.equal(backoff.next(), 75);
  });

  test("refuses options that make no sense", () => {
    assert.throws(() => new Backoff({ initialMs: 10, maxMs: 5 }), /got 10 and 5/);
    assert.throws(() => new Backoff({ jitterRatio: 2 }), /got 2/);
    assert.throws(() => new Backoff({ factor: 0.5 }), /got 0.5/);
  });
});

suite("formats", () => {
  const bytes: readonly (readonly [number, string])[] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 KB"],
    [999_499, "999 KB"],
    [999_500, "1.00 MB"],
    [1_570_000_000, "1.57 GB"],
    [10e9, "10.0 GB"],
    [-2048, "-2.05 KB"],
    [NaN, "–"],
  ];
  for (const [value, text] of bytes)
    test(`formatBytes(${value})`, () => assert.equal(formatBytes(value), text));

  const durations: readonly (readonly [number, string])[] = [
    [0, "0 ms"],
    [999.4, "999 ms"],
    [999.6, "1.0 s"],
    [9_949, "9.9 s"],
    [9_960, "10 s"],
    [59_600, "1 min"],
    [200_000, "3 min 20 s"],
    [7_500_000, "2 h 5 min"],
    [3_599_600, "1 h"],
    [601_200_000, "6 d 23 h"],
    [Infinity, "–"],
  ];
  for (const [value, text] of durations) {
    test(`formatDuration(${value})`, () => assert.equal(formatDuration(value), text));
  }

  test("formatRatio() shows a decimal only where it matters", () => {
    assert.deepEqual([0, 0.0123, 0.8342, 1, NaN].map(formatRatio), ["0 %", "1.2 %", "83 %", "100 %", "–"]);
  });
});

suite("systemClock", () => {
  test("calls back once, and not after a cancel", async () => {
    let cancelled = false;
    systemClock.setTimer(() => (cancelled = true), 0).cancel();
    const before = systemClock.monotonicMs();
    await systemClock.sleep(1);
    await systemClock.sleep(0);
    assert.ok(systemClock.monotonicMs() > before);
    assert.equal(cancelled, false);
  });

  test("repeats until cancelled", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let ticks = 0;
    using _timer = systemClock.setRepeating(() => {
      if (++ticks === 3) resolve();
    }, 1);
    await promise;
  });

  test("holds delays that overflow a runtime's timer, which would fire them after 1 ms", async () => {
    let fired = false;
    using _timer = systemClock.setTimer(() => (fired = true), 2 ** 40, { keepAlive: false });
    await systemClock.sleep(5);
    assert.equal(fired, false);
  });
});
