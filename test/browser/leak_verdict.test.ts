import { after, before, suite, test } from "node:test";
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { DemiLeakVerdict } from "../../components/mod.ts";
import { launchBrowser, type TestBrowser } from "./_browser.ts";
import { fixtureMemory, fixtureSite, HEALTHY, LEAKING, YOUNG } from "./_fixture_memory.ts";
import { assertAccessible, startSite } from "./_site.ts";

const ELEMENT = `<demi-leak-verdict src="/feed"></demi-leak-verdict>`;
const leak = fixtureMemory(LEAKING);
const healthy = fixtureMemory(HEALTHY);
const young = fixtureMemory(YOUNG);

const badge = (page: Page) => page.locator("demi-leak-verdict [part=badge]");

/** How many pixels of the chart have a colour of their own, by the colour that an element has. */
function countPixels(page: Page, selector: string): Promise<number> {
  return page.locator("demi-leak-verdict").evaluate((element, wanted) => {
    const root = element.shadowRoot!;
    const drawn = root.querySelector("canvas")!;
    // a copy: the chart's own canvas is not made for being read
    const [{ width, height }, copy] = [drawn, document.createElement("canvas")];
    Object.assign(copy, { width: width + 1, height });
    const context = copy.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(drawn, 0, 0);
    context.fillStyle = getComputedStyle(root.querySelector(wanted)!).color;
    context.fillRect(width, 0, 1, 1);
    const [r, g, b] = context.getImageData(width, 0, 1, 1).data;
    const { data } = context.getImageData(0, 0, width, height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4)
      if (
        Math.abs(data[i]! - r!) + Math.abs(data[i + 1]! - g!) + Math.abs(data[i + 2]! - b!) < 30 &&
        data[i + 3]! > 20
      )
        count++;
    return count;
  }, selector);
}

suite("<demi-leak-verdict>", { timeout: 120_000 }, () => {
  let browser: TestBrowser;
  before(async () => void (browser = await launchBrowser()));
  after(() => browser[Symbol.asyncDispose]());

  for (const colorScheme of ["light", "dark"] as const) {
    test(`shows a leak with all that is known of it, ${colorScheme}`, async () => {
      await using site = await startSite({ memory: leak });
      await using opened = await site.embed(browser, ELEMENT, { colorScheme });
      const { page } = opened;
      await badge(page).getByText("Leak", { exact: true }).waitFor();
      assert.equal(await badge(page).locator("svg").count(), 1, "a shape beside the word");
      await page
        .getByRole("img", { name: /^Leak\. Floor of the heap in use: from 4\d\d MB to [67]\d\d MB\./ })
        .waitFor();
      await page.getByText(/^9\.\d\d MB an hour$/).waitFor();
      await page.getByText("/srv/demi/src/conversation/history.ts:42").waitFor();
      assert.equal(await page.locator("[part=evidence] li").count(), leak.evidence.length);
      for (const drawn of [".swatch.series-0", ".swatch.series-2", ".probe.band-1"])
        assert.ok((await countPixels(page, drawn)) > 100, `${drawn} is drawn`);
      await page.getByText("Values as a table").click();
      const foretold = page.getByRole("row", { name: /^foretold/ });
      await foretold.nth(6).waitFor();
      assert.equal(await foretold.count(), 7);
      await assertAccessible(page, colorScheme);
    });
  }

  test("follows the feed from no verdict to one, and to the next", async () => {
    await using site = await startSite();
    await using opened = await site.embed(browser, ELEMENT);
    const { page } = opened;
    await page.getByText("No verdict on memory has been reported.").waitFor();
    assert.equal(await page.locator("canvas").count(), 0);
    site.source.setMemory(young);
    await badge(page).getByText("Not enough evidence yet").waitFor();
    await page.getByText(/^Still needed: 9\d more minutes/).waitFor();
    assert.equal(await page.getByText("not known yet").count(), 5);
    assert.equal(await page.getByRole("radio").count(), 0, "nothing ahead to choose from");
    await page.locator("canvas").waitFor();
    site.source.setMemory(healthy);
    await badge(page).getByText("No leak").waitFor();
    assert.equal(await page.getByText("not within a year").count(), 3);
    assert.equal(await page.locator("canvas").count(), 1);
  });

  test("looks near or a week ahead, by keys too", async () => {
    await using site = await startSite({ memory: leak });
    await using opened = await site.embed(browser, ELEMENT);
    const { page } = opened;
    const week = page.getByRole("radio", { name: "Seven days ahead" });
    const near = page.getByRole("radio", { name: "As far ahead as was looked back" });
    await page.locator("canvas").waitFor();
    assert.equal(await week.isChecked(), true, "more than a day was seen");
    const before = await countPixels(page, ".swatch.series-0");
    await week.focus();
    await page.keyboard.press("ArrowLeft");
    assert.equal(await near.isChecked(), true);
    assert.ok((await countPixels(page, ".swatch.series-0")) > before, "what was seen has more room");
  });

  test("shows what it is given, without a feed, and lets its chart go when it is removed", async () => {
    await using site = await startSite();
    await using opened = await site.embed(
      browser,
      "<demi-leak-verdict></demi-leak-verdict><section></section>",
    );
    const { page } = opened;
    await page.locator("demi-leak-verdict").evaluate((element, memory) => {
      (element as DemiLeakVerdict).verdict = memory;
    }, leak);
    await badge(page).getByText("Leak").waitFor();
    await page.locator("canvas").waitFor();
    await page.evaluate(() => {
      document.querySelector("section")!.append(document.querySelector("demi-leak-verdict")!);
    });
    await page.locator("section canvas").waitFor();
    const left = await page.locator("demi-leak-verdict").evaluate((element) => {
      element.remove();
      return element.shadowRoot!.querySelectorAll("canvas").length;
    });
    assert.equal(left, 0);
  });

  test("is drawn when it is shown that was hidden", async () => {
    await using site = await startSite({ memory: leak });
    await using opened = await site.embed(browser, `<div hidden>${ELEMENT}</div>`);
    const { page } = opened;
    await badge(page).waitFor({ state: "attached" });
    assert.equal(await page.locator("canvas").count(), 0);
    await page
      .locator("div")
      .first()
      .evaluate((div) => div.removeAttribute("hidden"));
    await page.locator("canvas").waitFor();
  });

  test("is stale when the feed is silent", async () => {
    await using site = await startSite({ memory: leak, intervalMs: 100 });
    await using opened = await site.embed(browser, ELEMENT);
    await opened.page.locator("demi-leak-verdict .stale-note").waitFor();
    await badge(opened.page).getByText("Leak").waitFor();
  });

  test("names from outside stay text, and fit into 320 px", async () => {
    const markup = `<img src=x onerror="document.title='hacked'">`;
    const memory = {
      ...fixtureMemory({
        ...LEAKING,
        sites: [fixtureSite({ functionName: markup, file: `/srv/${"long".repeat(60)}/${markup}` })],
      }),
      evidence: [markup],
      needs: markup,
    };
    await using site = await startSite({ memory });
    await using opened = await site.embed(browser, ELEMENT, { viewport: { width: 320, height: 700 } });
    const { page } = opened;
    await page.locator("demi-leak-verdict canvas").waitFor();
    await page.locator(".sites .name").getByText(markup).waitFor();
    assert.equal(await page.locator("demi-leak-verdict img").count(), 0);
    assert.equal(await page.title(), "Embedding");
    const { scroll, width } = await page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      width: document.documentElement.clientWidth,
    }));
    assert.ok(scroll <= width, `${scroll} px in ${width}`);
    await assertAccessible(page, "narrow");
  });
});
