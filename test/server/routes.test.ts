import { suite, test } from "node:test";
import assert from "node:assert/strict";
import type { HealthSource } from "../../lib/feed/health_source.ts";
import { errorOf, NOW, sendRaw, startDashboard, StillSource } from "./_fixtures.ts";
import { startWatchedMonitor } from "../metrics/_watched_monitor.ts";

suite("JSON API", () => {
  test("tells the state as it is", async () => {
    await using dashboard = await startDashboard();
    const read = async (path: string): Promise<unknown> => (await fetch(dashboard.url + path)).json();
    const snapshot = dashboard.source.snapshot();
    assert.deepEqual(await read("/api/health"), {
      status: "warning",
      name: "Still",
      timestamp: NOW,
      uptime_seconds: 90.5,
      alerts_count: 1,
    });
    assert.deepEqual(await read("/api/emotions"), { curiosity: 0.5, lastUpdated: NOW - 1000 });
    assert.deepEqual(await read("/api/platforms"), { platforms: snapshot.platforms, count: 1 });
    assert.deepEqual(await read("/api/alerts"), { alerts: snapshot.alerts, count: 2 });
    assert.deepEqual(await read("/api/metrics/current"), snapshot.metrics);
  });

  test("history takes a key, two times and a number of points", async () => {
    await using dashboard = await startDashboard();
    const query = new URLSearchParams({ key: 'up{platform="a&b"}', from: "10", to: "20", points: "2" });
    const response = await fetch(`${dashboard.url}/api/history?${query}`);
    assert.deepEqual(await response.json(), { key: 'up{platform="a&b"}', points: [[10, 1]] });
    assert.deepEqual(dashboard.source.queries, [{ key: 'up{platform="a&b"}', from: 10, to: 20, points: 2 }]);
  });

  for (const [query, sentence] of [
    ["from=1&to=2", "'key' must be a sample key of 1 to 1024 characters, got none"],
    ["key=a&to=2", "'from' must be a time in epoch milliseconds, got none"],
    ["key=a&from=1&to=soon", "'to' must be a time in epoch milliseconds, got soon"],
    ["key=a&from=1&to=1e3", "'to' must be a time in epoch milliseconds, got 1e3"],
    ["key=a&from=2&to=2", "'from' must be before 'to' (2), got 2"],
    ["key=a&from=1&to=2&points=1", "'points' must be an integer from 2 to 5000, got 1"],
    ["key=a&from=1&to=2&points=5001", "'points' must be an integer from 2 to 5000, got 5001"],
    ["key=a&from=1&to=2&points=", "'points' must be an integer from 2 to 5000, got an empty one"],
  ] as const) {
    test(`history refuses ?${query}`, async () => {
      await using dashboard = await startDashboard();
      const response = await fetch(`${dashboard.url}/api/history?${query}`);
      assert.equal(response.status, 400);
      assert.equal(await errorOf(response), sentence);
      assert.deepEqual(dashboard.source.queries, []);
    });
  }

  test("says what a source does not have", async () => {
    const full = new StillSource();
    full.emotions = undefined;
    const source: HealthSource = {
      describe: () => full.describe(),
      snapshot: () => full.snapshot(),
      subscribe: (listener) => full.subscribe(listener),
    };
    await using dashboard = await startDashboard({ source });
    for (const path of ["/api/emotions", "/api/history?key=a&from=1&to=2", "/metrics"]) {
      const response = await fetch(dashboard.url + path);
      assert.equal(response.status, 404, path);
      assert.match(await errorOf(response), /^this companion /);
    }
  });

  test("a source that fails is a 500 that tells the world nothing, and the host all", async () => {
    const errors: unknown[] = [];
    await using dashboard = await startDashboard({ onError: (error) => errors.push(error) });
    dashboard.source.failure = new Error("secret path");
    const response = await fetch(`${dashboard.url}/api/health`);
    assert.equal(response.status, 500);
    assert.doesNotMatch(await errorOf(response), /secret/);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.deepEqual(errors, [dashboard.source.failure]);
  });

  test("metrics come as Prometheus scrapes them", async () => {
    await using dashboard = await startDashboard();
    const response = await fetch(`${dashboard.url}/metrics`);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert.equal(await response.text(), dashboard.source.exposition());
  });

  test("metrics come as OpenMetrics to who would rather have that, if the source can", async () => {
    await using monitor = await startWatchedMonitor();
    await using able = await startDashboard({ source: monitor });
    await using unable = await startDashboard();
    const prometheus =
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    for (const [accept, isOpen] of [
      [prometheus, true],
      ["application/openmetrics-text", true],
      ["text/plain, application/openmetrics-text;q=0.5", false],
      ["application/openmetrics-text;q=0", false],
      ["*/*", false],
      ["text/html,*/*;q=0.8", false],
    ] as const) {
      const response = await fetch(`${able.url}/metrics`, { headers: { accept } });
      const type = response.headers.get("content-type");
      assert.equal(type?.startsWith("application/openmetrics-text; version=1.0.0"), isOpen, accept);
      assert.equal((await response.text()).endsWith("# EOF\n"), isOpen, accept);
      assert.equal(response.headers.get("vary")?.toLowerCase().includes("accept"), true);
      const other = await fetch(`${unable.url}/metrics`, { headers: { accept } });
      assert.match(other.headers.get("content-type")!, /^text\/plain/);
    }
  });
});

suite("every answer", () => {
  test("of an unknown address or method is JSON", async () => {
    await using dashboard = await startDashboard();
    assert.equal((await fetch(`${dashboard.url}/nope`)).status, 404);
    assert.match(await errorOf(await fetch(`${dashboard.url}/api/nope`)), /nothing at this address/);
    for (const [method, path, allow] of [
      ["DELETE", "/", "GET, HEAD"],
      ["POST", "/feed", "GET, HEAD"],
      ["PUT", "/modules/components/mod.ts", "GET, HEAD"],
      ["GET", "/api/actions/a", "POST"],
    ]) {
      const response = await fetch(dashboard.url + path!, { method: method! });
      assert.equal(response.status, 405, `${method} ${path}`);
      assert.equal(response.headers.get("allow"), allow);
      assert.match(await errorOf(response), /^only /);
    }
  });

  test("to HEAD has the headers of GET and no body; a feed is not opened for it", async () => {
    await using dashboard = await startDashboard();
    for (const path of ["/", "/embed.js", "/metrics", "/api/health"]) {
      const head = await fetch(dashboard.url + path, { method: "HEAD" });
      const get = await fetch(dashboard.url + path);
      assert.equal(head.status, 200);
      assert.equal(head.headers.get("content-type"), get.headers.get("content-type"), path);
      assert.equal(await head.text(), "");
      await get.text();
    }
    for (let i = 0; i < 101; i++) {
      // one more than the feed takes readers
      const head = await fetch(`${dashboard.url}/feed`, { method: "HEAD" });
      assert.equal(head.status, 200);
      assert.match(head.headers.get("content-type")!, /^text\/event-stream/);
    }
    const feed = await fetch(`${dashboard.url}/feed`);
    assert.equal(feed.status, 200);
    await feed.body!.cancel();
  });

  test("carries the security headers, the page a strict policy", async () => {
    await using dashboard = await startDashboard();
    for (const path of ["/", "/feed", "/embed.js", "/page.css", "/metrics", "/api/health", "/nope"]) {
      const { headers, body } = await fetch(dashboard.url + path);
      await body?.cancel();
      assert.equal(headers.get("x-content-type-options"), "nosniff", path);
      assert.equal(headers.get("referrer-policy"), "no-referrer", path);
      assert.match(
        headers.get("content-security-policy")!,
        /^default-src 'none'; .*frame-ancestors 'none'/,
        path,
      );
      const shared = path === "/embed.js" ? "cross-origin" : "same-origin";
      assert.equal(headers.get("cross-origin-resource-policy"), shared, path);
    }
    const page = await fetch(dashboard.url);
    assert.equal(
      page.headers.get("content-security-policy"),
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
        "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
  });
});

suite("page", () => {
  test("names the companion as text, whatever it is called", async () => {
    await using dashboard = await startDashboard();
    dashboard.source.name = `</title><script>alert("1")</script>`;
    const html = await (await fetch(dashboard.url)).text();
    assert.match(
      html,
      /<title>&lt;\/title&gt;&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt;: health<\/title>/,
    );
  });

  test("refers to nothing that is not there, and to nothing elsewhere", async () => {
    await using dashboard = await startDashboard();
    const html = await (await fetch(dashboard.url)).text();
    const addresses = [...html.matchAll(/\b(?:src|href)="([^"]+)"/g)].map(([, address]) => address!);
    assert.ok(
      addresses.includes("feed") && addresses.includes("embed.js") && addresses.includes("favicon.svg"),
    );
    for (const address of addresses) {
      const url = new URL(address, `${dashboard.url}/`);
      assert.equal(url.origin, dashboard.url);
      const response = await fetch(url);
      await response.body?.cancel();
      assert.equal(response.status, 200, address);
    }
  });

  test("carries the token only when told to, and is then kept nowhere", async () => {
    const actions = [{ id: "a", label: "A", run: () => {} }];
    for (const pageCarriesToken of [false, true]) {
      await using dashboard = await startDashboard({ actions, pageCarriesToken });
      const { headers, body } = await sendRaw(dashboard.url, "/");
      assert.equal(body.includes(`<meta name="demi-token" content="${dashboard.token}"`), pageCarriesToken);
      assert.equal(body.includes(dashboard.token!), pageCarriesToken);
      assert.equal(headers["cache-control"], pageCarriesToken ? "no-store" : "no-cache");
    }
  });
});
