import { once } from "node:events";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { SeededRandom } from "../../../lib/base/random.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { ClockLedger } from "../../../lib/mocks/_clock_ledger.ts";
import { FaultLog } from "../../../lib/mocks/faults/fault_log.ts";
import { FaultProxy } from "../../../lib/mocks/faults/fault_proxy.ts";
import { Client, listenTcp, talk } from "./_echo.ts";

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
    assert.equal(proxy.faultLog.total, 0);
    while (proxy.connections.length > 0) await new Promise(setImmediate); // nothing is left behind
  });

  test("a reader that is slow makes the sender wait, and loses nothing", async () => {
    const bytes = 20_000_000;
    let written = 0;
    await using source = await listenTcp((socket) => {
      const more = (): void => {
        while (written < bytes) {
          written += 100_000;
          if (!socket.write(Buffer.alloc(100_000, 120))) return void socket.once("drain", more);
        }
        socket.end();
      };
      more();
    });
    await using proxy = await FaultProxy.listen({ upstream: source });
    const narrow = proxy.add({ kind: "bandwidth", kilobytesPerSecond: 0 });
    const client = new Client(proxy.port);
    const before = (): number => proxy.connections[0]?.bytes.downstream ?? 0;
    for (let seen = -1; seen !== before() || seen === 0;) {
      seen = before();
      for (let i = 0; i < 50; i++) await new Promise(setImmediate);
    }
    assert.ok(before() < 1_000_000, "it does not read what it cannot pass on");
    narrow.remove();
    client.socket.pause();
    for (let seen = -1; seen !== before();) {
      seen = before();
      for (let i = 0; i < 50; i++) await new Promise(setImmediate);
    }
    assert.ok(before() < bytes);
    client.socket.resume();
    assert.equal((await client.closed()).data.length, bytes);
  });

  test("a reset passes through, both ways", async () => {
    const saw = Promise.withResolvers<string>();
    await using server = await listenTcp((socket) => {
      socket.on("error", (error: Error & { code?: string }) => saw.resolve(error.code ?? ""));
      socket.on("data", (data) => {
        if (data.toString() === "bye") socket.resetAndDestroy();
        else socket.write(data);
      });
    });
    await using proxy = await FaultProxy.listen({ upstream: server });
    assert.equal((await talk(proxy.port, "bye", { end: false })).how, "ECONNRESET");
    const client = new Client(proxy.port);
    client.socket.write("hello");
    await client.gets(5);
    client.socket.resetAndDestroy();
    assert.equal(await saw.promise, "ECONNRESET");
  });

  test("connections fail as they are told, the first ones only", async () => {
    await using echo = await listenTcp();
    for (const [kind, how] of [
      ["reset", "ECONNRESET"],
      ["empty_response", "end"],
    ] as const) {
      await using proxy = await FaultProxy.listen({ upstream: echo });
      proxy.failFirst(2, { kind });
      const heard = [];
      for (const text of ["a", "b", "c"]) heard.push(await talk(proxy.port, text));
      assert.deepEqual(
        heard.map(({ data, how: each }) => data.toString() || each),
        [how, how, "c"],
      );
    }
  });

  test("a half-open connection is never answered, and does not outlive the proxy", async () => {
    await using echo = await listenTcp();
    const proxy = await FaultProxy.listen({ upstream: echo });
    proxy.failFirst(1, { kind: "half_open" });
    const client = new Client(proxy.port);
    client.socket.write("hello");
    assert.equal((await talk(proxy.port, "x")).data.toString(), "x");
    assert.equal(client.text, "");
    await proxy[Symbol.asyncDispose]();
    await client.closed();
  });

  test("down refuses and cuts, up is back on the same port", async () => {
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: echo });
    const client = new Client(proxy.port);
    await once(client.socket, "connect");
    await proxy.down();
    await client.closed();
    assert.equal((await talk(proxy.port, "a")).how, "ECONNREFUSED");
    await proxy.up();
    assert.equal((await talk(proxy.port, "b")).data.toString(), "b");
  });

  test("an outage ends by itself, on the clock, or before", async () => {
    const clock = new VirtualClock();
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: echo, clock });
    const over = proxy.outage(60_000);
    assert.equal(proxy.isDown, true);
    await clock.advance(59_999);
    assert.equal(proxy.isDown, true);
    await clock.advanceUntil(over);
    assert.equal((await talk(proxy.port, "b")).data.toString(), "b");
    const second = proxy.outage(Infinity);
    await proxy.endOutage();
    await second;
    assert.equal(proxy.isDown, false);
  });

  test("a window takes a toxic to connections that are open, and away again", async () => {
    const clock = new VirtualClock();
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: echo, clock });
    const stall = proxy.add({ kind: "stall", bytes: 0 }, { windows: [{ fromMs: 1000, toMs: 2000 }] });
    const client = new Client(proxy.port);
    client.socket.write("a");
    assert.equal(await client.gets(1), "a");
    await clock.advance(1000);
    client.socket.write("b");
    while (proxy.faultLog.total === 0) await new Promise(setImmediate);
    assert.deepEqual([client.text, stall.strikes], ["a", 1]);
    await clock.advance(1000);
    assert.equal(await client.gets(2), "ab");
    assert.equal([...proxy.faultLog][0]?.detail, "at byte 1");
    client.socket.destroy();
  });

  test("a schedule of times is about connections, an update about toxicity, too", async () => {
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: echo });
    const cut = proxy.add({ kind: "limit_data", bytes: 1 }, { skip: 1, times: 1 });
    const heard = [];
    for (let i = 0; i < 3; i++) heard.push((await talk(proxy.port, "xyz")).data.toString());
    assert.deepEqual([heard, cut.strikes], [["xyz", "x", "xyz"], 1]);
    const other = proxy.add({ kind: "limit_data", bytes: 1 });
    const client = new Client(proxy.port);
    await once(client.socket, "connect");
    other.update({ kind: "limit_data", bytes: 1, toxicity: 0 });
    client.socket.write("xyz");
    assert.equal(await client.gets(3), "xyz");
    client.socket.destroy();
  });

  test("what waits in the proxy does not wait for the clock that its client holds", async () => {
    const clock = new VirtualClock();
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: echo, clock });
    proxy.add({ kind: "latency", latencyMs: 60_000 });
    using hold = ClockLedger.of(clock).hold("a message that is being answered", 2000, { standsStill: true });
    const { data } = await clock.advanceUntil(talk(proxy.port, "hello"));
    assert.deepEqual([data.toString(), clock.monotonicMs(), hold.isOpen], ["hello", 60_000, true]);
  });

  test("toxicity is rolled for each connection by the seed", async () => {
    const run = async (seed: number): Promise<string> => {
      await using echo = await listenTcp();
      await using proxy = await FaultProxy.listen({ upstream: echo, random: new SeededRandom(seed) });
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
    const faultLog = new FaultLog({ clock: new VirtualClock() });
    await using echo = await listenTcp();
    const random = new SeededRandom("known");
    await using proxy = await FaultProxy.listen({ upstream: echo, random, faultLog });
    proxy.add({ kind: "latency", latencyMs: 1, jitterMs: 1, toxicity: 0.5, stream: "upstream" });
    proxy.add({ kind: "slicer", averageBytes: 4, variationBytes: 3, toxicity: 0.7 });
    proxy.add({ kind: "break_json", toxicity: 0.5 }, { every: 2 });
    proxy.add({ kind: "cut_line", lines: 2, by: "reset" }, { bursts: { toBad: 0.3, toGood: 0.4 } });
    proxy.add({ kind: "garbage", bytes: 10 }, { probability: 0.2 });
    proxy.failConnections({ kind: "refuse" }, { every: 5 });
    const lines = '{"a":{}}\n{"b":2}\n{"c":3}\n';
    await Promise.all(Array.from({ length: 40 }, () => talk(proxy.port, lines)));
    assert.ok(faultLog.total > 60, String(faultLog.total));
    // printed by this test on Node 26; Deno 2 and Bun 1 must give the same
    assert.equal(faultLog.hash, "29a0a8d9bfb51578ce2ad2e289bc6bab3a33962d5d4aece513ad9eb104b33e10");
  });

  test("what cannot be is refused with its name", async () => {
    await assert.rejects(FaultProxy.listen({ upstream: "nowhere" }), /'upstream' must be an address/);
    await assert.rejects(FaultProxy.listen({ upstream: "http://x", port: -1 }), /'port' must be an integer/);
    await using proxy = await FaultProxy.listen({ upstream: "http://127.0.0.1:1" });
    for (const [toxic, message] of [
      [{ kind: "latency", latencyMs: -1 }, /'latencyMs' must be finite and >= 0, got -1/],
      [{ kind: "latency", latencyMs: Number.NaN }, /'latencyMs' must be finite and >= 0, got NaN/],
      [{ kind: "garbage", bytes: 1.5 }, /'bytes' must be an integer and >= 0, got 1.5/],
      [{ kind: "garbage", bytes: 1, toxicity: 2 }, /'toxicity' must be in \[0, 1\], got 2/],
      [{ kind: "slicer", averageBytes: 2, variationBytes: 2 }, /'variationBytes' must be less than/],
    ] as const) {
      assert.throws(() => proxy.add(toxic), message);
    }
    assert.throws(
      () => proxy.add({ kind: "garbage", bytes: 1 }, { every: 0 }),
      /'every' must be an integer >= 1/,
    );
    assert.throws(() => proxy.failFirst(0), /'times' must be an integer >= 1/);
    await assert.rejects(proxy.outage(-1), /'durationMs' must be >= 0, got -1/);
    assert.equal((await talk(proxy.port, "x")).how, "ECONNRESET", "an upstream that is not there resets");
  });
});
