// This module is browser-safe.
import { frameChart } from "./_chart_frame.ts";
import { elapsedTicks } from "./_ticks.ts";
import type { ReportChart } from "./report.ts";

const EIGHTHS = " ▁▂▃▄▅▆▇█";
const COLUMNS = 60;
const ROWS = 8;

/** The first series as a surface of block characters, the values' ends at its left. */
export function renderTextChart(chart: ReportChart): readonly string[] {
  const { title, summary, format, series } = chart;
  const [first] = series;
  const frame = first && frameChart({ ...chart, series: [{ ...first, band: undefined }], limits: [] });
  if (!first || !frame) return [title, "  No figures."];
  const { from, to, low, high } = frame;
  const heights = columnMeans(first.points, from, to).map((value) => ((value - low) / (high - low)) * ROWS);
  const top = format(high);
  const bottom = format(low);
  const width = Math.max(top.length, bottom.length);
  const lines = Array.from({ length: ROWS }, (_, row) => {
    const floor = ROWS - 1 - row;
    const cells = heights.map((height) => {
      const eighths = Math.round((height - floor) * 8);
      return EIGHTHS[Math.max(0, Math.min(8, Number.isFinite(eighths) ? eighths : 0))]!;
    });
    const label = row === 0 ? top : row === ROWS - 1 ? bottom : "";
    return `  ${label.padStart(width)} │${cells.join("").trimEnd()}`;
  });
  const name = series.length > 1 ? `${title}: ${first.name}` : title;
  return [name, ...lines, `  ${" ".repeat(width)} └${axis(from, to)}`, `  ${summary}`];
}

/** Mean of each column; where there are no points, of the column before. */
function columnMeans(
  points: readonly { readonly timestamp: number; readonly value: number }[],
  from: number,
  to: number,
): readonly number[] {
  const sums = new Float64Array(COLUMNS);
  const counts = new Float64Array(COLUMNS);
  for (const { timestamp, value } of points) {
    if (!Number.isFinite(value)) continue;
    const column = Math.min(COLUMNS - 1, Math.floor(((timestamp - from) / (to - from)) * COLUMNS));
    sums[column]! += value;
    counts[column]! += 1;
  }
  let last = NaN;
  return Array.from(sums, (sum, i) => (counts[i]! > 0 ? (last = sum / counts[i]!) : last));
}

function axis(from: number, to: number): string {
  let line = "";
  for (const { timestamp, text } of elapsedTicks(from, to, 5)) {
    const column = Math.round(((timestamp - from) / (to - from)) * COLUMNS);
    if (column + text.length > COLUMNS || column < line.length) continue;
    line = line.padEnd(column, "─") + text;
  }
  return line.padEnd(COLUMNS, "─");
}
