import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { Hono } from "hono";
import { parseEventStream } from "../../lib/feed/parse_event_stream.ts";
import { Dashboard } from "../../lib/server/dashboard.ts";
import { ListenError } from "../../lib/server/listen.ts";
import { startDashboard, StillSource } from "./_fixtures.ts";

async function freePort(): Promise<number> {
  await using server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

suite("Dashboard", { timeout: 20_000 }, () => {
  test("watches its own process when it is given no source", async () => {
    await using dashboard = new Dashboard({ host: "127.0.0.1", port: 0, title: "Mine" });
    await dashboard.start();
    assert.match(dashboard.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    const health = (await (await fetch(`${dashboard.url}/api/health`)).json()) as Record<string, unknown>;
    assert.equal(health["name"], "Mine");
    assert.match(
      await (await fetch(`${dashboard.url}/metrics`)).text(),
      /^process_resident_memory_bytes \d+/m,
    );
  });

  test("says in one sentence that its port is taken, and leaves nothing behind", async () => {
    await using other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const source = new StillSource();
    const dashboard = new Dashboard({ source, port });
    await assert.rejects(dashboard.start(), (error: unknown) => {
      assert.ok(error instanceof ListenError);
      assert.equal(error.message, `Cannot start dashboard: port ${port} on 127.0.0.1 is in use`);
      assert.equal(error.code, "EADDRINUSE");
      return true;
    });
    assert.equal(source.listeners.size, 0);
    assert.throws(() => dashboard.url, /must be started/);
  });

  test("can be started once the port is free again", async () => {
    const port = await freePort();
    const dashboard = new Dashboard({ source: new StillSource(), port });
    {
      await using other = createServer().listen(port, "127.0.0.1");
      await once(other, "listening");
      await assert.rejects(dashboard.start(), ListenError);
    }
    await using started = dashboard;
    await started.start();
    assert.equal((await fetch(`${dashboard.url}/api/health`)).status, 200);
    await started.stop();
    await started.start();
    assert.equal((await fetch(`${dashboard.url}/api/health`)).status, 200);
  });

  test("says that an address is none of this machine", async () => {
    const dashboard = new Dashboard({ source: new StillSource(), host: "192.0.2.1", port: 0 });
    await assert.rejects(dashboard.start(), {
      message: "Cannot start dashboard: 'host' must be an address of this machine, got 192.0.2.1",
    });
  });

  test("refuses options that cannot be meant", () => {
    const action = { id: "a", label: "A", run: () => {} };
    for (const [options, message] of [
      [{ port: 80_000 }, /'port' must be an integer from 0 to 65535, got 80000/],
      [{ token: "" }, /'token' must be printable characters/],
      [{ readToken: "two words" }, /'readToken' must be printable characters/],
      [
        { readToken: "r", pageCarriesToken: true },
        /'pageCarriesToken' must be false when 'readToken' is set/,
      ],
      [{ actions: [action, action] }, /'actions' must be of different ids/],
      [{ allowedOrigins: ["home.example"] }, /'allowedOrigins' must be origins/],
      [{ allowedOrigins: ["https://home.example/page"] }, /'allowedOrigins' must be origins/],
    ] as const) {
      assert.throws(() => new Dashboard(options), message);
    }
  });

  test("streams the feed: a greeting with links, a snapshot, then what changes", async () => {
    const actions = [{ id: "restart", label: "Restart", run: () => {} }];
    await using dashboard = await startDashboard({ actions });
    const response = await fetch(`${dashboard.url}/feed`);
    const events = parseEventStream(response.body!);
    const hello = (await events.next()).value;
    assert.equal(hello?.event, "hello");
    const { links, actions: told } = JSON.parse(hello.data) as Record<string, unknown>;
    assert.deepEqual(links, { history: "api/history", actions: "api/actions" });
    assert.deepEqual(told, [{ id: "restart", label: "Restart" }]);
    assert.equal((await events.next()).value?.event, "snapshot");
    for (const listener of dashboard.source.listeners) {
      listener({ type: "status", data: { time: 1, status: "critical" } });
    }
    assert.equal((await events.next()).value?.event, "status");
    await response.body!.cancel().catch(() => {});
  });

  test("stop ends open feeds, also of readers that have stopped reading", async () => {
    const dashboard = await startDashboard();
    const response = await fetch(`${dashboard.url}/feed`);
    const deaf = connect(Number(new URL(dashboard.url).port), "127.0.0.1");
    deaf.on("error", () => {});
    deaf.write("GET /feed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    await once(deaf, "readable");
    for (let i = 0; i < 40; i++) {
      const data = { time: i, values: { ["x".repeat(500_000)]: i } };
      for (const listener of dashboard.source.listeners) listener({ type: "metrics", data });
    }
    const read = response.text();
    await Promise.all([dashboard.stop(), dashboard.stop()]);
    assert.ok((await read).startsWith("retry: 1000\nevent: hello\n"));
    assert.equal(dashboard.source.listeners.size, 0);
    deaf.destroy();
  });

  test("stop does not wait for an action that never ends", async () => {
    const began = Promise.withResolvers<void>();
    const run = (): Promise<void> => {
      began.resolve();
      return Promise.withResolvers<void>().promise;
    };
    const dashboard = await startDashboard({ actions: [{ id: "hang", label: "Hang", run }] });
    const asked = assert.rejects(
      fetch(`${dashboard.url}/api/actions/hang`, {
        method: "POST",
        headers: { authorization: `Bearer ${dashboard.token}` },
      }),
    );
    await began.promise;
    await dashboard.stop();
    await asked;
  });

  test("fetch() answers without a server, until it is stopped", async () => {
    const source = new StillSource();
    await using dashboard = new Dashboard({ source, allowedHosts: ["home.example"] });
    const ask = (): Promise<Response> => dashboard.fetch(new Request("https://home.example/api/health"));
    assert.equal((await ask()).status, 200);
    await dashboard.stop();
    assert.equal((await ask()).status, 503);
    assert.equal(source.listeners.size, 0);
  });

  test("start() while it stops waits for that", async () => {
    await using dashboard = await startDashboard();
    const stopped = dashboard.stop();
    await dashboard.start();
    await stopped;
    assert.equal((await fetch(`${dashboard.url}/api/health`)).status, 200);
  });

  test("works below a prefix of another application", async () => {
    await using dashboard = new Dashboard({ source: new StillSource(), allowedHosts: ["home.example"] });
    const outer = new Hono().mount("/health", dashboard.fetch);
    const page = "https://home.example/health/";
    const html = await (await outer.request(page)).text();
    const embed = new URL(/src="(embed\.js)"/.exec(html)![1]!, page);
    const entry = new URL(/from "([^"]+)"/.exec(await (await outer.request(embed)).text())![1]!, embed);
    assert.equal(entry.href, "https://home.example/health/modules/components/mod.ts");
    assert.equal((await outer.request(entry)).status, 200);
  });

  test("a reader that goes away is forgotten", async () => {
    await using dashboard = await startDashboard();
    const open = (signal: AbortSignal): Promise<Response> => fetch(`${dashboard.url}/feed`, { signal });
    const readers = new AbortController();
    const held: Response[] = []; // undici ends the stream of a response that nobody holds
    for (let i = 0; i < 100; i++) held.push(await open(readers.signal));
    assert.ok(held.every(({ status }) => status === 200));
    assert.equal((await open(readers.signal)).status, 503);
    readers.abort();
    let status = 503;
    while (status === 503) {
      const response = await open(new AbortController().signal);
      status = response.status;
      await response.body!.cancel();
    }
    assert.equal(status, 200);
  });
});
