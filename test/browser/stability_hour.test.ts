import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { after, before, suite, test } from "node:test";
import assert from "node:assert/strict";
import { writeReport } from "../../lib/reports/write_report.ts";
import { stabilityReport } from "../../lib/stability/stability_report.ts";
import type { StabilityResults } from "../../lib/stability/stability_results.ts";
import { launchBrowser, type TestBrowser } from "./_browser.ts";
import { assertAccessible } from "./_site.ts";

// An hour in earnest, with an outage and two kills: its README says how it was made.
const HOUR = fileURLToPath(new URL("../stability/fixtures/real_hour/", import.meta.url));

suite("the report of a real hour in a browser", { timeout: 120_000 }, () => {
  let browser: TestBrowser;
  let folder: string;
  before(async () => {
    browser = await launchBrowser();
    folder = await mkdtemp(join(tmpdir(), "stability-hour-"));
    const timeline = join(folder, "timeline.ndjson");
    await writeFile(timeline, gunzipSync(await readFile(join(HOUR, "timeline.ndjson.gz"))));
    const results = JSON.parse(await readFile(join(HOUR, "results.json"), "utf8")) as StabilityResults;
    await writeReport(await stabilityReport(results, timeline), join(folder, "report.html"));
  });
  after(async () => {
    await browser[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  for (const [colorScheme, width] of [
    ["light", 1280],
    ["dark", 360],
  ] as const) {
    test(`opens without a network and without an error, ${colorScheme}, ${width} pixels wide`, async () => {
      const url = pathToFileURL(join(folder, "report.html")).href;
      await using opened = await browser.open(url, { colorScheme, viewport: { width, height: 800 } });
      const { page, problems } = opened;
      await page.getByRole("heading", { name: "Stability of pocket Demi" }).waitFor();
      await page.getByText(/3358 messages were answered/).waitFor();
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.equal(overflow, 0, "the page scrolls sideways");
      await assertAccessible(page, `${colorScheme} ${width}`);
      assert.deepEqual(problems, []);
    });
  }
});
