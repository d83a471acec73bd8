import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { encodeEvent } from "../../lib/feed/encode_event.ts";
import { FeedClient } from "../../lib/feed/feed_client.ts";
import { HealthFeed } from "../../lib/feed/health_feed.ts";
import { FakeSource, makeAlert } from "./_fake_source.ts";

const URL = "http://127.0.0.1:1/feed";
type Answer = (request: Request) => Response | Promise<Response>;

/** A client whose requests the test answers, on a clock of the test's. */
function makeClient(answer: Answer) {
  const clock = new VirtualClock();
  const requests: Request[] = [];
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    requests.push(request);
    return answer(request);
  };
  const client = new FeedClient(URL, { clock, fetch });
  const release = client.acquire();
  return { clock, client, requests, release, [Symbol.dispose]: () => (release(), void clock.advance(1000)) };
}

function eventStream(text: string): Response {
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
}

suite("FeedClient", () => {
  test("holds what the feed tells, and keeps up", async () => {
    const source = new FakeSource();
    await using feed = new HealthFeed(source);
    using made = makeClient((request) => feed.handle(request));
    const { client, clock } = made;
    await clock.advance(0);
    assert.equal(client.state, "live");
    source.tellValue(7);
    source.tell({ type: "alert", data: makeAlert("a") });
    await clock.advance(0);
    assert.deepEqual(client.model.metrics?.values, { n: 7 });
    assert.deepEqual(
      client.model.alerts.map(({ id }) => id),
      ["a"],
    );
  });

  test("a value that is not told any more is not known any more", async () => {
    const source = new FakeSource();
    await using feed = new HealthFeed(source);
    using made = makeClient((request) => feed.handle(request));
    await made.clock.advance(0);
    source.tellValue(1, { p90: 2 });
    source.tellValue(2, {});
    await made.clock.advance(0);
    assert.equal(made.client.model.metrics?.values["p90"], undefined);
  });

  test("says that it is stale, then connects anew from where it was", async () => {
    const source = new FakeSource();
    await using feed = new HealthFeed(source, { heartbeatMs: 3_600_000 });
    using made = makeClient((request) => feed.handle(request));
    const { client, clock, requests } = made;
    await clock.advance(0);
    const quietSince = clock.now();
    await clock.advance(3000);
    assert.equal(client.state, "stale");
    assert.equal(client.since, quietSince + 3000);
    await clock.advance(7000);
    assert.equal(requests.length, 2);
    assert.ok(requests[1]!.headers.get("last-event-id"));
    assert.equal(client.state, "live");
  });

  test("a server that is gone: disconnected since then, tried again, found again", async () => {
    const source = new FakeSource();
    let feed = new HealthFeed(source);
    let reachable = true;
    using made = makeClient((request) => {
      if (!reachable) throw new TypeError("fetch failed");
      return feed.handle(request);
    });
    const { client, clock } = made;
    await clock.advance(0);
    reachable = false;
    await feed[Symbol.asyncDispose]();
    await clock.advance(60_000);
    assert.equal(client.state, "disconnected");
    assert.equal(client.since, clock.now() - 60_000, "since the moment of the loss, not of the last attempt");
    reachable = true;
    feed = new HealthFeed(source);
    using _telling = clock.setRepeating(() => source.tellValue(clock.now()), 1000);
    await clock.advance(10_000);
    assert.equal(client.state, "live");
    await feed[Symbol.asyncDispose]();
  });

  test("a refused token is said, and the next one tried at once", async () => {
    const source = new FakeSource();
    await using feed = new HealthFeed(source);
    using made = makeClient((request) =>
      request.headers.get("authorization") === "Bearer right"
        ? feed.handle(request)
        : new Response(null, { status: 401 }),
    );
    const { client, clock, requests } = made;
    await clock.advance(10_000);
    assert.equal(client.state, "unauthorized");
    assert.equal(requests.length, 1, "a wrong token is not tried again and again");
    client.token = "right";
    await clock.advance(0);
    assert.equal(client.state, "live");
    assert.ok(requests.every(({ url }) => !url.includes("right")));
  });

  test("a token that is set while the first request is under way is tried at once", async () => {
    const source = new FakeSource();
    await using feed = new HealthFeed(source);
    const first = Promise.withResolvers<Response>();
    using made = makeClient((request) =>
      request.headers.get("authorization") === "Bearer right" ? feed.handle(request) : first.promise,
    );
    await made.clock.advance(0);
    made.client.token = "right";
    first.resolve(new Response(null, { status: 401 }));
    await made.clock.advance(0);
    assert.equal(made.client.state, "live");
  });

  test("survives a feed of nonsense", async () => {
    const events = [
      ["metrics", "{"],
      ["metrics", '{"time":1,"values":{"a":"<img>"}}'],
      ["platforms", '{"time":1,"platforms":{"name":7}}'],
      ["platforms", '{"time":1,"platforms":[{"name":7},{"name":"a","status":"online","since":1}]}'],
      ["alert", "null"],
      ["toString", "{}"],
      ["alert", '{"id":"a"}'],
      ["status", '{"time":1,"status":"ok"}'],
    ] as const;
    const text = events.map(([event, data]) => encodeEvent({ event, data })).join("");
    using made = makeClient(() => eventStream(text));
    await made.clock.advance(0);
    assert.equal(made.client.ignored, 6);
    assert.equal(made.client.model.status, "ok");
    assert.deepEqual(
      made.client.model.platforms?.map(({ name }) => name),
      ["a"],
    );
  });

  test("a listener that fails is reported and costs neither the connection nor the other listeners", async (t) => {
    const reported = t.mock.method(console, "error", () => {});
    const source = new FakeSource();
    await using feed = new HealthFeed(source);
    using made = makeClient((request) => feed.handle(request));
    const { client, clock, requests } = made;
    const failure = new Error("cannot draw");
    client.subscribe(() => {
      throw failure;
    });
    let calls = 0;
    client.subscribe(() => void calls++);
    await clock.advance(0);
    source.tellValue(7);
    await clock.advance(0);
    assert.deepEqual([client.state, requests.length], ["live", 1]);
    assert.ok(calls >= 2);
    assert.equal(reported.mock.calls[0]!.arguments[0], failure);
  });

  test("one that lets go and takes hold again still notices silence", async () => {
    const answers = [new HealthFeed(new FakeSource(), { heartbeatMs: 3_600_000 })];
    using made = makeClient(({ signal }) =>
      made.requests.length === 1
        ? answers[0]!.handle(made.requests[0]!)
        : // accepts and never answers
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const { client, clock, requests } = made;
    await clock.advance(0);
    made.release();
    await clock.advance(1000);
    assert.equal(client.state, "disconnected");
    const release = client.acquire();
    await clock.advance(0);
    assert.deepEqual([client.state, requests.length], ["connecting", 2]);
    await clock.advance(12_000);
    assert.ok(requests.length > 2, "a connection without an answer is given up");
    release();
    await clock.advance(1000);
    await answers[0]![Symbol.asyncDispose]();
  });

  test("forgets the state of a run that is over", async () => {
    const source = new FakeSource();
    source.tell({ type: "alert", data: makeAlert("old") });
    const feeds = [new HealthFeed(source)];
    using made = makeClient((request) => feeds.at(-1)!.handle(request));
    const { client, clock } = made;
    await clock.advance(0);
    assert.equal(client.model.alerts.length, 1);
    const restarted = new FakeSource();
    restarted.startedAt = source.startedAt + 1;
    feeds.push(new HealthFeed(restarted));
    await feeds[0]![Symbol.asyncDispose]();
    await clock.advance(1000);
    assert.equal(client.state, "live");
    assert.deepEqual(client.model.alerts, []);
    await feeds[1]![Symbol.asyncDispose]();
  });

  test("a page that nobody looks at holds no connection, and goes on from where it was when it is seen", async (t) => {
    const page = Object.assign(new EventTarget(), { visibilityState: "visible", baseURI: URL });
    (globalThis as { document?: unknown }).document = page;
    t.after(() => delete (globalThis as { document?: unknown }).document);
    const look = (visibilityState: string): void => {
      page.visibilityState = visibilityState;
      page.dispatchEvent(new Event("visibilitychange"));
    };
    const source = new FakeSource();
    await using feed = new HealthFeed(source);
    using made = makeClient((request) => feed.handle(request));
    const { client, clock, requests } = made;
    using _telling = clock.setRepeating(() => source.tellValue(clock.now()), 1000);
    await clock.advance(2000);
    look("hidden");
    await clock.advance(10_000);
    look("visible");
    await clock.advance(30_000);
    assert.equal(requests.length, 1, "a short look elsewhere costs nothing");
    look("hidden");
    await clock.advance(600_000);
    assert.deepEqual([feed.connections, requests.length], [0, 1]);
    look("visible");
    await clock.advance(0);
    assert.deepEqual([client.state, requests.length], ["live", 2]);
    assert.ok(requests[1]!.headers.get("last-event-id"));
  });

  test("disconnects when the last one lets go, and is one for a page and an address", async () => {
    const source = new FakeSource();
    await using feed = new HealthFeed(source);
    const made = makeClient((request) => feed.handle(request));
    await made.clock.advance(0);
    const release = made.client.acquire();
    assert.equal(feed.connections, 1);
    made[Symbol.dispose]();
    await Promise.resolve();
    assert.equal(feed.connections, 1);
    release();
    while (feed.connections > 0) await new Promise(setImmediate);
    assert.equal(FeedClient.shared(URL), FeedClient.shared(URL));
  });

  test("asks the host for history and actions beside the feed, and passes its words on", async () => {
    const source = new FakeSource();
    await using feed = new HealthFeed(source, { links: { history: "api/history", actions: "api/actions" } });
    using made = makeClient((request) => {
      if (request.url.includes("/api/history"))
        return Response.json({
          key: "n",
          points: [
            [1, 2],
            [2, null],
          ],
        });
      if (request.url.includes("/api/actions"))
        return Response.json({ error: "no such action" }, { status: 404 });
      return feed.handle(request);
    });
    await made.clock.advance(0);
    const history = await made.client.fetchHistory({ key: "n", from: 0, to: 10, points: 5 });
    assert.deepEqual(history.points, [
      [1, 2],
      [2, null],
    ]);
    await assert.rejects(made.client.runAction("a/b"), {
      name: "FeedRequestError",
      status: 404,
      message: /no such action/,
    });
    assert.ok(
      made.requests.some(({ url, method }) => method === "POST" && url.endsWith("/api/actions/a%2Fb")),
    );
  });
});
