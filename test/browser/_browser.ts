import { existsSync } from "node:fs";
import assert from "node:assert/strict";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { unpackChromium } from "./_npm_chromium.ts";

const INSTALLED = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/opt/google/chrome/chrome",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const ARGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What a host with the strictest sensible policy would send. */
export const STRICT_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:";

/** How a page is opened. */
export interface OpenOptions extends Pick<
  BrowserContextOptions,
  "viewport" | "colorScheme" | "reducedMotion" | "forcedColors" | "locale" | "timezoneId"
> {
  /** Console errors that belong to the test, such as those of a server that it ends. Everything else fails it. */
  readonly expected?: readonly RegExp[] | undefined;
  /** Serves this text at the address instead of what the server has there, under the strict policy of an embedding page. */
  readonly html?: string | undefined;
  /** Further origins that the page may ask; its own always may be. */
  readonly origins?: readonly string[] | undefined;
}

/** A page that is watched: disposing of it fails on console errors, page errors, and requests to any other host. */
export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  /** What has gone wrong so far. */
  readonly problems: readonly string[];
}

/** A real Chromium, headless. */
export interface TestBrowser extends AsyncDisposable {
  readonly browser: Browser;
  open(url: string, options?: OpenOptions): Promise<OpenedPage>;
}

/**
 * Starts the Chromium of `CHROMIUM_PATH`, or an installed one, or, where there is none (or `CHROMIUM_PATH` is `npm`), the one
 * that the package `@sparticuz/chromium` ships. Nothing is downloaded.
 */
export async function launchBrowser(): Promise<TestBrowser> {
  const asked = process.env["CHROMIUM_PATH"];
  const installed = asked === "npm" ? undefined : (asked ?? INSTALLED.find((path) => existsSync(path)));
  const { executablePath, env } = installed ? { executablePath: installed, env: {} } : await unpackChromium();
  const browser = await chromium.launch({
    executablePath,
    args: ARGS,
    env: { ...process.env, ...env },
    // playwright's default is no sandbox at all; only root has none
    chromiumSandbox: process.getuid?.() !== 0,
  });
  return {
    browser,
    open: (url, options) => openIn(browser, url, options),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** Starts a browser for one page. */
export async function openPage(url: string, options: OpenOptions = {}): Promise<OpenedPage> {
  await using started = new AsyncDisposableStack();
  const browser = started.use(await launchBrowser());
  const opened = started.use(await browser.open(url, options));
  const all = started.move();
  return { page: opened.page, problems: opened.problems, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function openIn(browser: Browser, url: string, options: OpenOptions = {}): Promise<OpenedPage> {
  const { expected = [], origins = [], html, ...context } = options;
  // uPlot throws `Invalid language tag: en-US@posix` where the locale is the C one of a bare machine
  const opened = await browser.newContext({ locale: "en-US", timezoneId: "UTC", ...context });
  const page = await opened.newPage();
  const problems: string[] = [];
  watch(page, [new URL(url).origin, ...origins], problems);
  if (html !== undefined) {
    const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": STRICT_CSP };
    await page.route(url, (route) => route.fulfill({ body: html, headers }));
  }
  try {
    await page.goto(url, { waitUntil: "load" });
  } catch (error) {
    await opened.close();
    throw error;
  }
  return {
    page,
    problems,
    [Symbol.asyncDispose]: async () => {
      await opened.close();
      const unexpected = problems.filter((problem) => !expected.some((pattern) => pattern.test(problem)));
      assert.deepEqual(unexpected, [], `problems on ${url}`);
    },
  };
}

function watch(page: Page, origins: readonly string[], problems: string[]): void {
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      problems.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    }
  });
  page.on("pageerror", (error) => problems.push(`page error: ${error.stack ?? error.message}`));
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    const isLocal = protocol === "data:" || protocol === "blob:" || protocol === "about:";
    if (!isLocal && !origins.includes(origin)) problems.push(`request to another host: ${request.url()}`);
  });
}
