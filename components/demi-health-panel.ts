// This module is browser-safe.
import { type CSSResultGroup, html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { FeedAction } from "../lib/feed/messages.ts";
import "./demi-alert-list.ts";
import "./demi-emotion-radar.ts";
import "./demi-leak-verdict.ts";
import "./demi-metric-chart.ts";
import "./demi-platform-grid.ts";
import "./demi-run-progress.ts";
import type { ChartLimitLine } from "./_chart_data.ts";
import { FeedElement } from "./_feed_element.ts";
import { formatDateTime, formatDuration } from "./_format.ts";
import { healthPanelStyles } from "./_health_panel_styles.ts";
import { toneIcon } from "./_icons.ts";
import { connectionText, overall } from "./_overall.ts";
import { tileStyles, tokenStyles } from "./_styles.ts";
import { renderVitals } from "./_vitals.ts";
import type { MetricChartSeries } from "./demi-metric-chart.ts";

const MEMORY: readonly MetricChartSeries[] = [
  { key: "process_resident_memory_bytes" },
  { key: "nodejs_heap_size_used_bytes" },
];
const RESPONSE: readonly MetricChartSeries[] = [
  { key: "demi_response_time_p90_seconds" },
  { key: "demi_response_time_p50_seconds" },
];
const MEMORY_LIMITS: readonly ChartLimitLine[] = [
  { value: 8e9, label: "8 GB warning" },
  { value: 10e9, label: "10 GB limit" },
];

/**
 * The whole page: is the companion well, since when, and why not; its emotions, resources, platforms and alerts. With a
 * `token` it also offers the actions of the host.
 *
 * @csspart panel - Everything.
 * @csspart header - Name, overall state, connection, vital signs, actions.
 * @cssprop [--demi-color-canvas=light-dark(#f6f7f9, #0c0f14)] - Behind the tiles.
 * @cssprop [--demi-color-surface=light-dark(#ffffff, #14181f)] - Tiles.
 * @cssprop [--demi-radius=14px] - Corners of tiles.
 * @cssprop [--demi-gap=16px] - Between tiles.
 * @cssprop [--demi-font-family=system-ui] - Letters.
 */
export class DemiHealthPanel extends FeedElement {
  static override styles: CSSResultGroup = [tokenStyles, tileStyles, healthPanelStyles];

  static override properties: PropertyDeclarations = {
    outcome: { state: true },
    running: { state: true },
  };

  declare protected outcome: { readonly failed: boolean; readonly text: string } | undefined;
  declare protected running: string | undefined;

  constructor() {
    super();
    this.outcome = undefined;
    this.running = undefined;
  }

  override render(): TemplateResult {
    return html`<div part="panel" class="panel">
      ${this.#renderHeader()}
      <div class="tiles">
        <div class="side">
          <demi-alert-list .src=${this.src} .token=${this.token}></demi-alert-list>
          <demi-emotion-radar .src=${this.src} .token=${this.token}></demi-emotion-radar>
        </div>
        <div class="main">
          <div class="charts">
            <demi-metric-chart
              heading="Memory"
              .src=${this.src}
              .token=${this.token}
              .series=${MEMORY}
              .limits=${MEMORY_LIMITS}
            ></demi-metric-chart>
            <demi-metric-chart
              heading="Response time"
              .src=${this.src}
              .token=${this.token}
              .series=${RESPONSE}
            ></demi-metric-chart>
          </div>
          ${
            this.feed.model?.run
              ? html`<demi-run-progress .src=${this.src} .token=${this.token}></demi-run-progress>`
              : nothing
          }
          <demi-platform-grid .src=${this.src} .token=${this.token}></demi-platform-grid>
          <demi-leak-verdict .src=${this.src} .token=${this.token}></demi-leak-verdict>
        </div>
      </div>
    </div>`;
  }

  #renderHeader(): TemplateResult {
    const { client, model, now } = this.feed;
    const state = client?.state ?? "connecting";
    const { tone, word, sentence } = overall(
      state,
      model?.status,
      model?.alerts ?? [],
      this.feed.lastReceivedAt,
      state === "live" ? this.feed.hostNow : now,
    );
    return html`<header part="header" class="${tone} ${state === "live" ? "" : "stale"}">
      <div class="glance">
        ${toneIcon(tone)}
        <div>
          <h1><bdi>${model?.hello?.name ?? "Companion"}</bdi><span class="word">${word}</span></h1>
          <p class="sentence" dir="auto">${sentence}</p>
        </div>
      </div>
      <div class="meta">${this.#renderUptime()} ${this.#renderConnection(state)}</div>
      ${renderVitals(model?.metrics?.values)} ${this.#renderActions(model?.hello?.actions ?? [])}
    </header>`;
  }

  #renderUptime(): TemplateResult | typeof nothing {
    const startedAt = this.feed.model?.hello?.startedAt;
    if (startedAt === undefined) return nothing;
    const start = formatDateTime(this.feed.toLocalTime(startedAt));
    if (!this.feed.isLive) return html`<span>Started ${start}</span>`;
    return html`<bdi title="Started ${start}">Up ${formatDuration(this.feed.hostNow - startedAt)}</bdi>`;
  }

  // The seconds stand beside the live region, not in it: it would speak each of them.
  #renderConnection(state: Parameters<typeof connectionText>[0]): TemplateResult {
    const { tone, text, age } = connectionText(state, this.feed.since, this.feed.now);
    return html`<span class="connection ${tone} ${state}">
      ${toneIcon(tone)}<span role="status">${text}</span><bdi class="age">${age}</bdi>
    </span>`;
  }

  #renderActions(actions: readonly FeedAction[]): TemplateResult {
    const offered = this.token === undefined ? [] : actions;
    const isOff = this.running !== undefined || !this.feed.isLive;
    return html`<div class="actions" ?hidden=${offered.length === 0}>
      ${offered.map(
        ({ id, label, description }) =>
          html`<button
            type="button"
            title=${description ?? nothing}
            aria-disabled=${isOff ? "true" : "false"}
            @click=${() => void this.#run(id, label)}
          >
            <bdi>${label}</bdi>
          </button>`,
      )}
      <span class="outcome note ${this.outcome?.failed ? "critical" : ""}" role="status" dir="auto"
        >${this.outcome?.text ?? ""}</span
      >
    </div>`;
  }

  async #run(id: string, label: string): Promise<void> {
    const { client } = this.feed;
    if (!client || !this.feed.isLive || this.running !== undefined) return;
    this.running = id;
    this.outcome = { failed: false, text: `${label}: asked…` };
    try {
      await client.runAction(id);
      this.outcome = { failed: false, text: `${label}: done.` };
    } catch (error) {
      this.outcome = {
        failed: true,
        text: `${label} failed: ${error instanceof Error ? error.message : String(error)}`,
      };
    } finally {
      this.running = undefined;
    }
  }
}

if (!customElements.get("demi-health-panel")) customElements.define("demi-health-panel", DemiHealthPanel);
