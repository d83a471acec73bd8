// This module is browser-safe.
import {
  css,
  type CSSResultGroup,
  html,
  nothing,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { FeedAlert } from "../lib/feed/messages.ts";
import { beginOf, firingIds, groupAlerts, newlyFiring } from "./_alert_groups.ts";
import { Announcer } from "./_announcer.ts";
import { FeedElement } from "./_feed_element.ts";
import { formatDateTime, formatDuration } from "./_format.ts";
import { levelTone, toneIcon } from "./_icons.ts";
import { tileStyles, tokenStyles } from "./_styles.ts";
import { renderEmpty, renderStaleNote } from "./_tile.ts";

const ANNOUNCE_MS = 3000;

/**
 * Alerts: what fires on top, what is pending subdued, what was resolved within the last hour behind a disclosure. A newly
 * firing alert is announced to assistive technology; those that fire already when the page opens are not.
 *
 * @csspart tile - The surface.
 * @csspart alert - One alert.
 */
export class DemiAlertList extends FeedElement {
  static override styles: CSSResultGroup = [
    tokenStyles,
    tileStyles,
    css`
      .list {
        display: grid;
        gap: 8px;
      }
      li {
        display: grid;
        grid-template-columns: auto 1fr auto;
        gap: 2px 10px;
        align-items: baseline;
        padding: 10px 12px;
        background: color-mix(in srgb, var(--_tone) 9%, var(--_surface));
        border: 1px solid color-mix(in srgb, var(--_tone) 30%, var(--_line));
        border-radius: calc(var(--_radius) - 4px);
      }
      .icon {
        font-size: 1.05rem;
      }
      .level {
        color: var(--_tone);
        font-weight: 620;
      }
      .age,
      .rule {
        color: var(--_muted);
        font-size: 0.8125rem;
      }
      .age {
        white-space: nowrap;
      }
      .message,
      .rule {
        grid-column: 2 / -1;
        overflow-wrap: anywhere;
      }
      li.subdued {
        background: none;
        border-style: dashed;
        border-color: var(--_line);
      }
      li.subdued .message {
        color: var(--_muted);
      }
      .calm {
        display: flex;
        align-items: center;
        gap: 8px;
        color: var(--_muted);
      }
      details .list {
        margin-block-start: 8px;
      }
      .stale li {
        --_tone: var(--_muted);
      }
      .many {
        max-block-size: 32rem;
        overflow: auto;
      }
    `,
  ];

  static override properties: PropertyDeclarations = {
    heading: { type: String },
    alerts: { attribute: false },
  };

  /** Heading of the tile. */
  declare heading: string;
  /** Alerts to show instead of the feed's. */
  declare alerts: readonly FeedAlert[] | undefined;

  readonly #news: Announcer = new Announcer(() => this.requestUpdate(), ANNOUNCE_MS);
  #firing: ReadonlySet<string> | undefined;
  #source: unknown;

  constructor() {
    super();
    this.heading = "Alerts";
    this.alerts = undefined;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#news.stop();
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const alerts = this.#shown();
    // the first list of a source is what is, not news
    const source = this.alerts ? "property" : this.feed.client;
    if (source !== this.#source) this.#firing = undefined;
    this.#source = source;
    if (!alerts) return;
    const news = this.#firing ? newlyFiring(this.#firing, alerts) : [];
    this.#firing = firingIds(alerts);
    if (news.length > 0) this.#news.say(news.map(({ level, message }) => `${level}: ${message}`).join(" "));
  }

  override render(): TemplateResult {
    const isOld = this.alerts === undefined && !this.feed.isLive;
    return html`<div part="tile" class="tile ${isOld ? "stale" : ""}" role="group" aria-labelledby="heading">
      <div class="head">
        <h2 id="heading">${this.heading}</h2>
        ${isOld ? renderStaleNote(this.feed) : nothing}
      </div>
      <div class="content">${this.#renderGroups()}</div>
      <div class="visually-hidden" role="alert">${this.#news.text}</div>
    </div>`;
  }

  #shown(): readonly FeedAlert[] | undefined {
    const { model } = this.feed;
    // before the first snapshot the feed's list is empty, not known to be empty
    return this.alerts ?? (model?.status === undefined ? undefined : model.alerts);
  }

  #renderGroups(): TemplateResult {
    const alerts = this.#shown();
    if (!alerts) return renderEmpty(this.feed, "No alerts have been reported.");
    const { active, pending, resolved } = groupAlerts(alerts, this.feed.hostNow);
    return html`
      ${active.length === 0 ? this.#renderCalm() : this.#renderScrollable(active)}
      ${
        pending.length > 0
          ? html`<details ?open=${active.length === 0}>
              <summary>${pending.length} pending</summary>
              ${this.#renderList(pending, "subdued")}
            </details>`
          : nothing
      }
      ${
        resolved.length > 0
          ? html`<details>
              <summary>${resolved.length} resolved in the last hour</summary>
              ${this.#renderList(resolved, "subdued")}
            </details>`
          : nothing
      }
    `;
  }

  // Before the first look nothing fires either, but that is no good news.
  #renderCalm(): TemplateResult {
    const isJudged = this.alerts !== undefined || this.feed.model?.status !== "unknown";
    const tone = isJudged ? "ok" : "unknown";
    const text = isJudged ? "Nothing fires." : "No rule has been judged yet.";
    return html`<p class="calm ${tone}">${toneIcon(tone)}<span>${text}</span></p>`;
  }

  #renderScrollable(alerts: readonly FeedAlert[]): TemplateResult {
    if (alerts.length <= 6) return this.#renderList(alerts, "");
    return html`<div class="many" tabindex="0" role="region" aria-label="${alerts.length} alerts">
      ${this.#renderList(alerts, "")}
    </div>`;
  }

  #renderList(alerts: readonly FeedAlert[], kind: "" | "subdued"): TemplateResult {
    return html`<ul class="list">
      ${repeat(
        alerts,
        ({ id }) => id,
        (alert) => this.#renderAlert(alert, kind),
      )}
    </ul>`;
  }

  #renderAlert(alert: FeedAlert, kind: string): TemplateResult {
    const { level, state, rule, message, acknowledged, silenced, inhibited, flapping } = alert;
    const tone = state === "resolved" ? "muted" : levelTone(level);
    const begin = this.feed.toLocalTime(beginOf(alert));
    const now = this.feed.isLive ? this.feed.now : (this.feed.lastReceivedAt ?? this.feed.now);
    const age = formatDuration(now - begin);
    const flags = { acknowledged, silenced, "a consequence": inhibited, flapping };
    const words = [
      ...(state === "firing" ? [] : [state]),
      ...Object.entries(flags).flatMap(([word, isSet]) => (isSet ? [word] : [])),
    ].join(", ");
    return html`<li part="alert" class="${tone} ${kind}">
      ${toneIcon(tone)}
      <span
        ><span class="level">${level}</span
        >${words ? html` <span class="rule">${words}</span>` : nothing}</span
      >
      <bdi class="age" title=${formatDateTime(begin)}>${state === "resolved" ? `${age} ago` : age}</bdi>
      <span class="message" dir="auto">${message}</span>
      <span class="rule"><bdi>${rule}</bdi></span>
    </li>`;
  }
}

if (!customElements.get("demi-alert-list")) customElements.define("demi-alert-list", DemiAlertList);
