import { after, before, suite, test } from "node:test";
import assert from "node:assert/strict";
import { systemClock } from "../../lib/base/system_clock.ts";
import type { FeedRun } from "../../lib/feed/messages.ts";
import { launchBrowser, type TestBrowser } from "./_browser.ts";
import { assertAccessible, startSite } from "./_site.ts";

const ELEMENT = `<demi-run-progress src="/feed"></demi-run-progress>`;

function fixtureRun(changes: Partial<FeedRun> = {}): FeedRun {
  return {
    time: systemClock.now(),
    name: "pocket Demi",
    mode: "virtual",
    state: "running",
    elapsedMs: 42 * 3_600_000,
    durationMs: 168 * 3_600_000,
    leftMs: 95_000,
    speed: 2400,
    sent: 1200,
    answered: 1190,
    failed: 2,
    rssBytes: 214e6,
    findings: 1,
    latestFindings: ["A message on discord must be answered, got no reply within 60 s"],
    faults: ["the network to Discord: latency (latencyMs 200) for 30 min"],
    verdicts: [
      { name: "HEALTH-01", outcome: "defect" },
      { name: "HEALTH-02", outcome: "not-enough-evidence" },
    ],
    ...changes,
  };
}

suite("<demi-run-progress>", { timeout: 120_000 }, () => {
  let browser: TestBrowser;
  before(async () => void (browser = await launchBrowser()));
  after(() => browser[Symbol.asyncDispose]());

  for (const [colorScheme, width] of [
    ["light", 900],
    ["dark", 900],
    ["light", 320],
  ] as const) {
    test(`shows a run with all that is known of it, ${colorScheme}, ${width} px`, async () => {
      await using site = await startSite({ run: fixtureRun() });
      await using opened = await site.embed(browser, ELEMENT, { colorScheme });
      const { page } = opened;
      await page.setViewportSize({ width, height: 900 });
      const bar = page.getByRole("progressbar", { name: "Progress of the run" });
      await bar.waitFor();
      assert.equal(await bar.getAttribute("aria-valuenow"), "25");
      assert.equal(await bar.getAttribute("aria-valuetext"), "1d 18h of 7d, 1m 35s left");
      await page.getByText("Running", { exact: true }).waitFor();
      await page.getByText("HEALTH-01: defect").waitFor();
      await page.getByText("the network to Discord: latency (latencyMs 200) for 30 min").waitFor();
      await page.getByText("must be answered, got no reply within 60 s").waitFor();
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${overflow} px too wide`);
      const folder = process.env["DEMI_SHOTS"];
      if (folder) await page.screenshot({ path: `${folder}/run_${colorScheme}_${width}.png` });
      await assertAccessible(page, `${colorScheme} ${width}`);
    });
  }

  test("goes on with the feed, to its end", async () => {
    await using site = await startSite({ run: fixtureRun() });
    await using opened = await site.embed(browser, ELEMENT);
    await opened.page.getByText("Running", { exact: true }).waitFor();
    site.source.setRun(fixtureRun({ state: "finished", elapsedMs: 168 * 3_600_000, faults: [] }));
    await opened.page.getByText("Finished", { exact: true }).waitFor();
    assert.equal(await opened.page.getByRole("progressbar").getAttribute("aria-valuenow"), "100");
  });

  test("does not say that a run goes on of which nothing was heard, or whose feed is gone", async () => {
    await using site = await startSite({
      run: fixtureRun({ time: systemClock.now() - 3_600_000 }),
      intervalMs: 100,
    });
    await using opened = await site.embed(browser, ELEMENT);
    await opened.page.getByText("Was running", { exact: true }).waitFor();
    await opened.page.locator("demi-run-progress .stale-note").waitFor();
  });

  test("text from outside is never markup", async () => {
    const evil = "<img src=x onerror=alert(1)>";
    const run = fixtureRun({ name: evil, latestFindings: [evil], faults: [evil] });
    await using site = await startSite({ run });
    await using opened = await site.embed(browser, ELEMENT);
    await opened.page.getByText(evil).first().waitFor();
    assert.equal(await opened.page.locator("demi-run-progress img").count(), 0);
  });
});
