import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, before, suite, test } from "node:test";
import assert from "node:assert/strict";
import { VirtualClock } from "demi-health/base";
import { MemoryProfiler } from "demi-health/memory";
import { launchBrowser, type TestBrowser } from "./_browser.ts";
import { assertAccessible } from "./_site.ts";

/** An hour of this process, sampled each minute, in a report. */
async function reportOfAnHour(path: string): Promise<void> {
  const clock = new VirtualClock();
  using profiler = new MemoryProfiler({ clock, collectGarbage: true, intervalMs: 60_000 });
  const held: object[] = [];
  profiler.start();
  profiler.takeSnapshot("<b>start</b>");
  for (let minute = 0; minute < 60; minute++) {
    for (let i = 0; i < 500; i++) held.push({ minute, i });
    await clock.advance(60_000);
  }
  profiler.takeSnapshot("end");
  await profiler.generateReport(path);
}

suite("a memory report in a browser", { timeout: 120_000 }, () => {
  let browser: TestBrowser;
  let folder: string;
  before(async () => {
    browser = await launchBrowser();
    folder = await mkdtemp(join(tmpdir(), "memory-report-"));
    await reportOfAnHour(join(folder, "report.html"));
  });
  after(async () => {
    await browser[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  for (const [colorScheme, width] of [
    ["light", 1280],
    ["dark", 1280],
    ["light", 360],
  ] as const) {
    test(`is readable without a network, ${colorScheme}, ${width} pixels wide`, async () => {
      const url = pathToFileURL(join(folder, "report.html")).href;
      await using opened = await browser.open(url, { colorScheme, viewport: { width, height: 800 } });
      const { page, problems } = opened;
      await page.getByRole("heading", { name: /^Memory of process/ }).waitFor();
      await page.getByRole("img", { name: /^Memory\. Resident memory from/ }).waitFor();
      await page.getByText("Figures of this chart").first().click();
      await page.getByText("<b>start</b>").first().waitFor();
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.equal(overflow, 0, "the page scrolls sideways");
      await assertAccessible(page, `${colorScheme} ${width}`);
      assert.deepEqual(problems, []);
    });
  }

  test("as text says the same", async () => {
    const url = pathToFileURL(join(folder, "report.txt")).href;
    await using opened = await browser.open(url);
    const text = (await opened.page.locator("body").textContent()) ?? "";
    assert.match(text, /^Memory of process \d+\n═+\n/);
    for (const part of ["Memory over time", "█", "Each series on its own", "<b>start</b>"]) {
      assert.ok(text.includes(part), part);
    }
  });
});
