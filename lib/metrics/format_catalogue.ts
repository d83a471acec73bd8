// This module is browser-safe.
import type { CatalogueEntry } from "./definition.ts";

/**
 * A table of metrics for a document, Markdown, in the order of their names.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatCatalogue, MetricsRegistry } from "demi-health/metrics";
 *
 * const registry = new MetricsRegistry();
 * registry.counter({ name: "demi_replies_total", help: "Replies sent", labels: ["platform"] });
 * assert.match(formatCatalogue(registry.catalogue()), /\| `demi_replies_total` \| counter \|  \| platform \| Replies sent \|/);
 * ```
 */
export function formatCatalogue(entries: readonly CatalogueEntry[]): string {
  const rows = entries
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, unit = "", labels, help }) => {
      const cells = [
        `\`${name}\``,
        type,
        unit,
        labels.join(", "),
        help.replaceAll("|", "\\|").replaceAll("\n", " "),
      ];
      return `| ${cells.join(" | ")} |`;
    });
  return ["| metric | type | unit | labels | meaning |", "| --- | --- | --- | --- | --- |", ...rows, ""].join(
    "\n",
  );
}
