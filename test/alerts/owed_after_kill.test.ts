import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import assert from "node:assert/strict";

const LIBRARY = new URL("../../index.ts", import.meta.url).href;
const ALERTS = new URL("../../lib/alerts/mod.ts", import.meta.url).href;

/** A host whose gauge is what it is told, with a webhook. */
const host = (path: string, url: string, value: number): string => `
  import { HealthMonitor } from ${JSON.stringify(LIBRARY)};
  import { webhookChannel } from ${JSON.stringify(ALERTS)};
  const condition = { metric: "temperature", fn: "last", windowMs: 5000, op: ">", threshold: 80 };
  const monitor = await HealthMonitor.start({
    storePath: ${JSON.stringify(path)},
    intervalMs: 50,
    rules: [{ name: "hot", level: "critical", condition, forMs: 0, cooldownMs: 0, message: "{{value}}" }],
    channels: [webhookChannel({ url: ${JSON.stringify(url)} })],
    onError: () => {},
  });
  monitor.registry.gauge({ name: "temperature", help: "For a test" }).bind().set(${value});
  setInterval(async () => {
    const { lastError = "" } = monitor.notifier.channels[0];
    await monitor.store.flush();
    console.log(lastError);
  }, 50);
`;

suite("a notice that is owed", { timeout: 60_000 }, () => {
  test("is delivered by the process after the one that was killed, and the end of the alert, too", async () => {
    const folder = await mkdtemp(join(tmpdir(), "demi-owed-"));
    const got: string[] = [];
    let isUp = false;
    const { promise: told, resolve } = Promise.withResolvers<void>();
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (data) => (body += String(data)));
      request.on("end", () => {
        response.writeHead(isUp ? 200 : 503).end();
        if (!isUp) return;
        const { alerts } = JSON.parse(body) as { alerts: { id: string; state: string }[] };
        for (const { id, state } of alerts) got.push(`${id} ${state}`);
        if (got.length === 2) resolve();
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const path = join(folder, "health.sqlite");
    const start = (value: number) =>
      spawn(process.execPath, ["--input-type=module", "-e", host(path, url, value)], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, NODE_V8_COVERAGE: "" },
      });
    try {
      const first = start(90);
      for await (const data of first.stdout) {
        if (String(data).includes("answered 503")) first.kill("SIGKILL"); // what is owed is safe by now
      }
      isUp = true;
      const second = start(20);
      second.stdout.resume();
      await told;
      assert.deepEqual(got, ["hot firing", "hot resolved"]);
      const ended = once(second, "exit");
      second.kill("SIGKILL");
      await ended;
    } finally {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
