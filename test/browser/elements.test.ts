import { after, before, suite, test } from "node:test";
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { DemiEmotionRadar, DemiMetricChart } from "../../components/mod.ts";
import { launchBrowser, type OpenedPage, type TestBrowser } from "./_browser.ts";
import { assertAccessible, startSite } from "./_site.ts";

const FOUR = `
<demi-emotion-radar src="/feed"></demi-emotion-radar>
<demi-metric-chart src="/feed" metric="process_resident_memory_bytes"></demi-metric-chart>
<demi-platform-grid src="/feed"></demi-platform-grid>
<demi-alert-list src="/feed"></demi-alert-list>`;

/** Requests for the feed since this was called: how many began, and how many are open. */
function countFeeds(page: Page): { readonly begun: () => number; readonly open: () => number } {
  let begun = 0;
  let ended = 0;
  const isFeed = (url: string): boolean => new URL(url).pathname === "/feed";
  page.on("request", (request) => void (isFeed(request.url()) && begun++));
  for (const event of ["requestfailed", "requestfinished"] as const) {
    page.on(event as "requestfailed", (request) => void (isFeed(request.url()) && ended++));
  }
  return { begun: () => begun, open: () => begun - ended };
}

suite("single elements", { timeout: 120_000 }, () => {
  let browser: TestBrowser;
  before(async () => void (browser = await launchBrowser()));
  after(() => browser[Symbol.asyncDispose]());

  test("work alone under a strict policy, and share one connection", async () => {
    await using site = await startSite();
    await using opened: OpenedPage = await site.embed(browser, "");
    const { page } = opened;
    const feeds = countFeeds(page);
    await page
      .locator("main")
      .evaluate((main, html) => main.insertAdjacentHTML("beforeend", html), FOUR + FOUR);
    await page.locator("demi-emotion-radar").nth(1).getByText("0.82").first().waitFor();
    await page.locator("demi-metric-chart canvas").nth(1).waitFor();
    await page.locator("demi-platform-grid").nth(1).getByText("discord").waitFor();
    await page.locator("demi-alert-list").nth(1).getByText("Nothing fires.").waitFor();
    assert.equal(feeds.begun(), 1);
    await assertAccessible(page, "alone");
  });

  test("go on when they are moved, and let go of the connection when they are removed", async () => {
    // so rare that the client's own watch over a silent connection does not end it in our place
    await using site = await startSite({ intervalMs: 600_000 });
    await using opened = await site.embed(browser, "<div></div><section></section>");
    const { page } = opened;
    const feeds = countFeeds(page);
    await page.locator("div").evaluate((div, html) => void (div.innerHTML = html), FOUR);
    await page.locator("demi-metric-chart canvas").waitFor();
    await page.evaluate(() => {
      document.querySelector("section")!.append(...document.querySelector("div")!.children);
    });
    await page.locator("section canvas").waitFor();
    site.source.setMetrics({ process_resident_memory_bytes: 2_220_000_000 });
    await page.locator("section").getByText("2.22 GB").first().waitFor();
    assert.equal(await page.locator("canvas").count(), 1);
    assert.deepEqual([feeds.begun(), feeds.open()], [1, 1]);

    const ended = page.waitForEvent(
      "requestfailed",
      (request) => new URL(request.url()).pathname === "/feed",
    );
    const canvases = await page.locator("section").evaluate((section) => {
      const chart = section.querySelector("demi-metric-chart")!;
      section.replaceChildren();
      return chart.shadowRoot!.querySelectorAll("canvas").length;
    });
    assert.equal(canvases, 0, "the chart and its listeners end with the element");
    await ended;
    assert.equal(feeds.open(), 0);
  });

  test("another src is another feed", async () => {
    await using site = await startSite({ name: "One" });
    await using opened = await site.embed(browser, `<demi-health-panel src="/feed"></demi-health-panel>`);
    const { page } = opened;
    await page.getByRole("heading", { name: "One Well" }).waitFor();
    const feeds = countFeeds(page);
    const ended = page.waitForEvent(
      "requestfailed",
      (request) => new URL(request.url()).pathname === "/feed",
    );
    await page.locator("demi-health-panel").evaluate((panel) => panel.setAttribute("src", "/feed?again"));
    await ended;
    await page.getByRole("heading", { name: "One Well" }).waitFor();
    assert.equal(feeds.begun(), 1);
  });

  test("show what they are given, without any feed", async () => {
    await using site = await startSite();
    await using opened = await site.embed(
      browser,
      `<demi-emotion-radar></demi-emotion-radar><demi-metric-chart metric="a_bytes"></demi-metric-chart>`,
    );
    const { page } = opened;
    await page.evaluate(async () => {
      await customElements.whenDefined("demi-metric-chart");
      const radar = document.querySelector<DemiEmotionRadar>("demi-emotion-radar")!;
      radar.state = { curiosity: 0.77, momentum: undefined!, lastUpdated: Date.now() };
      const chart = document.querySelector<DemiMetricChart>("demi-metric-chart")!;
      chart.data = [
        Array.from({ length: 60 }, (_, i) => [Date.now() + i * 1000, i === 30 ? null : 1e6 * i] as const),
      ];
    });
    await page.getByRole("img", { name: /curiosity 0\.77/ }).waitFor();
    await page.getByRole("img", { name: /59\.0 MB now, between 0B and 59\.0 MB/ }).waitFor();
    await page.locator("canvas").waitFor();
    await assertAccessible(page, "without feed");
  });

  test("a gap in the samples is a gap in the line", async () => {
    await using site = await startSite();
    await using opened = await site.embed(
      browser,
      `<demi-metric-chart metric="a_bytes"></demi-metric-chart>`,
    );
    const { page } = opened;
    await page.evaluate(async () => {
      await customElements.whenDefined("demi-metric-chart");
      const isHole = (i: number): boolean => i > 20 && i < 40;
      document.querySelector<DemiMetricChart>("demi-metric-chart")!.data = [
        Array.from({ length: 61 }, (_, i) => [i * 1000, isHole(i) ? null : 1e6] as const),
      ];
    });
    // share of the height that is drawn in a column of pixels: the fill reaches from the line down to zero
    await page.locator("canvas").waitFor();
    const drawn = await page.locator("canvas").evaluate((canvas: HTMLCanvasElement) => {
      const { width, height } = canvas;
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, width, height);
      return [0.25, 0.52, 0.8].map((share) => {
        const column = Math.round(width * share);
        const alphas = Array.from({ length: height }, (_, row) => data[(row * width + column) * 4 + 3] ?? 0);
        return alphas.filter((alpha) => alpha > 0).length / height;
      });
    });
    assert.deepEqual(
      drawn.map((share) => share > 0.4),
      [true, false, true],
      drawn.join(),
    );
  });

  test("the chart's cursor is moved by keys, and its values are told", async () => {
    await using site = await startSite();
    await using opened = await site.embed(
      browser,
      `<demi-metric-chart src="/feed" metric="process_resident_memory_bytes"></demi-metric-chart>`,
    );
    const { page } = opened;
    const cursor = page.getByRole("slider", { name: "Position in the chart" });
    await page.locator("canvas").waitFor();
    await cursor.focus();
    await cursor.press("Home");
    const first = await valueText(cursor);
    assert.match(first, /^\d+:\d\d:\d\d [AP]M: Resident memory 1\.\d\d GB$/);
    assert.equal(await cursor.getAttribute("aria-valuenow"), "0");
    await page.getByText(/^at \d+:\d\d:\d\d/).waitFor();
    await cursor.press("ArrowRight");
    await cursor.press("ArrowRight");
    assert.equal(await cursor.getAttribute("aria-valuenow"), "2");
    // throttled: the text of the last position follows, those between are left out
    await page.waitForFunction(([element, before]) => element?.getAttribute("aria-valuetext") !== before, [
      await cursor.elementHandle(),
      first,
    ] as const);
    await cursor.press("Escape");
    await page.getByText(/^at \d+:\d\d:\d\d/).waitFor({ state: "detached" });
  });

  test("the chart asks history for another range, and has its numbers as a table", async () => {
    await using site = await startSite();
    await using opened = await site.embed(
      browser,
      `<demi-metric-chart src="/feed" metric="process_resident_memory_bytes"></demi-metric-chart>`,
    );
    const { page } = opened;
    await page.locator("canvas").waitFor();
    await page.getByText("Values as a table").click();
    const rows = page.locator("tbody tr");
    await rows.first().waitFor();
    assert.ok((await rows.count()) > 10);
    await page.getByRole("radio", { name: "6 hours" }).check();
    await page.getByRole("img", { name: /last 6 hours/ }).waitFor();
    await page.getByText("Lowest to highest value, last 6 hours").waitFor();
    const last = site.source.historyQueries.at(-1);
    assert.equal(Math.round(((last?.to ?? 0) - (last?.from ?? 0)) / 3_600_000), 6);
  });
});

async function valueText(cursor: ReturnType<Page["getByRole"]>): Promise<string> {
  return (await cursor.getAttribute("aria-valuetext")) ?? "";
}
