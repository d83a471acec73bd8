import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { Dashboard, type DashboardOptions } from "../../lib/server/dashboard.ts";
import { type OpenedPage, type OpenOptions, type TestBrowser } from "./_browser.ts";
import { FixtureSource, type FixtureOptions } from "./_fixture_source.ts";

/** A running dashboard with a companion whose health the test says. */
export interface Site extends AsyncDisposable {
  readonly source: FixtureSource;
  /** Token for actions. */
  readonly token: string | undefined;
  /** Opens the dashboard's own page. */
  open(browser: TestBrowser, options?: OpenOptions): Promise<OpenedPage>;
  /** Opens a page with this body, on the dashboard's host, under the strictest policy. */
  embed(browser: TestBrowser, body: string, options?: OpenOptions): Promise<OpenedPage>;
  /** Ends the server, as a crash of the host would. */
  stop(): Promise<void>;
  /** Starts it again at the same address. */
  restart(): Promise<void>;
}

export async function startSite(fixture: FixtureOptions = {}, options: DashboardOptions = {}): Promise<Site> {
  const source = new FixtureSource(fixture);
  const onError = (error: unknown): never => {
    throw error;
  };
  const start = async (port: number): Promise<Dashboard> => {
    const dashboard = new Dashboard({ source, onError, ...options, port });
    await dashboard.start();
    return dashboard;
  };
  let dashboard = await start(0);
  const { url } = dashboard;
  return {
    source,
    token: dashboard.token,
    open: (browser, open) => browser.open(url, open),
    embed: (browser, body, open) =>
      browser.open(new URL("/embedding", url).href, { ...open, html: toPage(body) }),
    stop: () => dashboard.stop(),
    restart: async () => void (dashboard = await start(Number(new URL(url).port))),
    [Symbol.asyncDispose]: () => dashboard.stop(),
  };
}

function toPage(body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Embedding</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<script type="module" src="/embed.js"></script></head><body><main><h1>Somebody's page</h1>${body}</main></body></html>`;
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** Asserts that axe finds nothing on the page, in every element's shadow tree. */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  // evaluated and not added as a script, which the page's policy would refuse
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n    ")}`);
  assert.deepEqual(found, [], what);
}
