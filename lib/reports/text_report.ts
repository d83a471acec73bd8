// This module is browser-safe.
import { renderTextChart } from "./_text_chart.ts";
import type { Report, ReportBlock, ReportTable } from "./report.ts";

const SIGNS = { ok: "✔", info: "ℹ", warning: "⚠", critical: "✖", unknown: "?" } as const;
const WIDTH = 100;
// Terminals obey control characters; reports are plain text.
const CONTROL = /[^\P{Cc}\n]/gu;

/**
 * A report as plain text for a terminal or a log: charts are drawn with block characters. Control characters in its
 * texts become `�`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { renderTextReport } from "demi-health/reports";
 *
 * const verdict = { tone: "ok", label: "healthy", text: "Nothing grows." } as const;
 * const text = renderTextReport({ title: "Memory", generatedAt: 0, verdict, sections: [] });
 * assert.match(text, /✔ healthy/);
 * ```
 */
export function renderTextReport({ title, subtitle, generatedAt, verdict, sections }: Report): string {
  const time = new Date(generatedAt)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, " UTC");
  const lines = [
    title,
    "═".repeat(lengthOf(title)),
    ...(subtitle === undefined ? [] : wrap(subtitle)),
    `Made at ${time}`,
  ];
  if (verdict) lines.push("", `${SIGNS[verdict.tone]} ${verdict.label}`, ...wrap(verdict.text, "  "));
  for (const section of sections) {
    lines.push("", section.title, "─".repeat(lengthOf(section.title)));
    for (const [index, block] of section.blocks.entries()) {
      if (index > 0) lines.push("");
      lines.push(...renderBlock(block));
    }
  }
  return `${lines.join("\n").replace(CONTROL, "\uFFFD")}\n`;
}

function renderBlock(block: ReportBlock): readonly string[] {
  switch (block.type) {
    case "text":
      return wrap(block.text);
    case "list":
      return block.items.flatMap((item) =>
        wrap(item, "  ").map((line, i) => (i === 0 ? `• ${line.slice(2)}` : line)),
      );
    case "facts": {
      const width = Math.max(0, ...block.facts.map(({ name }) => lengthOf(name)));
      return block.facts.map(({ name, value, note, tone }) => {
        const sign = tone && tone !== "ok" ? `${SIGNS[tone]} ` : "";
        return `${name}${" ".repeat(width - lengthOf(name))}  ${sign}${value}${note === undefined ? "" : ` (${note})`}`;
      });
    }
    case "table":
      return renderTable(block);
    case "chart":
      return renderTextChart(block);
  }
}

function renderTable({ caption, columns, rows }: ReportTable): readonly string[] {
  if (rows.length === 0) return [caption, "  none"];
  const cells = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => lengthOf(row[i] ?? ""))));
  const lines = cells.map((row) =>
    columns
      .map(({ isNumeric }, i) => {
        const cell = row[i] ?? "";
        const fill = " ".repeat(widths[i]! - lengthOf(cell));
        return isNumeric ? fill + cell : cell + fill;
      })
      .join("  ")
      .trimEnd(),
  );
  return [caption, ...lines.map((line) => `  ${line}`)];
}

function wrap(text: string, indent: string = ""): readonly string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = indent;
    for (const word of paragraph.split(" ")) {
      if (line.trim() !== "" && lengthOf(line) + 1 + lengthOf(word) > WIDTH) {
        lines.push(line);
        line = indent;
      }
      line += line.trim() === "" ? word : ` ${word}`;
    }
    lines.push(line);
  }
  return lines;
}

function lengthOf(text: string): number {
  return [...text].length;
}
