// The two samples of the design that exist so far, as written, but for the port: 8080 may be somebody else's.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { Dashboard, HealthMonitor } from "demi-health";
import { openPage } from "../browser/_browser.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const DASHBOARD_SAMPLE = `
import { Dashboard } from "demi-health";
const dashboard = new Dashboard({ host: '127.0.0.1', port: 8080 });
await dashboard.start();
console.log(\`Dashboard at: \${dashboard.url}\`);
`;

const EMBED_SAMPLE = `
<script type="module" src="http://127.0.0.1:8080/embed.js"></script>
<demi-health-panel src="http://127.0.0.1:8080/feed"></demi-health-panel>
`;

async function serve(html: string): Promise<Server> {
  const server = createServer((_request, response) => {
    response
      .setHeader("content-type", "text/html; charset=utf-8")
      .end(`<!doctype html><title>Somebody</title>${html}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

suite("samples of the design", { timeout: 120_000 }, () => {
  test("the Dashboard sample serves the page of its own process", async () => {
    const code = DASHBOARD_SAMPLE.replace("port: 8080", "port: 0");
    const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", code], { cwd: ROOT });
    try {
      const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
      const url = /^Dashboard at: (http:\/\/127\.0\.0\.1:\d+)\/?$/.exec(line)?.[1];
      assert.ok(url, line);
      const page = await fetch(url);
      assert.match(await page.text(), /<demi-health-panel/);
      const health = (await (await fetch(`${url}/api/health`)).json()) as { status: string };
      assert.equal(health.status, "ok");
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("the embed sample shows the live panel on a foreign page", async () => {
    await using monitor = await HealthMonitor.start({ name: "Embedded One" });
    await using dashboard = new Dashboard({ source: monitor, port: 0 });
    await dashboard.start();
    await using foreign = await serve(EMBED_SAMPLE.replaceAll("http://127.0.0.1:8080", dashboard.url));
    const { port } = foreign.address() as AddressInfo;
    await using opened = await openPage(`http://127.0.0.1:${port}/`, { origins: [dashboard.url] });
    await opened.page.getByText("Embedded One").first().waitFor();
    await opened.page
      .locator("demi-health-panel")
      .getByRole("status")
      .filter({ hasText: /live/i })
      .first()
      .waitFor();
  });
});
