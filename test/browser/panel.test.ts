import { after, before, suite, test } from "node:test";
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { launchBrowser, type TestBrowser } from "./_browser.ts";
import { fixtureAlert, fixturePlatforms } from "./_fixture_source.ts";
import { assertAccessible, startSite } from "./_site.ts";

/** Errors that Chromium itself logs when a test ends the server, or when the server says no. */
const NETWORK = [
  /Failed to load resource/,
  /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE/,
];

const PANEL = `<demi-health-panel src="/feed"></demi-health-panel>`;

const connection = (page: Page) => page.locator("demi-health-panel .connection");

suite("<demi-health-panel>", { timeout: 120_000 }, () => {
  let browser: TestBrowser;
  before(async () => void (browser = await launchBrowser()));
  after(() => browser[Symbol.asyncDispose]());

  test("shows what the companion tells, and what it tells next", async () => {
    await using site = await startSite({ name: "Demi" });
    await using opened = await site.open(browser);
    const { page } = opened;
    await page.getByRole("heading", { name: "Demi Well" }).waitFor();
    await connection(page).getByText("Live").waitFor();
    await page.locator("demi-metric-chart").first().getByText("1.57 GB").first().waitFor();
    await page.locator("demi-platform-grid").getByText("discord").waitFor();
    await page.getByRole("img", { name: /curiosity 0\.82/ }).waitFor();

    site.source.setMetrics({ process_resident_memory_bytes: 2_340_000_000 });
    site.source.setEmotions({ curiosity: 0.11 });
    site.source.setPlatforms([{ name: "discord", status: "offline", since: Date.now() }]);
    await page.locator("demi-metric-chart").first().getByText("2.34 GB").first().waitFor();
    await page.getByRole("img", { name: /curiosity 0\.11/ }).waitFor();
    await page.locator("demi-platform-grid").getByText("offline").first().waitFor();
  });

  test("a value that goes away is no data, never zero", async () => {
    await using site = await startSite();
    await using opened = await site.open(browser);
    const cpu = opened.page.locator("demi-health-panel .vitals div", { hasText: "CPU" });
    await cpu.getByText("18%").waitFor();
    site.source.setMetrics({ demi_cpu_usage_ratio: undefined });
    await cpu.getByText("no data").waitFor();
    assert.equal(await cpu.locator("svg").count(), 0);
    site.source.setEmotions({ curiosity: 0.5 });
    await opened.page.getByRole("img", { name: /curiosity 0\.5, affection no data/ }).waitFor();
  });

  test("an alert that begins to fire is announced, one that fires already is not", async () => {
    await using site = await startSite({
      alerts: [fixtureAlert({ message: "Known before." })],
      status: "critical",
    });
    await using opened = await site.open(browser);
    const { page } = opened;
    const spoken = page.locator("demi-alert-list [role=alert]");
    await page.locator("demi-alert-list").getByText("Known before.").waitFor();
    assert.equal(await spoken.textContent(), "");
    site.source.setAlert(
      fixtureAlert({ id: "new", level: "warning", message: "Memory is high." }),
      "critical",
    );
    await page.locator("demi-alert-list li").getByText("Memory is high.").waitFor();
    assert.equal(await spoken.textContent(), "warning: Memory is high.");
  });

  test("silence is told as stale, and no tile claims to be live", async () => {
    await using site = await startSite({ intervalMs: 100 });
    await using opened = await site.open(browser);
    const { page } = opened;
    await connection(page).getByText("Live").waitFor();
    await connection(page).getByText("Stale: no news since").waitFor();
    await page.getByRole("heading", { name: "Demi Not known" }).waitFor();
    assert.equal(await page.locator(".stale-note").count(), 6);
    site.source.setMetrics();
    await connection(page).getByText("Live").waitFor();
    assert.equal(await page.locator(".stale-note").count(), 0);
  });

  test("says since when the server is gone, and is live again when it is back", async () => {
    await using site = await startSite();
    await using opened = await site.embed(browser, PANEL, { expected: NETWORK });
    const { page } = opened;
    await connection(page).getByText("Live").waitFor();
    await site.stop();
    await connection(page)
      .getByText(/Disconnected since \d+:\d\d [AP]M, retrying/)
      .waitFor();
    await page.getByText(/Last seen .*: well\./).waitFor();
    await assertAccessible(page, "disconnected");
    site.source.setMetrics({ process_resident_memory_bytes: 3_210_000_000 });
    await site.restart();
    await connection(page).getByText("Live").waitFor();
    await page.locator("demi-metric-chart").first().getByText("3.21 GB").first().waitFor();
  });

  test("offers actions to whoever has the token, and tells how they went", async () => {
    const actions = [
      { id: "drop", label: "Drop everybody", run: () => {} },
      {
        id: "fail",
        label: "Fail",
        run: () => {
          throw new Error("the mock is gone");
        },
      },
    ];
    await using site = await startSite({}, { actions, onError: () => {} });
    await using opened = await site.embed(browser, PANEL, { expected: NETWORK });
    const { page } = opened;
    await connection(page).getByText("Live").waitFor();
    assert.equal(await page.getByRole("button", { name: "Drop everybody" }).count(), 0);
    await setToken(page, site.token);
    await page.getByRole("button", { name: "Drop everybody" }).click();
    await page.getByText("Drop everybody: done.").waitFor();
    await page.getByRole("button", { name: "Fail" }).press("Enter");
    await page.getByText(/^Fail failed: /).waitFor();
  });

  test("asks for the token of a feed that wants one", async () => {
    await using site = await startSite({}, { readToken: "let-me-in" });
    await using opened = await site.embed(browser, PANEL, { expected: NETWORK });
    const { page } = opened;
    await connection(page).getByText("Unauthorized").waitFor();
    await setToken(page, "let-me-in");
    await page.getByRole("heading", { name: "Demi Well" }).waitFor();
  });

  test("markup from outside stays text", async () => {
    const evil = `<img src=x onerror="throw 1"><b>bold</b>`;
    await using site = await startSite({
      name: evil,
      alerts: [fixtureAlert({ message: evil, rule: evil })],
      platforms: [{ name: evil, status: "offline", since: 0, error: evil }],
      emotions: { [evil]: 0.5, joy: 0.2, fear: 0.1 },
      status: "critical",
    });
    await using opened = await site.open(browser);
    const { page } = opened;
    await page.locator("demi-alert-list li").getByText(evil).first().waitFor();
    await page.locator("demi-platform-grid h3").getByText(evil).waitFor();
    assert.equal(
      await page.locator("demi-health-panel").locator("img, b:has-text('bold'):not(:has(bdi))").count(),
      0,
    );
  });

  for (const width of [320, 768, 1440]) {
    test(`fits into ${width} px, whatever the names`, async () => {
      const long = "verylongwordwithoutanyspace".repeat(9);
      await using site = await startSite({
        name: long,
        alerts: [fixtureAlert({ message: long, rule: long })],
        platforms: [{ name: long, status: "degraded", since: 0, error: long }, ...fixturePlatforms()],
        status: "critical",
      });
      await using opened = await site.open(browser, { viewport: { width, height: 800 } });
      const { page } = opened;
      await page.locator("demi-platform-grid").getByText("android").waitFor();
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${overflow} px too wide`);
    });
  }

  for (const colorScheme of ["light", "dark"] as const) {
    test(`axe finds nothing, ${colorScheme}`, async () => {
      const alerts = [
        fixtureAlert(),
        fixtureAlert({ id: "i", level: "info", message: "Lonely.", acknowledged: true }),
        fixtureAlert({ id: "w", level: "warning", state: "recovering", message: "Memory is high." }),
        fixtureAlert({ id: "p", state: "pending", message: "CPU is high." }),
        fixtureAlert({ id: "r", state: "resolved", resolvedAt: Date.now() - 1000 }),
      ];
      const platforms = (["online", "degraded", "connecting", "offline", "disabled"] as const).map(
        (status) => ({
          name: status,
          status,
          since: 0,
          breaker: "open" as const,
        }),
      );
      await using site = await startSite({ alerts, platforms, status: "critical" });
      await using opened = await site.embed(browser, PANEL, { colorScheme });
      const { page } = opened;
      await page.locator("demi-platform-grid").getByText("open").first().waitFor();
      await page.locator("demi-metric-chart canvas").first().waitFor();
      for (const summary of await page.locator("summary").all()) await summary.click();
      await page.getByRole("region", { name: "Emotions as a table" }).waitFor();
      await assertAccessible(page, colorScheme);
    });
  }
});

async function setToken(page: Page, token: string | undefined): Promise<void> {
  await page.evaluate((value) => {
    document.querySelector<HTMLElement & { token?: string | undefined }>("demi-health-panel")!.token = value;
  }, token);
}
