import { fileURLToPath } from "node:url";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import {
  assertNoLeak,
  type AssertNoLeakOptions,
  LeakFoundError,
  LeakUndecidedError,
} from "demi-health/memory";
import * as functions from "./fixtures/growing_functions.ts";

const FIXTURE = fileURLToPath(new URL("fixtures/growing_functions.ts", import.meta.url));

async function leakOf(fn: () => unknown, options: AssertNoLeakOptions = {}): Promise<LeakFoundError> {
  const error: unknown = await assertNoLeak(fn, { iterations: 50, ...options }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  functions.history.length = 0;
  assert.ok(error instanceof LeakFoundError, String(error));
  return error;
}

suite("assertNoLeak()", () => {
  test("finds a hundred bytes a call, with the line that holds them", async () => {
    const { bytesPerCall, memory, sites, message } = await leakOf(() => functions.rememberMessages(1));
    assert.equal(memory, "heap");
    assert.ok(bytesPerCall.low > 32 && bytesPerCall.high < 200, JSON.stringify(bytesPerCall));
    assert.deepEqual(
      [sites[0]?.functionName, sites[0]?.file, sites[0]?.line],
      ["rememberMessages", FIXTURE, 11],
    );
    assert.ok(message.includes(`rememberMessages ${FIXTURE}:11`), message);
  });

  test("finds buffers, which the heap does not show", async () => {
    const clips: Buffer[] = [];
    const { bytesPerCall, memory } = await leakOf(() => void clips.push(Buffer.alloc(10_000)), {
      iterations: 20,
    });
    assert.equal(memory, "external");
    assert.ok(Math.abs(bytesPerCall.value - 10_000) < 500, JSON.stringify(bytesPerCall));
  });

  test("finds what an async function holds", async () => {
    const waiting: Promise<void>[] = [];
    const { memory } = await leakOf(async () => {
      await Promise.resolve();
      waiting.push(new Promise(() => {}));
    });
    assert.equal(memory, "heap");
  });

  test("finds what the heap holds while more rises and falls outside it", async () => {
    let calls = 0;
    let clip = Buffer.alloc(0);
    const { memory } = await leakOf(() => {
      functions.rememberMessages(2);
      clip = Buffer.allocUnsafeSlow(400 * (calls++ % 1400));
      return clip.length;
    });
    assert.equal(memory, "heap");
  });

  test("a cache that fills up within several looks is no leak", async () => {
    const cache = new Map<number, object>();
    let calls = 0;
    const { verdict } = await assertNoLeak(() => cache.set(calls++ % 1200, { text: `entry ${calls}` }), {
      iterations: 50,
    });
    assert.equal(verdict, "healthy");
  });

  test("growth that slackens is told to lack evidence", async () => {
    const cache = new Map<number, object>();
    let key = 1;
    const remember = (): void => {
      key = (key * 48_271) % 2_147_483_647;
      cache.set(key % 4000, Array.from({ length: 60 }));
    };
    const result = await assertNoLeak(remember, { iterations: 50 });
    assert.equal(result.verdict, "not-enough-evidence");
    assert.ok(result.heapBytes.value > 32, "it grew");
    cache.clear();
    await assert.rejects(assertNoLeak(remember, { iterations: 50, requireEvidence: true }), (error) => {
      assert.ok(error instanceof LeakUndecidedError);
      assert.equal(error.result.verdict, "not-enough-evidence");
      assert.match(error.message, /^Cannot tell whether it leaks: .* bytes a call in \d+ calls/);
      return true;
    });
  });

  test("believes much growth at once, before memory is used up", async () => {
    const clips: Buffer[] = [];
    const record = (): void => void clips.push(Buffer.alloc(10_000));
    const { calls } = await leakOf(record, { iterations: 10, maxGrowthBytes: 1_000_000 });
    assert.equal(calls, 120);
  });

  test("ends when it is aborted, with the signal's reason", async () => {
    const reason = new Error("enough");
    const abort = new AbortController();
    let calls = 0;
    const run = assertNoLeak(() => void (++calls === 70 && abort.abort(reason)), { signal: abort.signal });
    await assert.rejects(run, reason);
    assert.equal(calls, 70);
  });

  const cache = new Map<number, object>();
  let calls = 0;
  let lazy: ((text: string) => unknown)[] | undefined;
  const healthy: Readonly<Record<string, () => unknown>> = {
    "garbage only": () => JSON.parse('{"a":[1,2,{"b":3}]}'),
    "a cache that fills and then forgets": () => {
      cache.set(calls++ % 500, { text: `entry ${calls}` });
    },
    "what is made at the first call": () => {
      lazy ??= Array.from({ length: 1000 }, (_, i) => (text: string) => `${i} ${text}`);
      return lazy[calls++ % 1000]!("x");
    },
    "buffers that come and go": () => Buffer.alloc(50_000, 1).length,
    "promises that end": async () => {
      await Promise.all([1, 2, 3].map((n) => Promise.resolve({ n })));
    },
  };
  for (const [name, fn] of Object.entries(healthy)) {
    test(`takes no offence at ${name}`, async () => {
      const { heapBytes, externalBytes } = await assertNoLeak(fn);
      assert.ok(heapBytes.low <= 32 && externalBytes.low <= 32);
    });
  }

  test("passes on what the function throws, and refuses senseless options", async () => {
    await assert.rejects(
      assertNoLeak(() => assert.fail("broken")),
      /broken/,
    );
    for (const options of [
      { iterations: 0 },
      { warmUp: -1 },
      { toleranceBytes: NaN },
      { iterations: 1.5 },
      { maxGrowthBytes: -1 },
    ]) {
      await assert.rejects(
        assertNoLeak(() => 1, options),
        RangeError,
      );
    }
  });
});
