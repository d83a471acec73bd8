// lib/metrics/METRICS.md says what the code measures. UPDATE=1 node --test test/metrics/catalogue.test.ts writes it anew.
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { formatCatalogue } from "demi-health/metrics";
import { startWatchedMonitor } from "./_watched_monitor.ts";

const PAGE = fileURLToPath(new URL("../../lib/metrics/METRICS.md", import.meta.url));
const HEAD = `# Metrics

What a \`HealthMonitor\` measures, by the names that \`/metrics\`, the history and alert rules know. Made from the code:
\`UPDATE=1 node --test test/metrics/catalogue.test.ts\`. Metrics of the language model are there twice, under the names of
OpenTelemetry's conventions for generative AI, too.

`;

suite("the catalogue of metrics", () => {
  test("is what the page says", async () => {
    await using monitor = await startWatchedMonitor();
    const entries = monitor.registry.catalogue();
    const page = HEAD + formatCatalogue(entries);
    if (process.env["UPDATE"]) await writeFile(PAGE, page);
    assert.equal(await readFile(PAGE, "utf8"), page);
    for (const { name, type, unit } of entries) {
      const isCounted = type === "counter" && name.endsWith("_total");
      const isPlain = /(_verdict|_up|_emotion|_emotion_change|_momentum|_out_of_bounds|_usage)$/.test(name);
      assert.ok(
        unit ?? (isCounted || isPlain || name.startsWith("demi_platform_breaker")),
        `${name} has no unit`,
      );
    }
  });
});
