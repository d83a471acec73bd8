// This module is browser-safe.
import {
  type CSSResultGroup,
  html,
  nothing,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from "lit";
import type { FeedMemory } from "../lib/feed/messages.ts";
import { ChartController } from "./_chart_controller.ts";
import type { ChartLimitLine } from "./_chart_data.ts";
import { plotStyles } from "./_chart_styles.ts";
import { FeedElement } from "./_feed_element.ts";
import { formatBytes, formatDuration } from "./_format.ts";
import { defaultHorizon, type LeakChart, type LeakHorizon, toLeakChart } from "./_leak_chart.ts";
import {
  renderFigures,
  renderHorizons,
  renderLeakTable,
  renderLegend,
  renderReasons,
  renderSites,
  renderVerdict,
} from "./_leak_parts.ts";
import { leakStyles } from "./_leak_styles.ts";
import { describeLeak, reasonsOf } from "./_leak_text.ts";
import type { ChartLine, ChartView } from "./_line_chart.ts";
import { metricChartStyles } from "./_metric_chart_styles.ts";
import { tileStyles, tokenStyles } from "./_styles.ts";
import { renderEmpty, renderStaleNote } from "./_tile.ts";

/**
 * In the order of the chart's columns: samples, trend with its edges, floor, projection with its edges. The floor lies on its
 * trend: thin on broad dashes both are seen.
 */
const LINES: readonly ChartLine[] = [
  { as: "points", color: 3 },
  { as: "line", color: 1, width: 5 },
  { as: "edge", color: 0 },
  { as: "edge", color: 0 },
  { as: "line", color: 0 },
  { as: "line", color: 2 },
  { as: "edge", color: 1 },
  { as: "edge", color: 1 },
];
const BANDS = [
  [3, 2],
  [7, 6],
] as const;

/**
 * Whether memory leaks, how fast it grows, when the limits are reached, and why that is believed: the floor, its trend and
 * the projection with their intervals, in a picture and as a table; and the functions whose objects come to stay.
 *
 * @csspart tile - The surface.
 * @csspart badge - The verdict.
 * @csspart plot - The drawing.
 * @csspart evidence - The reasons.
 * @csspart sites - Where it grows.
 * @cssprop [--demi-chart-height=13rem] - Height of the drawing.
 * @cssprop [--demi-color-accent=light-dark(#5b4bd6, #a99bff)] - The floor.
 * @cssprop [--demi-color-accent-2=light-dark(#0f7d86, #4cc9cf)] - The trend.
 * @cssprop [--demi-color-warning=light-dark(#8a5300, #f2bd55)] - The projection.
 */
export class DemiLeakVerdict extends FeedElement {
  static override styles: CSSResultGroup = [
    tokenStyles,
    tileStyles,
    plotStyles,
    metricChartStyles,
    leakStyles,
  ];

  static override properties: PropertyDeclarations = {
    heading: { type: String },
    horizon: { type: String },
    verdict: { attribute: false },
  };

  /** Heading of the tile. */
  declare heading: string;
  /** How far the chart looks ahead: `near`, `week`, or empty for what shows most. */
  declare horizon: LeakHorizon | "";
  /** A verdict to show instead of the feed's; `toFeedMemory` makes one of a detector's. */
  declare verdict: FeedMemory | undefined;

  protected readonly drawing: ChartController = new ChartController(this, () => this.#view);
  #chart: LeakChart | undefined;
  #view: ChartView | undefined;
  #viewed: { readonly memory: FeedMemory | undefined; readonly horizon: string } | undefined;
  #isTableOpen = false;

  constructor() {
    super();
    this.heading = "Memory leak";
    this.horizon = "";
    this.verdict = undefined;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    this.#prepare();
  }

  override render(): TemplateResult {
    const memory = this.#memory;
    const isOld = this.verdict === undefined && !this.feed.isLive;
    return html`<div part="tile" class="tile ${isOld ? "stale" : ""}" role="group" aria-labelledby="heading">
      <div class="head">
        <h2 id="heading">${this.heading}</h2>
        ${isOld ? renderStaleNote(this.feed) : this.#renderAge(memory?.time)}
      </div>
      <div class="content">
        ${memory ? this.#renderMemory(memory) : renderEmpty(this.feed, "No verdict on memory has been reported.")}
        ${["text", "grid", "limit", "fill", "band band-0", "band band-1"].map((name) => html`<span class="probe ${name}"></span>`)}
      </div>
    </div>`;
  }

  get #memory(): FeedMemory | undefined {
    return this.verdict ?? this.feed.model?.memory;
  }

  get #horizon(): LeakHorizon {
    const memory = this.#memory;
    if (this.horizon === "near" || this.horizon === "week") return this.horizon;
    return memory ? defaultHorizon(memory) : "week";
  }

  /** The same view as before while nothing has changed, so that nothing is drawn anew each second. */
  #prepare(): void {
    const [memory, horizon] = [this.#memory, this.#horizon];
    if (this.#viewed?.memory === memory && this.#viewed?.horizon === horizon) return;
    this.#viewed = { memory, horizon };
    this.#chart = memory && toLeakChart(memory, horizon);
    if (!memory || !this.#chart) return void (this.#view = undefined);
    this.#view = {
      ...this.#chart,
      unit: "bytes",
      limits: limitLines(memory),
      lines: LINES,
      bands: BANDS,
      axis: "fit",
      mark: { time: memory.time, label: "judged" },
    };
  }

  #renderAge(time: number | undefined): TemplateResult | typeof nothing {
    if (time === undefined || this.verdict) return nothing;
    const age = this.feed.now - this.feed.toLocalTime(time);
    return html`<span class="note">judged ${age < 2000 ? "now" : `${formatDuration(age)} ago`}</span>`;
  }

  #renderMemory(memory: FeedMemory): TemplateResult {
    return html`${renderVerdict(memory)}
    ${memory.needs ? html`<p class="needs" dir="auto">Still needed: ${memory.needs}</p>` : nothing}
    ${renderFigures(memory)} ${this.#chart ? this.#renderChart(memory, this.#chart) : nothing}
    ${renderReasons(reasonsOf(memory))} ${renderSites(memory.sites ?? [])}`;
  }

  #renderChart(memory: FeedMemory, { table, to }: LeakChart): TemplateResult {
    const looksAhead = to > memory.time;
    return html`<div class="over">
        ${renderLegend(table, memory)}
        ${looksAhead ? renderHorizons(this.#horizon, (horizon) => (this.horizon = horizon)) : nothing}
      </div>
      <div class="plot">
        <div part="plot" class="drawing graphic" role="img" aria-label=${describeLeak(memory)}></div>
      </div>
      <details @toggle=${this.#onToggle}>
        <summary>Values as a table</summary>
        ${this.#isTableOpen ? renderLeakTable(memory, table, this.heading) : nothing}
      </details>`;
  }

  #onToggle(event: Event): void {
    this.#isTableOpen = (event.target as HTMLDetailsElement).open;
    this.requestUpdate();
  }
}

function limitLines({ series }: FeedMemory): readonly ChartLimitLine[] {
  return (series?.hoursUntil ?? []).map(({ limitBytes, label }) => ({
    value: limitBytes,
    label: label ?? formatBytes(limitBytes),
  }));
}

if (!customElements.get("demi-leak-verdict")) customElements.define("demi-leak-verdict", DemiLeakVerdict);
