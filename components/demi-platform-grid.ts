// This module is browser-safe.
import { css, type CSSResultGroup, html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { PlatformHealth } from "../lib/base/platform_health.ts";
import { FeedElement } from "./_feed_element.ts";
import { formatDateTime, formatDuration, formatLatency, formatNumber, isKnown, NO_DATA } from "./_format.ts";
import { platformTone, toneIcon } from "./_icons.ts";
import { tileStyles, tokenStyles } from "./_styles.ts";
import { renderEmpty, renderStaleNote } from "./_tile.ts";

/**
 * The companion's platforms: state and since when, latency, age of the last event, breaker, messages and errors.
 *
 * @csspart tile - The surface.
 * @csspart platform - One platform.
 */
export class DemiPlatformGrid extends FeedElement {
  static override styles: CSSResultGroup = [
    tokenStyles,
    tileStyles,
    css`
      .grid {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 11rem), 1fr));
        gap: 12px;
      }
      li {
        display: flex;
        flex-direction: column;
        gap: 8px;
        padding: 11px 12px;
        background: var(--_sunken);
        border-radius: calc(var(--_radius) - 4px);
        border-inline-start: 3px solid var(--_tone);
      }
      li.ok {
        border-inline-start-color: color-mix(in srgb, var(--_tone) 55%, transparent);
      }
      h3 {
        display: flex;
        align-items: center;
        flex-wrap: wrap;
        gap: 0 7px;
        font-size: 0.875rem;
        font-weight: 620;
        overflow-wrap: break-word;
      }
      h3 bdi {
        min-inline-size: 0;
        max-inline-size: calc(100% - 1.8em);
      }
      .status {
        margin-inline-start: auto;
        white-space: nowrap;
        color: var(--_tone);
        font-weight: 620;
      }
      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 3px 12px;
        font-size: 0.8125rem;
      }
      dt {
        color: var(--_muted);
      }
      dd {
        text-align: end;
      }
      .bad {
        font-weight: 620;
        color: var(--_critical);
      }
      .error {
        padding-block-start: 8px;
        font-size: 0.8125rem;
        border-block-start: 1px solid var(--_line);
        overflow-wrap: anywhere;
      }
      .stale li,
      .stale .status,
      .stale .bad {
        --_tone: var(--_muted);
        color: var(--_muted);
      }
      @media (forced-colors: active) {
        li {
          border: 1px solid CanvasText;
        }
      }
    `,
  ];

  static override properties: PropertyDeclarations = {
    heading: { type: String },
    platforms: { attribute: false },
  };

  /** Heading of the tile. */
  declare heading: string;
  /** Platforms to show instead of the feed's. */
  declare platforms: readonly PlatformHealth[] | undefined;

  constructor() {
    super();
    this.heading = "Platforms";
    this.platforms = undefined;
  }

  override render(): TemplateResult {
    const platforms = this.platforms ?? this.feed.model?.platforms ?? [];
    const isOld = this.platforms === undefined && !this.feed.isLive;
    return html`<div part="tile" class="tile ${isOld ? "stale" : ""}" role="group" aria-labelledby="heading">
      <div class="head">
        <h2 id="heading">${this.heading}</h2>
        ${isOld ? renderStaleNote(this.feed) : renderCount(platforms)}
      </div>
      <div class="content">
        ${
          platforms.length > 0
            ? html`<ul class="grid">
                ${platforms.map((platform) => this.#renderPlatform(platform))}
              </ul>`
            : renderEmpty(this.feed, "No platforms have been reported.")
        }
      </div>
    </div>`;
  }

  #renderPlatform(platform: PlatformHealth): TemplateResult {
    const { name, status, since, error } = platform;
    const tone = platformTone(status);
    return html`<li part="platform" class=${tone}>
      <h3>${toneIcon(tone)}<bdi>${name}</bdi><span class="status">${status}</span></h3>
      <dl>
        <dt>Since</dt>
        <dd title=${formatDateTime(this.feed.toLocalTime(since))}><bdi>${this.#age(since)}</bdi></dd>
        ${status === "disabled" ? nothing : this.#renderFigures(platform)}
      </dl>
      ${error ? html`<p class="error" dir="auto">${error}</p>` : nothing}
    </li>`;
  }

  #renderFigures({ latencyMs, lastEventAt, breaker, messages, errors }: PlatformHealth): TemplateResult {
    const isOpen = breaker !== undefined && breaker !== "closed";
    return html`
      <dt>Latency</dt>
      ${renderFigure(isKnown(latencyMs) ? formatLatency(latencyMs) : undefined)}
      <dt>Last event</dt>
      ${renderFigure(isKnown(lastEventAt) ? `${this.#age(lastEventAt)} ago` : undefined)}
      <dt>Breaker</dt>
      ${renderFigure(breaker, isOpen ? "bad" : "")}
      <dt>Messages</dt>
      ${renderFigure(isKnown(messages) ? formatNumber(messages) : undefined)}
      <dt>Errors</dt>
      ${renderFigure(isKnown(errors) ? formatNumber(errors) : undefined)}
    `;
  }

  // While the feed is gone, ages stand still: the host's now is not known.
  #age(hostTime: number): string {
    const now = this.feed.isLive ? this.feed.now : (this.feed.lastReceivedAt ?? this.feed.now);
    return formatDuration(now - this.feed.toLocalTime(hostTime));
  }
}

function renderFigure(text: string | undefined, kind = ""): TemplateResult {
  return text === undefined
    ? html`<dd class="missing">${NO_DATA}</dd>`
    : html`<dd class=${kind}><bdi>${text}</bdi></dd>`;
}

function renderCount(platforms: readonly PlatformHealth[]): TemplateResult | typeof nothing {
  const wanted = platforms.filter(({ status }) => status !== "disabled");
  if (wanted.length === 0) return nothing;
  const up = wanted.filter(({ status }) => status === "online").length;
  return html`<bdi class="note">${formatNumber(up)} of ${formatNumber(wanted.length)} online</bdi>`;
}

if (!customElements.get("demi-platform-grid")) customElements.define("demi-platform-grid", DemiPlatformGrid);
