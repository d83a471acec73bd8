// This module is browser-safe.
import { escapeHtml } from "./_escape.ts";
import type { ReportTable } from "./report.ts";

/** A table that scrolls within the page rather than making the page scroll. */
export function renderHtmlTable({ caption, columns, rows }: ReportTable): string {
  const attribute = (column: number): string => (columns[column]?.isNumeric ? ' class="numeric"' : "");
  const head = columns.map(({ title }, i) => `<th scope="col"${attribute(i)}>${escapeHtml(title)}</th>`);
  const body = rows.map(
    (row) => `<tr>${row.map((cell, i) => `<td${attribute(i)}>${escapeHtml(cell)}</td>`).join("")}</tr>`,
  );
  const name = escapeHtml(caption);
  return `<div class="table" role="region" aria-label="Table: ${name}" tabindex="0"><table>
<caption>${name}</caption>
<thead><tr>${head.join("")}</tr></thead>
<tbody>${body.join("\n")}</tbody>
</table></div>`;
}
