// This module is browser-safe.
import { escapeHtml } from "./_escape.ts";
import { renderHtmlChart } from "./_html_chart.ts";
import { renderHtmlTable } from "./_html_table.ts";
import { REPORT_STYLES } from "./_report_styles.ts";
import type { Report, ReportBlock, ReportFacts } from "./report.ts";

// Nothing may be loaded and nothing may run: a report can be sent around and kept.
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
const ICON = "data:,"; // else browsers ask the folder for a favicon

/**
 * A report as one HTML file without scripts, that loads nothing: readable offline, in light and dark, on small screens
 * and on paper. All text is escaped.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { renderHtmlReport } from "demi-health/reports";
 *
 * const html = renderHtmlReport({ title: "Memory of <Demi>", generatedAt: 0, sections: [] });
 * assert.ok(html.includes("<title>Memory of &lt;Demi&gt;</title>"));
 * ```
 */
export function renderHtmlReport({ title, subtitle, generatedAt, verdict, sections }: Report): string {
  const time = new Date(generatedAt).toISOString();
  const parts = sections.map(
    (section, index) =>
      `<section aria-labelledby="section-${index}"><h2 id="section-${index}">${escapeHtml(section.title)}</h2>\n${section.blocks.map(renderBlock).join("\n")}\n</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="generator" content="demi-health">
<link rel="icon" href="${ICON}">
<title>${escapeHtml(title)}</title>
<style>${REPORT_STYLES}</style>
</head>
<body>
<main>
<header><h1>${escapeHtml(title)}</h1>
${subtitle === undefined ? "" : `<p>${escapeHtml(subtitle)}</p>\n`}<p class="muted">Made at <time datetime="${time}">${time.replace("T", " ").replace(/\.\d+Z$/, " UTC")}</time></p></header>
${verdict ? `<div class="verdict ${verdict.tone}" role="note"><strong>${escapeHtml(verdict.label)}</strong><p>${escapeHtml(verdict.text)}</p></div>\n` : ""}${parts.join("\n")}
</main>
</body>
</html>
`;
}

function renderBlock(block: ReportBlock): string {
  switch (block.type) {
    case "text":
      return `<p>${escapeHtml(block.text)}</p>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${escapeHtml(item)}</li>`).join("")}</ul>`;
    case "facts":
      return renderFacts(block);
    case "table":
      return renderHtmlTable(block);
    case "chart":
      return renderHtmlChart(block);
  }
}

function renderFacts({ facts }: ReportFacts): string {
  const entries = facts.map(({ name, value, note, tone }) => {
    const remark = note === undefined ? "" : `<dd class="note">${escapeHtml(note)}</dd>`;
    return `<div${tone ? ` class="${tone}"` : ""}><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>${remark}</div>`;
  });
  return `<dl class="facts">${entries.join("")}</dl>`;
}
