import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { VirtualClock } from "demi-health/base";
import { forceGc, PostGcObserver, type PostGcReading } from "demi-health/memory";

suite("PostGcObserver", () => {
  test("reads the heap after full collections, not after others", async () => {
    const clock = new VirtualClock();
    const { promise, resolve } = Promise.withResolvers<PostGcReading>();
    using observer = new PostGcObserver({ clock, onReading: resolve });
    observer.start();
    observer.start();
    let garbage: unknown[] = [];
    while (observer.minors === 0) {
      for (let i = 0; i < 100_000; i++) garbage.push({ i });
      garbage = [];
      await new Promise(setImmediate);
      if (observer.majors > 0) break;
    }
    forceGc();
    const { timestamp, heapUsedBytes } = await promise;
    assert.equal(timestamp, clock.now());
    assert.ok(heapUsedBytes > 1e6);
    assert.ok(observer.majors >= 1 && observer.pauseMs > 0);
    assert.equal(observer.last?.timestamp, timestamp);
  });

  test("is silent after it was stopped", async () => {
    const observer = new PostGcObserver();
    observer.start();
    observer.stop();
    forceGc();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    assert.deepEqual([observer.majors, observer.last], [0, undefined]);
  });
});
