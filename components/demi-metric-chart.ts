// This module is browser-safe.
import {
  type CSSResultGroup,
  html,
  nothing,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from "lit";
import { Announcer } from "./_announcer.ts";
import {
  alignSeries,
  type ChartLimitLine,
  type ChartPoint,
  type ChartTable,
  columnRange,
  describeChart,
  describeRow,
  isEmptyTable,
  isWithinReach,
  type NamedSeries,
  nearestRow,
  valueAt,
} from "./_chart_data.ts";
import { readChartColors } from "./_chart_colors.ts";
import { ChartFeed } from "./_chart_feed.ts";
import { renderRanges, renderReadout, renderTwin } from "./_chart_parts.ts";
import { plotStyles } from "./_chart_styles.ts";
import { rowForKey } from "./_cursor_keys.ts";
import { FeedElement } from "./_feed_element.ts";
import { formatDuration, formatValue, type ValueUnit } from "./_format.ts";
import { type ChartView, LineChart } from "./_line_chart.ts";
import { labelOfKey, parseMetricKeys, unitOfKey } from "./_metric_key.ts";
import { metricChartStyles } from "./_metric_chart_styles.ts";
import { tileStyles, tokenStyles } from "./_styles.ts";
import { renderEmpty, renderStaleNote } from "./_tile.ts";

const MIN_SHOWN_MS = 120_000;
const CURSOR_ANNOUNCE_MS = 400;

/** One line of a chart. */
export interface MetricChartSeries {
  /** Sample key, as in the feed's `metrics` message. */
  readonly key: string;
  readonly label?: string | undefined;
}

/**
 * Metrics over time: the stretch that the feed's history holds, and live values after it. Gaps stay open. The arrow keys
 * move a cursor whose values are announced; the same numbers are in a table.
 *
 * @csspart tile - The surface.
 * @csspart plot - The drawing.
 * @cssprop [--demi-chart-height=11rem] - Height of the drawing.
 * @cssprop [--demi-color-accent=light-dark(#5b4bd6, #a99bff)] - First line.
 * @cssprop [--demi-color-accent-2=light-dark(#0f7d86, #4cc9cf)] - Second line.
 */
export class DemiMetricChart extends FeedElement {
  static override styles: CSSResultGroup = [tokenStyles, tileStyles, plotStyles, metricChartStyles];

  static override properties: PropertyDeclarations = {
    heading: { type: String },
    metric: { type: String },
    rangeMinutes: { type: Number, attribute: "range-minutes" },
    series: { attribute: false },
    data: { attribute: false },
    limits: { attribute: false },
  };

  /** Heading of the tile. */
  declare heading: string;
  /** Sample keys, separated by spaces; the simple form of `series`. */
  declare metric: string;
  /** How far back the chart looks: 15, 60 or 360. */
  declare rangeMinutes: number;
  /** Sample keys with labels. All are drawn in the unit of the first. */
  declare series: readonly MetricChartSeries[];
  /** Points for each of the series, to show instead of the feed's. */
  declare data: readonly (readonly ChartPoint[])[] | undefined;
  /** Values that should not be exceeded; drawn when the data comes near them, else told in words. */
  declare limits: readonly ChartLimitLine[];

  readonly #fromFeed: ChartFeed = new ChartFeed(this.feed, () => this.requestUpdate());
  readonly #cursorText: Announcer = new Announcer(() => this.requestUpdate(), CURSOR_ANNOUNCE_MS);
  #given: ChartTable | undefined;
  #chart: LineChart | undefined;
  #drawn: ChartView | undefined;
  #cursorTime: number | undefined;
  #isTableOpen = false;
  #resize: ResizeObserver | undefined;
  #scheme: MediaQueryList | undefined;

  constructor() {
    super();
    this.heading = "";
    this.metric = "";
    this.rangeMinutes = 15;
    this.series = [];
    this.data = undefined;
    this.limits = [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#scheme = matchMedia("(prefers-color-scheme: dark)");
    this.#scheme.addEventListener("change", this.#onScheme);
    this.#resize = new ResizeObserver(([entry]) => {
      if (entry)
        this.#chart?.resize(Math.floor(entry.contentRect.width), Math.floor(entry.contentRect.height));
    });
    // an element that was moved has its rendering, but lost its chart
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#scheme?.removeEventListener("change", this.#onScheme);
    this.#resize?.disconnect();
    this.#cursorText.stop();
    this.#dropChart();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (changed.has("data")) this.#given = this.data && alignSeries(this.data);
    if (changed.has("series") || changed.has("metric") || changed.has("data")) this.#dropChart();
    this.onFeed();
  }

  override render(): TemplateResult {
    const isOld = this.data === undefined && !this.feed.isLive;
    const table = this.#table;
    const heading = this.#title;
    return html`<div part="tile" class="tile ${isOld ? "stale" : ""}" role="group" aria-labelledby="heading">
      <div class="head">
        <h2 id="heading">${heading}</h2>
        ${isOld ? renderStaleNote(this.feed) : nothing}
        ${this.data ? nothing : renderRanges(this.rangeMinutes, (minutes) => (this.rangeMinutes = minutes))}
      </div>
      <div class="content">
        ${renderReadout(this.#named, this.#figures(table), this.#unit, this.#cursorAt(table))}
        <div class="plot">
          <div
            part="plot"
            class="drawing graphic"
            role="img"
            aria-label=${describeChart(heading, this.#named, table, this.#unit, this.#span("long"))}
          ></div>
          ${isEmptyTable(table) ? this.#renderNothing() : this.#renderCursor(table)}
        </div>
        ${this.#renderFoot(table)}
        <details @toggle=${this.#onToggle}>
          <summary>Values as a table</summary>
          ${this.#isTableOpen ? renderTwin(heading, this.#named, table, this.#unit, this.#span("long")) : nothing}
        </details>
        ${["text", "grid", "limit", "fill"].map((name) => html`<span class="probe ${name}"></span>`)}
      </div>
    </div>`;
  }

  protected override updated(): void {
    this.#draw();
  }

  get #keys(): readonly string[] {
    return this.#listed.map(({ key }) => key);
  }

  get #listed(): readonly MetricChartSeries[] {
    return this.series.length > 0 ? this.series : parseMetricKeys(this.metric).map((key) => ({ key }));
  }

  get #named(): readonly NamedSeries[] {
    const listed = this.#listed.map(({ key, label }) => ({ label: label ?? labelOfKey(key) }));
    const nameless = (this.#given?.columns ?? []).slice(listed.length);
    return [...listed, ...nameless.map((_, index) => ({ label: `Series ${listed.length + index + 1}` }))];
  }

  get #title(): string {
    return this.heading || this.#named.map(({ label }) => label).join(", ");
  }

  get #unit(): ValueUnit {
    return unitOfKey(this.#listed[0]?.key ?? "");
  }

  get #table(): ChartTable {
    return this.#given ?? this.#fromFeed.table;
  }

  get #rangeMs(): number {
    return this.rangeMinutes * 60_000;
  }

  #span(display: "narrow" | "long"): string {
    const { times } = this.#table;
    return formatDuration(this.#given ? (times.at(-1) ?? 0) - (times[0] ?? 0) : this.#rangeMs, display);
  }

  protected override onFeed(): void {
    if (this.data === undefined) this.#fromFeed.update(this.#keys, this.#rangeMs);
  }

  #figures(table: ChartTable): (number | undefined)[] {
    const row = this.#cursorRow(table);
    if (row !== undefined) return table.columns.map((_, index) => valueAt(table, index, row));
    if (this.#given) return table.columns.map((column) => columnRange(column)?.last);
    const values = this.feed.model?.metrics?.values;
    return this.#keys.map((key) => values?.[key]);
  }

  #cursorAt(table: ChartTable): number | undefined {
    const row = this.#cursorRow(table);
    return row === undefined ? undefined : table.times[row];
  }

  // A slider is what screen readers hand arrow keys to, and whose text they read out by themselves.
  #renderCursor(table: ChartTable): TemplateResult {
    const last = table.times.length - 1;
    const row = this.#cursorRow(table);
    return html`<div
      class="cursor"
      tabindex="0"
      role="slider"
      aria-label="Position in the chart"
      aria-valuemin="0"
      aria-valuemax=${last}
      aria-valuenow=${row ?? last}
      aria-valuetext=${row === undefined ? "none, arrow keys move it" : this.#cursorText.text}
      @keydown=${this.#onKey}
      @blur=${() => this.#moveCursor(undefined)}
    ></div>`;
  }

  #renderNothing(): TemplateResult {
    if (this.#fromFeed.isLoading) return html`<p class="empty">Loading history…</p>`;
    return renderEmpty(this.feed, "No data in this range.");
  }

  #renderFoot(table: ChartTable): TemplateResult | typeof nothing {
    const notes = [this.#headroom(table), this.data ? undefined : this.#fromFeed.error].filter(Boolean);
    return notes.length > 0 ? html`<p class="foot note" dir="auto">${notes.join(" ")}</p>` : nothing;
  }

  #headroom(table: ChartTable): string | undefined {
    const range = columnRange(table.columns[0]);
    const limit = this.limits.toSorted((a, b) => a.value - b.value)[0];
    if (!limit || range?.last === undefined || isWithinReach(limit.value, range.max)) return undefined;
    return `${formatValue(limit.value - range.last, this.#unit)} below the ${limit.label}.`;
  }

  #draw(): void {
    const target = this.renderRoot.querySelector<HTMLElement>(".drawing");
    const isEmpty = isEmptyTable(this.#table);
    if (isEmpty) this.#dropChart();
    if (!this.isConnected || !target || isEmpty || target.clientWidth === 0) return;
    const view = this.#view();
    if (!this.#chart) {
      const onCursor = (row: number | undefined): void => this.#onPointer(row);
      this.#chart = new LineChart(
        target,
        view,
        () => readChartColors(this.renderRoot, view.table.columns.length),
        onCursor,
      );
      this.#resize?.observe(target);
    } else if (!isSameView(view, this.#drawn)) this.#chart.draw(view);
    this.#drawn = view;
    if (this.#isKeyboard) this.#chart.setCursor(this.#cursorRow(view.table));
  }

  #view(): ChartView {
    const table = this.#table;
    const last = table.times.at(-1) ?? 0;
    // while nothing comes, the time since is empty, and seen to be so
    const to = this.#given || this.feed.isLive ? last : Math.max(last, this.feed.hostNow);
    const first = table.times[0] ?? to;
    // of a companion that is younger than the range, the time before it lived is not worth the place
    const from = this.#given ? first : Math.max(to - this.#rangeMs, Math.min(first, to - MIN_SHOWN_MS));
    return { table, unit: this.#unit, limits: this.limits, from, to };
  }

  #dropChart(): void {
    this.#chart?.destroy();
    this.#chart = undefined;
    this.#drawn = undefined;
    this.#cursorTime = undefined;
  }

  #onToggle(event: Event): void {
    this.#isTableOpen = (event.target as HTMLDetailsElement).open;
    this.requestUpdate();
  }

  readonly #onScheme = (): void => this.#chart?.redraw();

  get #isKeyboard(): boolean {
    return this.shadowRoot?.activeElement?.classList.contains("cursor") ?? false;
  }

  #cursorRow(table: ChartTable): number | undefined {
    if (this.#cursorTime === undefined) return undefined;
    const row = nearestRow(table.times, this.#cursorTime);
    return row < 0 ? undefined : row;
  }

  #onPointer(row: number | undefined): void {
    if (row === undefined && this.#isKeyboard) return;
    this.#cursorTime = row === undefined ? undefined : this.#table.times[row];
    this.requestUpdate();
  }

  #onKey(event: KeyboardEvent): void {
    const last = this.#table.times.length - 1;
    const row = rowForKey(event.key, this.#cursorRow(this.#table) ?? last, last);
    if (row === undefined) return;
    event.preventDefault();
    this.#moveCursor(row === "none" ? undefined : row);
  }

  #moveCursor(row: number | undefined): void {
    this.#cursorTime = row === undefined ? undefined : this.#table.times[row];
    if (row !== undefined) this.#cursorText.say(describeRow(this.#named, this.#table, row, this.#unit));
    else this.#chart?.setCursor(undefined);
    this.requestUpdate();
  }
}

function isSameView(a: ChartView, b: ChartView | undefined): boolean {
  return (
    a.table === b?.table && a.from === b.from && a.to === b.to && a.unit === b.unit && a.limits === b.limits
  );
}

if (!customElements.get("demi-metric-chart")) customElements.define("demi-metric-chart", DemiMetricChart);
