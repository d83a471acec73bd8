import { once } from "node:events";
import type { Socket } from "node:net";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { FaultProxy } from "../../../lib/mocks/faults/fault_proxy.ts";
import type { Toxic } from "../../../lib/mocks/faults/toxics.ts";
import { Client, listenTcp, talk, through } from "./_echo.ts";

// what each toxic means: https://github.com/Shopify/toxiproxy#toxics and the sources in its folder toxics/
suite("FaultProxy, the toxics of Toxiproxy", () => {
  test("latency delays by its time, counted from the arrival; two of them add up", async () => {
    const latency: Toxic = { kind: "latency", latencyMs: 250 };
    const one = await through([latency], "hello", { clock: new VirtualClock() });
    assert.deepEqual([one.text, one.ms], ["hello", 250]);
    const two = await through([latency, latency], "hello", { clock: new VirtualClock() });
    assert.deepEqual([two.text, two.ms], ["hello", 500]);
  });

  test("latency varies by its jitter, and never beyond", async () => {
    const seen = new Set<number>();
    for (let seed = 0; seed < 12; seed++) {
      const toxic: Toxic = { kind: "latency", latencyMs: 200, jitterMs: 50 };
      const { ms } = await through([toxic], "x", { clock: new VirtualClock(), name: `seed ${seed}` });
      assert.ok(ms >= 150 && ms <= 250, String(ms));
      seen.add(ms);
    }
    assert.ok(seen.size > 6, [...seen].join(" "));
  });

  test("bandwidth counts 1000 bytes as a kilobyte, and gives them in pieces of 100 ms", async () => {
    const clock = new VirtualClock();
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: echo, clock });
    proxy.add({ kind: "bandwidth", kilobytesPerSecond: 10 });
    const client = new Client(proxy.port);
    client.socket.write("x".repeat(2500));
    while (clock.pendingTimers === 0) await new Promise(setImmediate);
    for (const [ms, bytes] of [
      [100, 1000],
      [100, 2000],
      [50, 2500],
    ] as const) {
      await clock.advance(ms);
      assert.equal((await client.gets(bytes)).length, bytes);
    }
    client.socket.destroy();
  });

  test("bandwidth 0 lets nothing pass until it is removed, and drops nothing", async () => {
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: echo });
    const stalled = proxy.add({ kind: "bandwidth", kilobytesPerSecond: 0 });
    const heard = talk(proxy.port, "hello");
    while (proxy.faultLog.total === 0) await new Promise(setImmediate);
    stalled.remove();
    assert.equal((await heard).data.toString(), "hello");
  });

  test("slow_close passes the data at once and the end later", async () => {
    const { text, ms, how } = await through([{ kind: "slow_close", delayMs: 900 }], "hello", {
      clock: new VirtualClock(),
    });
    assert.deepEqual([text, ms, how], ["hello", 900, "end"]);
  });

  test("timeout closes after its time, even if nobody says a word", async () => {
    const clock = new VirtualClock();
    const { how, ms } = await through([{ kind: "timeout", timeoutMs: 3000 }], "", { clock, end: false });
    assert.deepEqual([how, ms], ["end", 3000]);
  });

  test("timeout drops what comes, and starts anew with each chunk", async () => {
    const clock = new VirtualClock();
    let asked = Promise.withResolvers<void>();
    await using echo = await listenTcp((socket) => {
      socket.on("data", () => socket.write("dropped", () => asked.resolve()));
    });
    await using proxy = await FaultProxy.listen({ upstream: echo, clock });
    proxy.add({ kind: "timeout", timeoutMs: 1000 });
    const client = new Client(proxy.port);
    for (let i = 0; i < 4; i++) {
      asked = Promise.withResolvers();
      client.socket.write("x");
      await asked.promise;
      while (proxy.connections[0]?.bytes.downstream !== 7 * (i + 1)) await new Promise(setImmediate);
      await clock.advance(900);
    }
    assert.equal(proxy.connections.length, 1, "900 ms of silence are not 1000");
    const { data, how } = await clock.advanceUntil(client.closed());
    assert.deepEqual([data.length, how, clock.monotonicMs()], [0, "end", 4 * 900 + 100]);
  });

  test("timeout closes at once when the sender ends, or when it is removed", async () => {
    const ended = await through([{ kind: "timeout", timeoutMs: 0 }], "hello", { clock: new VirtualClock() });
    assert.deepEqual([ended.text, ended.how, ended.ms], ["", "end", 0]);

    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: echo });
    const timeout = proxy.add({ kind: "timeout", timeoutMs: 0 });
    const heard = talk(proxy.port, "hello", { end: false });
    while (proxy.faultLog.total === 0) await new Promise(setImmediate);
    timeout.remove();
    assert.equal((await heard).how, "end");
  });

  test("reset_peer waits for the first data, then for its time, then both sides see a reset", async () => {
    const clock = new VirtualClock();
    const serverSaw = Promise.withResolvers<string>();
    await using echo = await listenTcp((socket) => {
      socket.on("error", (error: Error & { code?: string }) => serverSaw.resolve(error.code ?? ""));
      socket.pipe(socket);
    });
    await using proxy = await FaultProxy.listen({ upstream: echo, clock });
    proxy.add({ kind: "reset_peer", timeoutMs: 700 });
    const silent = new Client(proxy.port);
    await once(silent.socket, "connect");
    const { data, how } = await clock.advanceUntil(talk(proxy.port, "hello", { end: false }));
    assert.deepEqual([data.length, how, clock.monotonicMs()], [0, "ECONNRESET", 700]);
    assert.equal(await serverSaw.promise, "ECONNRESET");
    assert.equal(silent.socket.destroyed, false, "nobody said a word there");
    silent.socket.destroy();
  });

  test("slicer cuts into pieces of its size, a pause behind each", async () => {
    const clock = new VirtualClock();
    const toxic: Toxic = { kind: "slicer", averageBytes: 10, delayMicroseconds: 20_000 };
    const { text, ms } = await through([toxic], "0123456789".repeat(5), { clock });
    assert.deepEqual([text.length, ms], [50, 100]);
  });

  test("limit_data passes exactly its bytes, then closes", async () => {
    for (const [bytes, text] of [
      [7, "hello w"],
      [11, "hello world"],
      [0, ""],
    ] as const) {
      const heard = await through([{ kind: "limit_data", bytes }], "hello world", { end: false });
      assert.deepEqual([heard.text, heard.how], [text, "end"]);
    }
  });

  test("limit_data goes on counting when it is updated", async () => {
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: echo });
    const limit = proxy.add({ kind: "limit_data", bytes: 100 });
    const client = new Client(proxy.port);
    client.socket.write("hello");
    await client.gets(5);
    limit.update({ kind: "limit_data", bytes: 8 });
    client.socket.write("world");
    assert.equal((await client.closed()).data.toString(), "hellowor");
  });

  test("toxics are chained in the order in which they were added", async () => {
    const limit: Toxic = { kind: "limit_data", bytes: 6 };
    const twice: Toxic = { kind: "duplicate", bytes: 4 };
    assert.equal((await through([twice, limit], "ping")).text, "pingpi");
    assert.equal((await through([limit, twice], "ping")).text, "pingping");
    // an update keeps its place, another toxic that was added before included
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: echo });
    const first = proxy.add({ kind: "latency", latencyMs: 0 });
    proxy.add(limit);
    const client = new Client(proxy.port);
    await once(client.socket, "connect");
    first.update(twice);
    client.socket.write("ping");
    assert.equal((await client.closed()).data.toString(), "pingpi");
  });

  test("the upstream direction is another one", async () => {
    const received = Promise.withResolvers<string>();
    await using sink = await listenTcp((socket: Socket) => {
      let got = "";
      socket.on("data", (data) => (got += data.toString()));
      socket.on("end", () => received.resolve(got));
    });
    await using proxy = await FaultProxy.listen({ upstream: `ws://127.0.0.1:${sink.port}` });
    proxy.add({ kind: "limit_data", bytes: 3, stream: "upstream" });
    const heard = talk(proxy.port, "hello", { end: false });
    assert.equal(await received.promise, "hel");
    assert.equal((await heard).how, "end");
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
            { kind: "slow_close", delayMs: 10 },
          ];
          const { text } = await through(toxics, Buffer.from(bytes), { clock: new VirtualClock() });
          assert.equal(text, Buffer.from(bytes).toString("latin1"));
        },
      ),
      { numRuns: 15, seed: 3 },
    );
  });

  test("toxics that come, change and go on an open connection lose no byte and no order", async () => {
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: echo });
    const sent = Array.from({ length: 400 }, (_, i) => `${i},`);
    const client = new Client(proxy.port);
    let slow = proxy.add({ kind: "latency", latencyMs: 3 });
    for (const [index, text] of sent.entries()) {
      client.socket.write(text);
      if (index % 20 === 0) slow.update({ kind: "slicer", averageBytes: 2, delayMicroseconds: 100 });
      if (index % 30 === 0) slow.remove();
      if (index % 30 === 5) slow = proxy.add({ kind: "latency", latencyMs: 2, jitterMs: 2 });
      if (index % 7 === 0) await new Promise(setImmediate);
    }
    client.socket.end();
    assert.equal((await client.closed()).data.toString(), sent.join(""));
  });
});
