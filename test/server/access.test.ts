import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { AccessRules } from "../../lib/server/access_rules.ts";
import { errorOf, sendRaw, startDashboard } from "./_fixtures.ts";

const SHARED = ["/feed", "/metrics", "/api/health"];

/** Status and CORS answer to a request from a page; a feed is not read. */
async function ask(url: string, init: RequestInit = {}): Promise<{ status: number; allowed: string | null }> {
  const response = await fetch(url, init);
  await response.body?.cancel();
  return { status: response.status, allowed: response.headers.get("access-control-allow-origin") };
}

suite("Host header", () => {
  test("a name that was re-bound to this address is refused, everywhere", async () => {
    await using dashboard = await startDashboard();
    for (const path of ["/", "/embed.js", "/nothing", ...SHARED]) {
      const { status, body } = await sendRaw(dashboard.url, path, { host: "rebound.example:8080" });
      assert.equal(status, 403, path);
      assert.match(body, /'Host' must be .* got rebound\.example:8080/);
    }
  });

  test("loopback names, the bound address and allowed names are answered", async () => {
    await using dashboard = await startDashboard({ allowedHosts: ["Home.Example"] });
    for (const host of [
      "localhost",
      "LOCALHOST:1",
      "demi.localhost",
      "127.0.0.1",
      "[::1]:80",
      "home.example:443",
    ]) {
      assert.equal((await sendRaw(dashboard.url, "/api/health", { host })).status, 200, host);
    }
    for (const host of ["localhost.evil.example", "127.0.0.1.evil.example", "192.168.0.1", "xlocalhost"]) {
      assert.equal((await sendRaw(dashboard.url, "/api/health", { host })).status, 403, host);
    }
  });

  test("bound to all addresses, any address is answered, and no other name", () => {
    const rules = new AccessRules({ host: "0.0.0.0" });
    const isAllowed = (host: string): boolean => rules.isHostAllowed(new Request(`http://${host}/`));
    assert.deepEqual(["192.168.0.7:8080", "[fe80::1]", "evil.example"].map(isAllowed), [true, true, false]);
  });
});

suite("Origin", () => {
  test("pages of this machine may read from a dashboard that is bound to loopback", async () => {
    await using dashboard = await startDashboard();
    for (const origin of ["http://localhost:3000", "http://127.0.0.1:5173", "https://app.localhost"]) {
      for (const path of SHARED) {
        assert.deepEqual(await ask(dashboard.url + path, { headers: { origin } }), {
          status: 200,
          allowed: origin,
        });
      }
    }
    for (const origin of ["https://evil.example", "null", "http://localhost.evil.example"]) {
      for (const path of SHARED) {
        assert.deepEqual(await ask(dashboard.url + path, { headers: { origin } }), {
          status: 200,
          allowed: null,
        });
      }
    }
  });

  test("a list of origins replaces that", async () => {
    await using dashboard = await startDashboard({ allowedOrigins: ["https://home.example/"] });
    const allowed = async (origin: string): Promise<string | null> =>
      (await ask(`${dashboard.url}/api/health`, { headers: { origin } })).allowed;
    assert.equal(await allowed("https://home.example"), "https://home.example");
    assert.equal(await allowed("http://home.example"), null);
    assert.equal(await allowed("http://localhost:3000"), null);
  });

  test("not bound to loopback, pages of this machine are foreign, too", () => {
    const rules = new AccessRules({ host: "0.0.0.0" });
    const judge = (origin: string): string =>
      rules.judgeOrigin(new Request("http://192.168.0.7:8080/feed", { headers: { origin } }));
    assert.equal(judge("http://localhost:3000"), "refused");
    assert.equal(judge("http://192.168.0.7:8080"), "same");
    assert.equal(judge("https://192.168.0.7:8080"), "same");
  });

  test("no other page may read the page: it may carry the token", async () => {
    const actions = [{ id: "a", label: "A", run: () => {} }];
    await using dashboard = await startDashboard({ pageCarriesToken: true, actions });
    const { allowed } = await ask(dashboard.url, { headers: { origin: "http://localhost:3000" } });
    assert.equal(allowed, null);
  });

  test("a page that carries the token is for this machine only", async () => {
    const actions = [{ id: "a", label: "A", run: () => {} }];
    await using dashboard = await startDashboard({
      host: "0.0.0.0",
      allowedHosts: ["home.example"],
      pageCarriesToken: true,
      actions,
    });
    for (const host of ["192.168.0.7:8080", "home.example"]) {
      const { status, body } = await sendRaw(dashboard.url, "/", { host });
      assert.equal(status, 403, host);
      assert.match(body, /'Host' must be a name of this machine/);
      assert.ok(!body.includes(dashboard.token!));
      assert.equal((await sendRaw(dashboard.url, "/api/health", { host })).status, 200, host);
    }
    assert.equal((await sendRaw(dashboard.url, "/", { host: "localhost:8080" })).status, 200);
  });

  test("preflights of allowed origins pass, others do not", async () => {
    await using dashboard = await startDashboard();
    const preflight = (origin: string): Promise<Response> =>
      fetch(`${dashboard.url}/api/actions/a`, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST" },
      });
    const passed = await preflight("http://localhost:3000");
    assert.equal(passed.status, 204);
    assert.equal(passed.headers.get("access-control-allow-origin"), "http://localhost:3000");
    assert.match(passed.headers.get("access-control-allow-methods")!, /POST/);
    for (const name of ["Authorization", "Last-Event-ID", "Content-Type"]) {
      assert.ok(passed.headers.get("access-control-allow-headers")!.includes(name));
    }
    const refused = await preflight("https://evil.example");
    assert.equal(refused.status, 403);
    assert.equal(refused.headers.get("access-control-allow-origin"), null);
    assert.match(passed.headers.get("vary")!, /Origin/);
  });

  test("any page may import the modules", async () => {
    await using dashboard = await startDashboard();
    for (const path of ["/embed.js", "/modules/components/mod.ts"]) {
      const response = await fetch(dashboard.url + path, { headers: { origin: "https://somebody.example" } });
      assert.equal(response.headers.get("access-control-allow-origin"), "*");
      assert.equal(response.headers.get("cross-origin-resource-policy"), "cross-origin");
      await response.body?.cancel();
    }
  });
});

suite("Bearer token", () => {
  const post = (
    url: string,
    headers: Record<string, string> = {},
    body: BodyInit | null = null,
  ): Promise<Response> =>
    fetch(url, {
      method: "POST",
      headers,
      body,
      ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
    });

  test("an action runs with the token only, and only for an allowed origin", async () => {
    let runs = 0;
    await using dashboard = await startDashboard({
      actions: [{ id: "a b", label: "A", run: () => void runs++ }],
    });
    const url = `${dashboard.url}/api/actions/a%20b`;
    const authorization = `Bearer ${dashboard.token}`;
    assert.ok(dashboard.token!.length >= 32);
    const without = await post(url);
    assert.equal(without.status, 401);
    assert.match(without.headers.get("www-authenticate")!, /^Bearer/);
    for (const wrong of [
      "Bearer wrong",
      `Bearer ${dashboard.token}x`,
      `Basic ${dashboard.token}`,
      "Bearer ",
    ]) {
      assert.equal((await post(url, { authorization: wrong })).status, 401, wrong);
    }
    assert.equal((await post(url, { authorization, origin: "https://evil.example" })).status, 403);
    assert.equal((await post(`${dashboard.url}/api/actions/other`, { authorization })).status, 404);
    assert.equal(runs, 0);
    assert.equal((await post(url, { authorization })).status, 204);
    const shared = await post(url, { authorization, origin: "http://localhost:3000" });
    assert.equal(shared.headers.get("access-control-allow-origin"), "http://localhost:3000");
    assert.equal(runs, 2);
  });

  test("an action that fails is told to who asked and to the host", async () => {
    const errors: unknown[] = [];
    const failure = new Error("no such unit");
    await using dashboard = await startDashboard({
      token: "secret",
      actions: [{ id: "a", label: "A", run: () => Promise.reject(failure) }],
      onError: (error) => errors.push(error),
    });
    const response = await post(`${dashboard.url}/api/actions/a`, { authorization: "Bearer secret" });
    assert.equal(response.status, 500);
    assert.equal(await errorOf(response), "'a' failed: no such unit");
    assert.deepEqual(errors, [failure]);
  });

  test("bodies are bounded, whether or not their length is declared", async () => {
    let runs = 0;
    await using dashboard = await startDashboard({
      token: "t",
      actions: [{ id: "a", label: "A", run: () => void runs++ }],
    });
    const send = async (body: BodyInit): Promise<number> =>
      (await post(`${dashboard.url}/api/actions/a`, { authorization: "Bearer t" }, body)).status;
    const chunked = (bytes: number): ReadableStream => new Blob([new Uint8Array(bytes)]).stream();
    assert.equal(await send(new Uint8Array(64 * 1024 + 1)), 413);
    assert.equal(await send(chunked(65 * 1024)), 413);
    assert.equal(runs, 0);
    assert.equal(await send(new Uint8Array(64 * 1024)), 204);
    assert.equal(await send(chunked(64 * 1024)), 204);
    assert.equal(runs, 2);
  });

  test("a token for reading guards feed, JSON and metrics, not the page and its code", async () => {
    const actions = [{ id: "a", label: "A", run: () => {} }];
    await using dashboard = await startDashboard({ readToken: "reader", token: "writer", actions });
    for (const path of SHARED) {
      const read = async (token?: string): Promise<number> =>
        (await ask(dashboard.url + path, token ? { headers: { authorization: `Bearer ${token}` } } : {}))
          .status;
      assert.deepEqual([await read(), await read("other")], [401, 401], path);
      assert.deepEqual([await read("reader"), await read("writer")], [200, 200], path);
      assert.equal((await fetch(dashboard.url + path, { method: "HEAD" })).status, 401);
    }
    for (const path of ["/", "/embed.js", "/page.js"])
      assert.equal((await ask(dashboard.url + path)).status, 200);
    const response = await post(`${dashboard.url}/api/actions/a`, { authorization: "Bearer reader" });
    assert.equal(response.status, 401);
  });
});
