// This module is browser-safe.
import { css, type CSSResult } from "lit";

/** Looks of `<demi-metric-chart>`, the sources of its canvas colours among them. */
export const metricChartStyles: CSSResult = css`
  .ranges {
    display: inline-flex;
    margin: 0;
    padding: 2px;
    border: 0;
    background: var(--_sunken);
    border-radius: 9px;
  }
  .ranges label {
    position: relative;
    display: grid;
    place-items: center;
    min-inline-size: 28px;
    min-block-size: 24px;
    padding-inline: 9px;
    color: var(--_muted);
    font-size: 0.75rem;
    border-radius: 7px;
    cursor: pointer;
  }
  .ranges input {
    position: absolute;
    inset: 0;
    margin: 0;
    opacity: 0;
    cursor: pointer;
  }
  .ranges label:hover {
    color: var(--_text);
  }
  .ranges label:has(:checked) {
    color: var(--_text);
    font-weight: 620;
    background: var(--_surface);
    box-shadow: 0 0 0 1px var(--_line);
  }
  .ranges label:has(:focus-visible) {
    outline: 2px solid var(--_focus);
    outline-offset: 1px;
  }
  .readout {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 2px 18px;
    margin-block-end: 6px;
  }
  .readout > div {
    display: flex;
    align-items: baseline;
    gap: 7px;
  }
  .readout dt {
    color: var(--_muted);
    font-size: 0.8125rem;
    overflow-wrap: anywhere;
  }
  .readout dd {
    font-size: 1.125rem;
    font-weight: 620;
    letter-spacing: -0.01em;
  }
  .readout dd.missing {
    color: var(--_muted);
    font-size: 0.8125rem;
    font-style: italic;
    font-weight: 400;
  }
  .at {
    margin-inline-start: auto;
    color: var(--_muted);
    font-size: 0.75rem;
  }
  .swatch {
    inline-size: 18px;
    block-size: 8px;
    flex: none;
    align-self: center;
  }
  .swatch line {
    stroke: currentColor;
    stroke-width: 2.5;
  }
  .series-0 {
    color: var(--_accent);
  }
  .series-1 {
    color: var(--_accent-2);
  }
  .series-2 {
    color: var(--_warning);
  }
  .series-3 {
    color: var(--_info);
  }
  /* the canvas asks these for colours: a custom property alone would give it light-dark() unresolved */
  .probe {
    display: none;
  }
  .probe.fill {
    color: color-mix(in srgb, var(--_accent) 13%, transparent);
  }
  .probe.text {
    color: var(--_muted);
  }
  .probe.grid {
    color: color-mix(in srgb, var(--_line) 75%, transparent);
  }
  .probe.limit {
    color: var(--_critical);
  }
  .plot {
    position: relative;
    block-size: var(--demi-chart-height, 11rem);
  }
  .drawing {
    position: absolute;
    inset: 0;
    overflow: hidden;
  }
  .cursor {
    position: absolute;
    inset: 0;
    pointer-events: none;
  }
  .plot .empty {
    position: absolute;
    inset: 0;
    display: grid;
    place-items: center;
    text-align: center;
  }
  .foot {
    margin-block-start: 4px;
    overflow-wrap: anywhere;
  }
  @media (forced-colors: active) {
    .ranges label:has(:checked) {
      outline: 2px solid Highlight;
      outline-offset: -2px;
    }
    .series-0,
    .series-1,
    .series-2,
    .series-3,
    .probe {
      color: CanvasText;
    }
    .probe {
      forced-color-adjust: none;
    }
    .probe.text,
    .probe.limit {
      color: CanvasText;
    }
    .probe.grid {
      color: color-mix(in srgb, CanvasText 30%, Canvas);
    }
    .probe.fill {
      color: transparent;
    }
  }
`;
