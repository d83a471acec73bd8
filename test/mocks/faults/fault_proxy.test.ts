import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { SeededRandom } from "../../../lib/base/random.ts";
import { systemClock } from "../../../lib/base/system_clock.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { FaultLog } from "../../../lib/mocks/faults/fault_log.ts";
import { FaultProxy, type FaultProxyOptions } from "../../../lib/mocks/faults/fault_proxy.ts";
import type { Toxic } from "../../../lib/mocks/faults/toxics.ts";
import { listenTcp, talk } from "./_echo.ts";

async function through(
  toxics: readonly Toxic[],
  send: string | Buffer,
  options: Partial<FaultProxyOptions> = {},
): Promise<{ readonly text: string; readonly how: string; readonly ms: number }> {
  await using echo = await listenTcp();
  await using proxy = await FaultProxy.listen({
    upstream: { host: "127.0.0.1", port: echo.port },
    ...options,
  });
  for (const toxic of toxics) proxy.add(toxic);
  const clock = options.clock ?? systemClock;
  const started = clock.monotonicMs();
  const heard = talk(proxy.port, send);
  const { data, how } = await (clock instanceof VirtualClock ? clock.advanceUntil(heard) : heard);
  return { text: data.toString("latin1"), how, ms: clock.monotonicMs() - started };
}

suite("FaultProxy", () => {
  test("without toxics every byte passes, in order, and so do both ends", async () => {
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: `http://127.0.0.1:${echo.port}` });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100_000 }), async (bytes) => {
        const { data, how } = await talk(proxy.port, Buffer.from(bytes));
        assert.ok(data.equals(bytes));
        assert.equal(how, "end");
      }),
      { numRuns: 30, seed: 3 },
    );
  });

  test("toxics that only slow down change no byte", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 5000 }),
        fc.integer({ min: 1, max: 50 }),
        async (bytes, averageBytes) => {
          const toxics: Toxic[] = [
            { kind: "slicer", averageBytes, variationBytes: averageBytes - 1 },
            { kind: "latency", latencyMs: 20, jitterMs: 20 },
            { kind: "bandwidth", kilobytesPerSecond: 100, stream: "upstream" },
          ];
          const { text } = await through(toxics, Buffer.from(bytes), { clock: new VirtualClock() });
          assert.equal(text, Buffer.from(bytes).toString("latin1"));
        },
      ),
      { numRuns: 15, seed: 3 },
    );
  });

  test("latency delays by its time, counted from the arrival", async () => {
    const { text, ms } = await through([{ kind: "latency", latencyMs: 250 }], "hello", {
      clock: new VirtualClock(),
    });
    assert.deepEqual([text, ms], ["hello", 250]);
  });

  test("bandwidth counts 1000 bytes as a kilobyte", async () => {
    const toxic: Toxic = { kind: "bandwidth", kilobytesPerSecond: 10 };
    const { text, ms } = await through([toxic], "x".repeat(5000), { clock: new VirtualClock() });
    assert.deepEqual([text.length, Math.round(ms)], [5000, 500]);
  });

  test("limit_data passes exactly its bytes, then closes", async () => {
    const { text, how } = await through([{ kind: "limit_data", bytes: 7 }], "hello world");
    assert.deepEqual([text, how], ["hello w", "end"]);
  });

  test("reset_peer waits for the first data, then resets", async () => {
    const { text, how } = await through([{ kind: "reset_peer", timeoutMs: 0 }], "hello");
    assert.deepEqual([text, how], ["", "ECONNRESET"]);
  });

  test("timeout drops what comes and closes after the silence", async () => {
    const clock = new VirtualClock();
    const { text, how, ms } = await through([{ kind: "timeout", timeoutMs: 3000 }], "hello", { clock });
    assert.deepEqual([text, how, ms], ["", "end", 3000]);
  });

  test("slow_close passes the data at once and the end later", async () => {
    const clock = new VirtualClock();
    const { text, ms } = await through([{ kind: "slow_close", delayMs: 900 }], "hello", { clock });
    assert.deepEqual([text, ms], ["hello", 900]);
  });

  test("slow_drip gives a byte at a time", async () => {
    const clock = new VirtualClock();
    const { text, ms } = await through([{ kind: "slow_drip", bytesPerSecond: 2 }], "hello", { clock });
    assert.deepEqual([text, ms], ["hello", 2500]);
  });

  for (const [toxic, send, expected] of [
    [{ kind: "cut_line", lines: 1 }, '{"a":1}\n{"b":2}\n', '{"a":1}\n{"b"'],
    [{ kind: "break_json", nth: 2 }, '{"a":1}\n{"b":2}\n', '{"a":1}\n{"b":2]\n'],
    [{ kind: "duplicate" }, "ping", "pingping"],
    [
      { kind: "malformed_chunk" },
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\nhello\r\n0\r\n\r\n",
    ],
  ] as const) {
    test(`${toxic.kind} does what it says`, async () => {
      assert.equal((await through([toxic], send)).text, expected);
    });
  }

  test("garbage is other bytes than what was sent, and as many as asked for", async () => {
    const { text } = await through([{ kind: "garbage", bytes: 32 }], "hello");
    assert.equal(text.length, 32);
    assert.equal(text.includes("hello"), false);
  });

  test("the upstream direction is another one", async () => {
    let got = "";
    const received = Promise.withResolvers<void>();
    await using sink = await listenTcp((socket) => {
      socket.on("data", (data) => (got += data.toString()));
      socket.on("end", () => received.resolve());
      socket.on("close", () => received.resolve());
    });
    await using proxy = await FaultProxy.listen({ upstream: `ws://127.0.0.1:${sink.port}` });
    proxy.add({ kind: "limit_data", bytes: 3, stream: "upstream" });
    void talk(proxy.port, "hello");
    await received.promise;
    assert.equal(got, "hel");
  });

  test("a toxic is updated and removed on a connection that is open", async () => {
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: { host: "127.0.0.1", port: echo.port } });
    const stalled = proxy.add({ kind: "bandwidth", kilobytesPerSecond: 0 });
    const heard = talk(proxy.port, "hello");
    while (proxy.faultLog.total === 0) await new Promise(setImmediate);
    stalled.update({ kind: "latency", latencyMs: 0 });
    stalled.remove();
    assert.equal((await heard).data.toString(), "hello");
  });

  test("connections fail as they are told, the first ones only", async () => {
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: { host: "127.0.0.1", port: echo.port } });
    proxy.failConnections({ kind: "reset" }, { times: 2 });
    const heard = [await talk(proxy.port, "a"), await talk(proxy.port, "b"), await talk(proxy.port, "c")];
    assert.deepEqual(
      heard.map(({ data, how }) => data.toString() || how),
      ["ECONNRESET", "ECONNRESET", "c"],
    );
  });

  test("down refuses and cuts, up is back on the same port", async () => {
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: { host: "127.0.0.1", port: echo.port } });
    await proxy.down();
    assert.equal((await talk(proxy.port, "a")).how, "ECONNREFUSED");
    await proxy.up();
    assert.equal((await talk(proxy.port, "b")).data.toString(), "b");
  });

  test("toxicity is rolled for each connection by the seed", async () => {
    const run = async (seed: number): Promise<string> => {
      await using echo = await listenTcp();
      const upstream = { host: "127.0.0.1", port: echo.port };
      await using proxy = await FaultProxy.listen({ upstream, random: new SeededRandom(seed) });
      proxy.add({ kind: "limit_data", bytes: 0, toxicity: 0.5 });
      let passed = "";
      for (let i = 0; i < 24; i++) passed += (await talk(proxy.port, "x")).data.length;
      return passed;
    };
    const first = await run(1);
    assert.equal(await run(1), first);
    assert.notEqual(await run(2), first);
    const hit = first.split("0").length - 1;
    assert.ok(hit > 4 && hit < 20, first);
  });

  test("the same seed gives the same hash on every runtime", async () => {
    const faultLog = new FaultLog();
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({
      upstream: { host: "127.0.0.1", port: echo.port },
      random: new SeededRandom("known"),
      faultLog,
    });
    proxy.add({ kind: "limit_data", bytes: 3 }, { bursts: { toBad: 0.3, toGood: 0.4 } });
    proxy.failConnections({ kind: "refuse" }, { every: 5 });
    await Promise.all(Array.from({ length: 40 }, () => talk(proxy.port, "hello")));
    // printed by this test on Node 26; Deno 2 and Bun 1 must give the same
    assert.equal(faultLog.hash, "dd43dd91ee91d269b7922d5b3d8e23a963203e2f1a1af8c98216bc3d8cbbdbc5");
  });

  test("what cannot be is refused with its name", async () => {
    await assert.rejects(FaultProxy.listen({ upstream: "nowhere" }), /'upstream' must be an address/);
    await using proxy = await FaultProxy.listen({ upstream: "http://127.0.0.1:1" });
    assert.throws(
      () => proxy.add({ kind: "latency", latencyMs: -1 }),
      /'latencyMs' must be finite and >= 0, got -1/,
    );
    assert.throws(
      () => proxy.add({ kind: "garbage", bytes: 1, toxicity: 2 }),
      /'toxicity' must be in \[0, 1\]/,
    );
    assert.throws(
      () => proxy.add({ kind: "garbage", bytes: 1 }, { every: 0 }),
      /'every' must be an integer >= 1/,
    );
    assert.equal((await talk(proxy.port, "x")).how, "ECONNRESET", "an upstream that is not there resets");
  });
});
