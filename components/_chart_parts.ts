// This module is browser-safe.
import { html, nothing, svg, type TemplateResult } from "lit";
import { type ChartTable, type ColumnRange, type NamedSeries, tableRows } from "./_chart_data.ts";
import { formatDuration, formatTimeOfDay, formatValue, NO_DATA, type ValueUnit } from "./_format.ts";
import { SERIES_DASHES } from "./_chart_colors.ts";

const RANGES_MINUTES: readonly number[] = [15, 60, 360];
const TABLE_ROWS = 24;

/** The choice of how far back a chart looks. */
export function renderRanges(chosen: number, onChoose: (minutes: number) => void): TemplateResult {
  return html`<fieldset class="ranges">
    <legend class="visually-hidden">Time range</legend>
    ${RANGES_MINUTES.map(
      (minutes) =>
        html`<label
          ><input
            type="radio"
            name="range"
            .checked=${minutes === chosen}
            @change=${() => onChoose(minutes)}
          /><span aria-hidden="true">${formatDuration(minutes * 60_000)}</span
          ><span class="visually-hidden">${formatDuration(minutes * 60_000, "long")}</span></label
        >`,
    )}
  </fieldset>`;
}

/** Legend and figures in one: each series with its line and its value, at a time or now. */
export function renderReadout(
  series: readonly NamedSeries[],
  values: readonly (number | undefined)[],
  unit: ValueUnit,
  at: number | undefined,
): TemplateResult {
  return html`<dl class="readout">
    ${series.map(({ label }, index) => {
      const value = values[index];
      return html`<div>
        ${renderSwatch(index)}
        <dt><bdi>${label}</bdi></dt>
        <dd class=${value === undefined ? "missing" : ""}><bdi>${formatValue(value, unit)}</bdi></dd>
      </div>`;
    })}
    ${at === undefined ? nothing : html`<div class="at">at ${formatTimeOfDay(at)}</div>`}
  </dl>`;
}

/** The line of a series, as a legend shows it. */
export function renderSwatch(index: number): TemplateResult {
  const kind = index % SERIES_DASHES.length;
  const dash = SERIES_DASHES[kind]?.join(" ") || "none";
  return html`<svg class="swatch graphic series-${kind}" viewBox="0 0 18 8" aria-hidden="true">
    ${svg`<line x1="0" y1="4" x2="18" y2="4" stroke-dasharray=${dash} />`}
  </svg>`;
}

/** The numbers behind the picture. */
export function renderTwin(
  heading: string,
  series: readonly NamedSeries[],
  table: ChartTable,
  unit: ValueUnit,
  span: string,
): TemplateResult {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${heading} as a table">
    <table>
      <caption>
        Lowest to highest value, last ${span}
      </caption>
      <thead>
        <tr>
          <th scope="col">From</th>
          ${series.map(({ label }) => html`<th scope="col"><bdi>${label}</bdi></th>`)}
        </tr>
      </thead>
      <tbody>
        ${tableRows(table, TABLE_ROWS).map(
          ({ from, values }) =>
            html`<tr>
              <th scope="row">${formatTimeOfDay(from)}</th>
              ${values.map((range) => html`<td>${rangeText(range, unit)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function rangeText(range: ColumnRange | undefined, unit: ValueUnit): string {
  if (!range) return NO_DATA;
  const low = formatValue(range.min, unit);
  const high = formatValue(range.max, unit);
  return low === high ? low : `${low} – ${high}`;
}
