// This module is browser-safe.
import {
  css,
  type CSSResultGroup,
  html,
  nothing,
  type PropertyDeclarations,
  svg,
  type SVGTemplateResult,
  type TemplateResult,
} from "lit";
import type { EmotionalState } from "../lib/emotion/emotional_state.ts";
import { FeedElement } from "./_feed_element.ts";
import { formatDuration, formatNumber, NO_DATA } from "./_format.ts";
import {
  outlinePath,
  type RadarAxis,
  radarAxes,
  type RadarState,
  ringPath,
  strongest,
} from "./_radar_geometry.ts";
import { tileStyles, tokenStyles } from "./_styles.ts";
import { renderEmpty, renderStaleNote } from "./_tile.ts";

const RADIUS = 112;

/** What the radar can be given: a state as the companion reports it; values that are absent are shown as unknown. */
export type EmotionRadarState = Partial<EmotionalState>;

/**
 * The emotional state on nine axes, with every value as text, and the momentum beyond 1.
 *
 * @csspart tile - The surface.
 * @csspart radar - The drawing.
 * @cssprop [--demi-color-accent=light-dark(#5b4bd6, #a99bff)] - Outline of the state.
 */
export class DemiEmotionRadar extends FeedElement {
  static override styles: CSSResultGroup = [
    tokenStyles,
    tileStyles,
    css`
      svg.radar {
        display: block;
        direction: ltr;
        inline-size: 100%;
        max-inline-size: 26rem;
        margin-inline: auto;
        overflow: visible;
      }
      .ring,
      .axis {
        fill: none;
        stroke: var(--_line);
        stroke-width: 1;
      }
      .ring.full {
        stroke: color-mix(in srgb, var(--_muted) 55%, var(--_line));
      }
      .outline {
        fill: color-mix(in srgb, var(--_accent) 18%, transparent);
        stroke: var(--_accent);
        stroke-width: 2.25;
        stroke-linejoin: round;
      }
      .vertex {
        fill: var(--_surface);
        stroke: var(--_accent);
        stroke-width: 2.25;
      }
      .momentum {
        stroke: var(--_warning);
        stroke-width: 3.5;
        stroke-linecap: round;
      }
      text {
        fill: var(--_muted);
        font-size: 12.5px;
      }
      .value {
        fill: var(--_text);
        font-weight: 620;
      }
      .value.missing {
        fill: var(--_muted);
        font-style: italic;
        font-weight: 400;
      }
      .push {
        fill: var(--_warning);
      }
      .stale .outline,
      .stale .vertex {
        opacity: 0.6;
      }
      .stale .value {
        fill: var(--_muted);
      }
      .strongest {
        margin-block-start: 8px;
        text-align: center;
        overflow-wrap: anywhere;
      }
      .strongest b {
        font-weight: 620;
      }
      td.missing {
        color: var(--_muted);
        font-style: italic;
      }
      /* the drawing shrinks with the tile, the letters must not */
      @container (inline-size < 360px) {
        text {
          font-size: 15.5px;
        }
      }
      @media (forced-colors: active) {
        .outline {
          fill: none;
          stroke: CanvasText;
        }
        .vertex {
          fill: Canvas;
          stroke: CanvasText;
        }
        .ring,
        .axis {
          stroke: color-mix(in srgb, CanvasText 35%, Canvas);
        }
        text,
        .value,
        .push {
          fill: CanvasText;
        }
        .momentum {
          stroke: Highlight;
        }
      }
    `,
  ];

  static override properties: PropertyDeclarations = {
    heading: { type: String },
    state: { attribute: false },
  };

  /** Heading of the tile. */
  declare heading: string;
  /** A state to show instead of the feed's. */
  declare state: EmotionRadarState | undefined;

  constructor() {
    super();
    this.heading = "Emotions";
    this.state = undefined;
  }

  override render(): TemplateResult {
    const shown = this.#shown();
    const isOld = this.state === undefined && !this.feed.isLive;
    return html`<div part="tile" class="tile ${isOld ? "stale" : ""}" role="group" aria-labelledby="heading">
      <div class="head">
        <h2 id="heading">${this.heading}</h2>
        ${isOld ? renderStaleNote(this.feed) : this.#renderAge(shown?.lastUpdated)}
      </div>
      <div class="content">
        ${shown ? this.#renderState(shown) : renderEmpty(this.feed, "No emotions have been reported.")}
      </div>
    </div>`;
  }

  #shown(): (RadarState & { lastUpdated: number | undefined }) | undefined {
    if (this.state) {
      const { momentum, lastUpdated, ...values } = this.state;
      return { values, momentum, lastUpdated };
    }
    return this.feed.model?.emotions;
  }

  #renderAge(lastUpdated: number | undefined): TemplateResult | typeof nothing {
    if (lastUpdated === undefined) return nothing;
    const age = this.feed.now - this.feed.toLocalTime(lastUpdated);
    return html`<span class="note">${age < 2000 ? "now" : `${formatDuration(age)} ago`}</span>`;
  }

  #renderState(state: RadarState): TemplateResult {
    const axes = radarAxes(state, RADIUS);
    const top = strongest(axes);
    return html`${renderRadar(axes)}
    ${
      top.length > 0
        ? html`<p class="strongest note">
            Strongest:
            ${top.map(({ name, value }, index) => html`${index > 0 ? ", " : ""}<b><bdi>${name}</bdi></b> ${text(value)}`)}
          </p>`
        : nothing
    }
    ${renderTable(axes, this.heading)}`;
  }
}

function text(value: number | undefined): string {
  return value === undefined ? NO_DATA : formatNumber(value);
}

function renderRadar(axes: readonly RadarAxis[]): TemplateResult {
  const values = axes.map(({ name, value }) => `${name} ${text(value)}`).join(", ");
  return html`<svg
    part="radar"
    class="radar"
    viewBox="-226 -154 452 328"
    role="img"
    aria-label="Emotional state, from 0 to 1: ${values}."
  >
    ${[0.25, 0.5, 0.75].map((share) => svg`<path class="ring" d=${ringPath(axes.length, RADIUS * share)} />`)}
    ${axes.map(({ end }) => svg`<path class="axis" d="M0 0L${end.x} ${end.y}" />`)}
    <path class="ring full" d=${ringPath(axes.length, RADIUS)} />
    <path class="outline" d=${outlinePath(axes)} />
    ${axes.map(renderAxis)}
  </svg>`;
}

function renderAxis({ name, value, momentum, end, point, tip, label, anchor }: RadarAxis): SVGTemplateResult {
  const raised = label.y < 0 ? -10 : 2;
  return svg`
    ${tip ? svg`<path class="momentum" d="M${end.x} ${end.y}L${tip.x} ${tip.y}" />` : nothing}
    ${point ? svg`<circle class="vertex" cx=${point.x} cy=${point.y} r="3.4" />` : nothing}
    <text text-anchor=${anchor} x=${label.x} y=${label.y + raised}>${name}</text>
    <text text-anchor=${anchor} x=${label.x} y=${label.y + raised + 16}>
      <tspan class="value ${value === undefined ? "missing" : ""}">${text(value)}</tspan>
      ${momentum > 0 ? svg`<tspan class="push" dx="3">▲${formatNumber(momentum)}</tspan>` : nothing}
    </text>`;
}

function renderTable(axes: readonly RadarAxis[], heading: string): TemplateResult {
  return html`<details>
    <summary>Values as a table</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="${heading} as a table">
      <table>
        <thead>
          <tr>
            <th scope="col">Emotion</th>
            <th scope="col">Value</th>
            <th scope="col">Momentum</th>
          </tr>
        </thead>
        <tbody>
          ${axes.map(
            ({ name, value, momentum }) =>
              html`<tr>
                <th scope="row"><bdi>${name}</bdi></th>
                <td class=${value === undefined ? "missing" : ""}>${text(value)}</td>
                <td>${momentum > 0 ? formatNumber(momentum) : "none"}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

if (!customElements.get("demi-emotion-radar")) customElements.define("demi-emotion-radar", DemiEmotionRadar);
