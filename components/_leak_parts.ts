// This module is browser-safe.
import { html, nothing, type TemplateResult } from "lit";
import type { FeedMemory, FeedMemorySite } from "../lib/feed/messages.ts";
import { type ChartTable, columnRange, tableRows } from "./_chart_data.ts";
import { renderSwatch } from "./_chart_parts.ts";
import { formatBytes, formatDateTime, formatRatio, formatValue, isKnown } from "./_format.ts";
import { toneIcon } from "./_icons.ts";
import { foretell, isBounded, LEAK_COLUMNS, type LeakHorizon } from "./_leak_chart.ts";
import { aboutText, leakFigures, verdictTone, verdictWord } from "./_leak_text.ts";

type ColumnName = (typeof LEAK_COLUMNS)[number];

const OBSERVED_ROWS = 12;
const DAY_HOURS = 24;
const HOUR_MS = 3_600_000;

/** The verdict in a word with its shape, what it is about, and how sure it is. */
export function renderVerdict(memory: FeedMemory): TemplateResult {
  const tone = verdictTone(memory);
  return html`<div class="verdict ${tone}">
    <span part="badge" class="badge">${toneIcon(tone)}<bdi>${verdictWord(memory.verdict)}</bdi></span>
    <span class="about">${aboutText(memory)}</span>
  </div>`;
}

export function renderFigures(memory: FeedMemory): TemplateResult | typeof nothing {
  const figures = leakFigures(memory);
  if (figures.length === 0) return nothing;
  return html`<dl class="figures">
    ${figures.map(
      ({ label, value, detail, isKnown: isTold }) =>
        html`<div>
          <dt><bdi>${label}</bdi></dt>
          <dd class=${isTold ? "" : "missing"}><bdi>${value}</bdi></dd>
          ${detail ? html`<dd class="detail"><bdi>${detail}</bdi></dd>` : nothing}
        </div>`,
    )}
  </dl>`;
}

/** What the lines mean; those that are not drawn are left out. */
export function renderLegend({ columns }: ChartTable, { series }: FeedMemory): TemplateResult {
  const has = (name: ColumnName): boolean => columnRange(columns[LEAK_COLUMNS.indexOf(name)]) !== undefined;
  const item = (index: number, label: string): TemplateResult =>
    html`<li>${renderSwatch(index)}${label}</li>`;
  return html`<ul class="legend">
    ${has("floor") ? item(0, "Floor") : nothing}
    ${has("trend") ? item(1, withShare("Trend", series?.slopeBytesPerHour?.confidence)) : nothing}
    ${has("projection") ? item(2, withShare("Projection", series?.inSevenDaysBytes?.confidence)) : nothing}
    ${
      has("samples")
        ? html`<li>
            <svg class="swatch graphic series-3" viewBox="0 0 18 8" aria-hidden="true">
              <circle cx="4" cy="5" r="1.7" />
              <circle cx="9" cy="3" r="1.7" />
              <circle cx="14" cy="5" r="1.7" /></svg
            >Samples
          </li>`
        : nothing
    }
  </ul>`;
}

function withShare(label: string, confidence: number | undefined): string {
  return confidence === undefined ? label : `${label} (${formatRatio(confidence)})`;
}

/** The choice of how far the chart looks ahead. */
export function renderHorizons(
  chosen: LeakHorizon,
  onChoose: (horizon: LeakHorizon) => void,
): TemplateResult {
  const choice = (horizon: LeakHorizon, label: string, long: string): TemplateResult =>
    html`<label
      ><input
        type="radio"
        name="horizon"
        .checked=${horizon === chosen}
        @change=${() => onChoose(horizon)}
      /><span aria-hidden="true">${label}</span><span class="visually-hidden">${long}</span></label
    >`;
  return html`<fieldset class="ranges">
    <legend class="visually-hidden">How far ahead</legend>
    ${choice("near", "Near", "As far ahead as was looked back")} ${choice("week", "7d", "Seven days ahead")}
  </fieldset>`;
}

/** The numbers behind the picture: what was seen, then what is foretold day by day. */
export function renderLeakTable(memory: FeedMemory, table: ChartTable, heading: string): TemplateResult {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${heading} as a table">
    <table>
      <caption>
        Floor and samples as seen, then the projection
      </caption>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Floor</th>
          <th scope="col">Lowest – highest</th>
        </tr>
      </thead>
      <tbody>
        ${observedRows(table)} ${foretoldRows(memory)}
      </tbody>
    </table>
  </div>`;
}

function observedRows({ times, columns }: ChartTable): TemplateResult[] {
  const seen = (["samples", "floor"] as const).map((name) => columns[LEAK_COLUMNS.indexOf(name)] ?? []);
  const rows = tableRows({ times, columns: seen }, OBSERVED_ROWS).toReversed();
  return rows
    .filter(({ values }) => values.some(Boolean))
    .map(({ from, values: [samples, floor] }) =>
      renderRow(
        `from ${formatDateTime(from)}`,
        formatValue(floor?.min, "bytes"),
        samples && `${formatBytes(samples.min)} – ${formatBytes(samples.max)}`,
      ),
    );
}

function foretoldRows({ series, time, verdict }: FeedMemory): TemplateResult[] {
  if (!series || verdict === "not-enough-evidence") return [];
  return Array.from({ length: 7 }, (_, day) => (day + 1) * DAY_HOURS).flatMap((hours) => {
    const foretold = foretell(series, hours);
    if (!foretold) return [];
    const range = isBounded(foretold)
      ? `${formatBytes(foretold.low)} – ${formatBytes(foretold.high)}`
      : undefined;
    const at = formatDateTime(time + hours * HOUR_MS);
    return [renderRow(`foretold, ${at}`, formatBytes(foretold.value), range)];
  });
}

function renderRow(when: string, value: string, range: string | undefined): TemplateResult {
  return html`<tr>
    <th scope="row">${when}</th>
    <td>${value}</td>
    <td>${range ?? "not known"}</td>
  </tr>`;
}

export function renderReasons(reasons: readonly string[]): TemplateResult | typeof nothing {
  if (reasons.length === 0) return nothing;
  return html`<h3>Why</h3>
    <ul class="reasons" part="evidence">
      ${reasons.map((reason) => html`<li dir="auto">${reason}</li>`)}
    </ul>`;
}

export function renderSites(sites: readonly FeedMemorySite[]): TemplateResult | typeof nothing {
  if (sites.length === 0) return nothing;
  return html`<h3>Where it grows</h3>
    <ol class="sites" part="sites">
      ${sites.map(
        ({ functionName, file, line, bytes, share }) =>
          html`<li>
            <bdi class="name">${functionName}</bdi>
            <span class="size">${isKnown(bytes) ? formatBytes(bytes) : nothing}, ${formatRatio(share)}</span>
            <bdi class="place">${line > 0 ? `${file}:${line}` : file}</bdi>
          </li>`,
      )}
    </ol>`;
}
