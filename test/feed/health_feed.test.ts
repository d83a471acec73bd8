import { connect } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { serve } from "@hono/node-server";
import fc from "fast-check";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { HealthFeed, type HealthFeedOptions } from "../../lib/feed/health_feed.ts";
import { type ParsedEvent, parseEventStream } from "../../lib/feed/parse_event_stream.ts";
import { FakeSource, makeAlert } from "./_fake_source.ts";

/** A feed behind a real socket. */
async function serveFeed(source: FakeSource, options: HealthFeedOptions = {}) {
  const feed = new HealthFeed(source, options);
  const server = serve({ fetch: (request) => feed.handle(request), port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    feed,
    port,
    url: `http://127.0.0.1:${port}/feed`,
    async [Symbol.asyncDispose]() {
      await feed[Symbol.asyncDispose]();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function open(url: string, lastEventId?: string) {
  const controller = new AbortController();
  const headers: Record<string, string> = lastEventId ? { "last-event-id": lastEventId } : {};
  const response = await fetch(url, { headers, signal: controller.signal });
  const events = parseEventStream(response.body!);
  return {
    response,
    async next(): Promise<ParsedEvent> {
      const { value, done } = await events.next();
      assert.ok(!done, "the feed ended");
      return value;
    },
    [Symbol.dispose]: () => controller.abort(),
  };
}

suite("HealthFeed", () => {
  test("greets, sends the state, then every change", async () => {
    const source = new FakeSource();
    await using served = await serveFeed(source, { links: { history: "api/history" } });
    using reader = await open(served.url);
    const hello = await reader.next();
    assert.equal(hello.event, "hello");
    assert.partialDeepStrictEqual(JSON.parse(hello.data), {
      version: 1,
      name: "Fake",
      links: { history: "api/history" },
    });
    assert.equal((await reader.next()).event, "snapshot");
    source.tellValue(5);
    const change = await reader.next();
    assert.deepEqual([change.event, JSON.parse(change.data)], ["metrics", { time: 5, values: { n: 5 } }]);
    assert.equal(reader.response.headers.get("x-accel-buffering"), "no");
  });

  test("a reader that comes back gets exactly what it missed, however often it goes away", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 12 }), { minLength: 2, maxLength: 6 }), async (bursts) => {
        const source = new FakeSource();
        await using served = await serveFeed(source);
        const seen: string[] = [];
        const told: string[] = [];
        let lastId: string | undefined;
        for (const burst of bursts) {
          using reader = await open(served.url, lastId);
          assert.equal((await reader.next()).event, "hello");
          if (lastId === undefined) lastId = (await reader.next()).id;
          while (seen.length < told.length) {
            const { data, id } = await reader.next();
            seen.push((JSON.parse(data) as { id: string }).id);
            lastId = id;
          }
          for (let i = 0; i < burst; i++) {
            const id = String(told.length);
            told.push(id);
            source.tell({ type: "alert", data: makeAlert(id) });
          }
          // the reader goes away in the middle of the burst
          for (let i = 0; i < Math.floor(burst / 2); i++) {
            const { data, id } = await reader.next();
            seen.push((JSON.parse(data) as { id: string }).id);
            lastId = id;
          }
        }
        assert.deepEqual(seen, told.slice(0, seen.length));
      }),
      { seed: 3, numRuns: 15 },
    );
  });

  test("one that was away too long, or comes from another run, gets a snapshot", async () => {
    const source = new FakeSource();
    await using served = await serveFeed(source, { historyLength: 3 });
    using first = await open(served.url);
    await first.next();
    const { id } = await first.next();
    for (let i = 1; i <= 4; i++) source.tellValue(i);
    for (const old of [id, "zzz-1", `${id.split("-")[0]}-999`, "garbage"]) {
      using reader = await open(served.url, old);
      assert.equal((await reader.next()).event, "hello");
      const snapshot = await reader.next();
      assert.equal(snapshot.event, "snapshot", `after ${old}`);
      assert.equal((JSON.parse(snapshot.data) as { metrics: { time: number } }).metrics.time, 4);
    }
  });

  test("a reader that does not read makes nothing grow, and then gets a snapshot", async () => {
    const source = new FakeSource();
    await using served = await serveFeed(source);
    const socket = connect(served.port, "127.0.0.1");
    await once(socket, "connect");
    socket.pause();
    socket.write("GET /feed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    while (served.feed.connections === 0) await new Promise(setImmediate);
    const message = { filler: 1, n: 0 };
    const padding = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`metric_number_${i}`, i]));
    const count = 8000; // 64 MB
    for (let i = 1; i <= count; i++) {
      source.tellValue(i, { ...message, ...padding, n: i });
      if (i % 50 === 0) await new Promise(setImmediate);
    }
    let received = 0;
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
      text = (text + chunk.toString()).slice(-200_000);
    });
    socket.resume();
    const isCaughtUp = (): boolean => /event: snapshot\n/.test(text) && text.includes(`"n":${count}`);
    while (!isCaughtUp()) await once(socket, "data");
    assert.ok(received < 16_000_000, `${received} bytes were kept for a reader that did not read`);
    socket.destroy();
  });

  test("greets a reader that missed much, also when more comes at once", async () => {
    const source = new FakeSource();
    await using feed = new HealthFeed(source);
    const read = (lastEventId = "") =>
      parseEventStream(feed.handle(new Request(`http://a/feed?lastEventId=${lastEventId}`)).body!);
    const first = read();
    await first.next();
    const { id } = (await first.next()).value!;
    for (let i = 0; i < 200; i++) source.tellValue(i);
    const again = read(id);
    source.tellValue(200);
    assert.equal((await again.next()).value?.event, "hello");
    for (let i = 0; i <= 200; i++) {
      const { value } = await again.next();
      assert.equal((JSON.parse(value!.data) as { time: number }).time, i);
    }
  });

  test("a source that fails is told to the host, ends the reader, and hears nothing of it", async () => {
    const source = new FakeSource();
    const errors: unknown[] = [];
    await using feed = new HealthFeed(source, { onError: (error) => errors.push(error) });
    const { body } = feed.handle(new Request("http://a/feed"));
    source.tell({ type: "metrics", data: { time: 1, values: { n: 1n as unknown as number } } });
    assert.equal(errors.length, 1);
    const failure = new Error("no snapshot");
    source.snapshot = () => {
      throw failure;
    };
    for (let i = 0; i < 100; i++) source.tellValue(i); // too much for one that does not read: it needs a snapshot
    const text = await new Response(body).text();
    assert.match(text, /event: hello[^]*event: snapshot/);
    assert.equal(errors[1], failure);
    assert.equal(feed.connections, 0);
  });

  test("keeps idle connections alive", async () => {
    const clock = new VirtualClock();
    await using served = await serveFeed(new FakeSource(), { clock, heartbeatMs: 15_000 });
    const response = await fetch(served.url);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("event: snapshot")) text += (await reader.read()).value;
    await clock.advance(15_000);
    while (!text.includes(": alive")) text += (await reader.read()).value;
    await reader.cancel();
  });

  test("has a bound on its readers, and forgets those that leave", async () => {
    const source = new FakeSource();
    await using served = await serveFeed(source, { maxConnections: 1 });
    {
      using first = await open(served.url);
      await first.next();
      const refused = await fetch(served.url);
      assert.equal(refused.status, 503);
      assert.ok(refused.headers.get("retry-after"));
    }
    while (served.feed.connections > 0) await new Promise(setImmediate);
    using again = await open(served.url);
    assert.equal(again.response.status, 200);
    assert.equal(source.listeners.size, 1, "one subscription serves all");
  });
});
