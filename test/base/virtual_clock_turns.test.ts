import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { SeededRandom } from "../../lib/base/random.ts";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";

// What VirtualClock promises: timers in one turn of the event loop at most, and after how many without tracked work.
const MOST_PER_TURN = 32;
const QUIET_TIMERS = 64;

/** A promise chain of so many links, each in the one or the other queue. */
async function chain(links: number, random: SeededRandom, onLink: () => void): Promise<void> {
  for (let link = 0; link < links; link++) {
    if (random.chance(0.5)) await Promise.resolve();
    else await new Promise<void>((resolve) => process.nextTick(resolve));
    onLink();
  }
}

/** Fires that many timers, a millisecond apart, with nothing tracked. */
function tick(clock: VirtualClock, timers: number, onTick: (index: number) => void): Promise<void> {
  let fired = 0;
  const timer = clock.setRepeating(() => {
    onTick(fired++);
    if (fired === timers) timer.cancel();
  }, 1);
  return clock.advance(timers);
}

suite("VirtualClock, many timers in a turn of the event loop", () => {
  test("chains of promises and of nextTick, of any depth, end at the time of their timer", async () => {
    const clock = new VirtualClock();
    const random = new SeededRandom("chains");
    let links = 0;
    for (let i = 1; i <= 1000; i++) {
      clock.setTimer(() => {
        const depth = i % 100 === 0 ? 2000 : random.integer(0, 30);
        void chain(depth, random, () => {
          links++;
          assert.equal(clock.monotonicMs(), i);
        });
      }, i);
    }
    await clock.advance(1000);
    assert.ok(links > 20_000, String(links));
  });

  test("nextTick callbacks that set further ones all run before the next timer", async () => {
    const clock = new VirtualClock();
    const late: number[] = [];
    await tick(clock, 500, () => {
      const dueMs = clock.monotonicMs();
      let left = 50;
      const again = (): void => {
        if (clock.monotonicMs() !== dueMs) late.push(dueMs);
        if (left-- > 0) process.nextTick(left % 2 ? again : () => queueMicrotask(again));
      };
      again();
    });
    assert.deepEqual(late, []);
  });

  test("a hundred loops of sleeps run in the same order on every runtime", async () => {
    const clock = new VirtualClock();
    const random = new SeededRandom("sleeps");
    const hash = createHash("sha256");
    let woken = 0;
    const loop = async (name: number): Promise<void> => {
      while (woken < 20_000) {
        await clock.sleep(random.integer(0, 5) * 10);
        if (random.chance(0.2)) await chain(random.integer(1, 4), random, () => {});
        hash.update(`${name}@${clock.monotonicMs()} `);
        woken++;
      }
    };
    await clock.advanceUntil(Promise.all(Array.from({ length: 100 }, (_, name) => loop(name))));
    // seen on Node 26, Deno 2 and Bun 1
    assert.equal(hash.digest("hex"), "a149bb9f36456734890483709e3d6e3ac295573d58b13f9cfc1eb6e288c4a63e");
  });

  test("what a callback leaves to setImmediate runs after at most 31 more timers", async () => {
    const clock = new VirtualClock();
    let [fired, mostBetween, served] = [0, 0, 0];
    await tick(clock, 5000, () => {
      const firedThen = ++fired;
      setImmediate(() => {
        served++;
        mostBetween = Math.max(mostBetween, fired - firedThen);
      });
    });
    assert.equal(served, 5000, "the last ones run before advance() resolves");
    assert.ok(mostBetween > 0, "several timers fire in one turn");
    assert.ok(mostBetween < MOST_PER_TURN, String(mostBetween));
  });

  test("a turn for each timer at the beginning, and for a while after work was tracked", async () => {
    const clock = new VirtualClock();
    let fired = 0;
    const between: number[] = [];
    await tick(clock, 2000, (index) => {
      const firedThen = ++fired;
      if (index === 1000) void clock.track(new Promise((resolve) => setImmediate(resolve)));
      setImmediate(() => between.push(fired - firedThen));
    });
    const none = Array.from({ length: QUIET_TIMERS }, () => 0);
    assert.deepEqual(between.slice(0, QUIET_TIMERS), none);
    assert.deepEqual(between.slice(1000, 1000 + QUIET_TIMERS), none);
  });

  test("stands still for work that is tracked in the middle of a turn", async () => {
    const clock = new VirtualClock();
    const endedAt: number[] = [];
    const path = new URL(import.meta.url);
    await tick(clock, 400, (index) => {
      if (index % 50 !== 37) return;
      const dueMs = clock.monotonicMs();
      const work = chain(index % 7, new SeededRandom(index), () => {}).then(() =>
        clock.track(readFile(path)),
      );
      void work.then(() => endedAt.push(clock.monotonicMs() - dueMs));
    });
    assert.deepEqual(endedAt, [0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("files and sockets are served, however many timers there are", async () => {
    const clock = new VirtualClock();
    const forever = clock.setRepeating(() => {}, 1);
    const text = await clock.advanceUntil(readFile(new URL(import.meta.url), "utf8"), { limitMs: 1e12 });
    assert.ok(text.includes("however many timers"));
    forever.cancel();
  });

  test("passes on what the thousandth timer throws, fires none after it, and can go on", async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    for (let i = 1; i <= 1100; i++) {
      clock.setTimer(() => {
        fired.push(i);
        if (i === 1000) throw new Error("broken");
      }, i);
    }
    await assert.rejects(clock.advance(2000), /broken/);
    assert.equal(clock.monotonicMs(), 1000);
    assert.equal(fired.length, 1000);
    await clock.advance(100);
    assert.equal(fired.at(-1), 1100);
  });

  test("a callback, or what it sets off, can cancel the timer that comes next", async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    const timers = Array.from({ length: 1000 }, (_, i) =>
      clock.setTimer(() => {
        fired.push(i);
        void chain(3, new SeededRandom(i), () => {}).then(() => timers[i + 1]?.cancel());
      }, i),
    );
    await clock.advance(1000);
    assert.deepEqual(
      fired,
      Array.from({ length: 500 }, (_, i) => 2 * i),
    );
  });

  test("ends at the moment the work is done, though further timers were to fire in the same turn", async () => {
    const clock = new VirtualClock();
    const ticking = clock.setRepeating(() => {}, 1);
    await clock.advanceUntil(clock.sleep(777).then(() => chain(20, new SeededRandom(1), () => {})));
    assert.equal(clock.monotonicMs(), 777);
    ticking.cancel();
  });
});
