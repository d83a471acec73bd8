// This module is browser-safe.
import { frameChart, type ChartFrame } from "./_chart_frame.ts";
import { markLabels, markList, marksWithin } from "./_chart_marks.ts";
import { escapeHtml } from "./_escape.ts";
import { renderHtmlTable } from "./_html_table.ts";
import { elapsedTicks, niceTicks } from "./_ticks.ts";
import type { ReportChart, ReportSeries } from "./report.ts";

// The drawing is stretched to the page's width; its text is HTML, so that it stays readable on a telephone.
const WIDTH = 1000;
const HEIGHT = 300;
const TABLE_ROWS = 24;

/** A chart as SVG with HTML labels, its sentence, and its figures in a table behind a disclosure. */
export function renderHtmlChart(chart: ReportChart): string {
  const frame = frameChart(chart);
  const title = escapeHtml(chart.title);
  if (!frame) {
    return `<figure class="chart"><figcaption><h3>${title}</h3><p>No figures.</p></figcaption></figure>`;
  }
  return `<figure class="chart">
<figcaption><h3>${title}</h3><p>${escapeHtml(chart.summary)}</p></figcaption>
${legend(chart)}
<div class="plot" role="img" aria-label="${escapeHtml(`${chart.title}. ${chart.summary}`)}">
${labels(chart, frame)}
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true" focusable="false">
${grid(frame)}${chart.series.map((series, index) => drawBand(series, index, frame)).join("")}${chart.series.map((series, index) => drawLine(series, index, frame)).join("")}${limitLines(frame)}${markLines(chart, frame)}
</svg>
</div>
${markList(marksWithin(chart, frame), frame)}
<details><summary>Figures of this chart</summary>${figures(chart, frame)}</details>
</figure>`;
}

function x(timestamp: number, { from, to }: ChartFrame): number {
  return (timestamp - from) / (to - from);
}

function y(value: number, { low, high }: ChartFrame): number {
  return 1 - (value - low) / (high - low);
}

function at(timestamp: number, value: number, frame: ChartFrame): string {
  return `${(x(timestamp, frame) * WIDTH).toFixed(1)} ${(y(value, frame) * HEIGHT).toFixed(1)}`;
}

function grid(frame: ChartFrame): string {
  return niceTicks(frame.low, frame.high, 5)
    .map((value) => `<path class="grid" d="M${at(frame.from, value, frame)}H${WIDTH}"/>`)
    .join("");
}

function drawLine({ points }: ReportSeries, index: number, frame: ChartFrame): string {
  let path = "";
  let isDrawing = false;
  for (const { timestamp, value } of points) {
    if (!Number.isFinite(value)) {
      isDrawing = false;
      continue;
    }
    path += `${isDrawing ? "L" : "M"}${at(timestamp, value, frame)}`;
    // a point alone is drawn by the round cap of a line without length
    if (!isDrawing) path += "h0";
    isDrawing = true;
  }
  return path === "" ? "" : `<path class="line series-${index % 4}" d="${path}"/>`;
}

function drawBand({ band = [] }: ReportSeries, index: number, frame: ChartFrame): string {
  const finite = band.filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high));
  if (finite.length === 0) return "";
  const upper = finite.map(({ timestamp, high }) => at(timestamp, high, frame));
  const lower = finite.map(({ timestamp, low }) => at(timestamp, low, frame)).toReversed();
  return `<path class="band series-${index % 4}" d="M${[...upper, ...lower].join("L")}Z"/>`;
}

function limitLines(frame: ChartFrame): string {
  return frame.limits
    .map(({ value }) => `<path class="limit" d="M${at(frame.from, value, frame)}H${WIDTH}"/>`)
    .join("");
}

function markLines(chart: ReportChart, frame: ChartFrame): string {
  return marksWithin(chart, frame)
    .map(({ timestamp }) => `<path class="mark" d="M${at(timestamp, frame.high, frame)}V${HEIGHT}"/>`)
    .join("");
}

function labels(chart: ReportChart, frame: ChartFrame): string {
  const { format } = chart;
  const place = (name: string, style: string, text: string): string =>
    `<span class="${name}" style="${style}">${escapeHtml(text)}</span>`;
  const percent = (share: number): string => `${(share * 100).toFixed(2)}%`;
  const moments = elapsedTicks(frame.from, frame.to, 8);
  return [
    ...niceTicks(frame.low, frame.high, 5).map((value) =>
      place("y", `top:${percent(y(value, frame))}`, format(value)),
    ),
    ...moments.map(({ timestamp, text }, i) =>
      place(i % 2 === 1 ? "x odd" : "x", `left:${percent(x(timestamp, frame))}`, text),
    ),
    ...frame.limits.map(({ name, value }) => place("limit", `top:${percent(y(value, frame))}`, name)),
    markLabels(marksWithin(chart, frame)),
  ].join("");
}

function legend({ series }: ReportChart): string {
  if (series.length < 2) return "";
  const entries = series.map(
    ({ name }, index) =>
      `<li><svg viewBox="0 0 24 8" aria-hidden="true" focusable="false"><path class="line series-${index % 4}" d="M1 4H23"/></svg>${escapeHtml(name)}</li>`,
  );
  return `<ul class="legend">${entries.join("")}</ul>`;
}

function figures({ title, format, series }: ReportChart, frame: ChartFrame): string {
  const rows = series.flatMap(({ name, points }) =>
    thin(
      points.filter(({ value }) => Number.isFinite(value)),
      Math.ceil(TABLE_ROWS / series.length),
    ).map(({ timestamp, value }) => [
      name,
      new Date(timestamp).toISOString().replace(/\.\d+Z$/, "Z"),
      `${((timestamp - frame.from) / 3_600_000).toFixed(2)} h`,
      format(value),
    ]),
  );
  const columns = [
    { title: "Series" },
    { title: "Time" },
    { title: "Elapsed", isNumeric: true },
    { title: "Value", isNumeric: true },
  ];
  return renderHtmlTable({ caption: title, columns, rows });
}

function thin<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))]!);
}
