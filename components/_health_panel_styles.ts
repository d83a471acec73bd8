// This module is browser-safe.
import { css, type CSSResult } from "lit";

/** Looks and layout of `<demi-health-panel>`: one column on a phone, a side and a main column from 56 rem. */
export const healthPanelStyles: CSSResult = css`
  :host {
    container-type: inline-size;
  }
  .panel {
    display: grid;
    gap: var(--_gap);
    padding: clamp(10px, 2.4cqi, 28px);
    background: var(--_canvas);
  }
  demi-alert-list,
  demi-emotion-radar,
  demi-leak-verdict,
  demi-metric-chart,
  demi-platform-grid {
    color-scheme: inherit;
    min-inline-size: 0;
  }
  header {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 14px 24px;
    padding: clamp(14px, 2.4cqi, 22px);
    background: linear-gradient(color-mix(in srgb, var(--_tone) 9%, var(--_surface)), var(--_surface) 85%);
    border: 1px solid color-mix(in srgb, var(--_tone) 28%, var(--_line));
    border-radius: var(--_radius);
  }
  .glance {
    display: flex;
    align-items: center;
    gap: 16px;
    min-inline-size: 0;
  }
  .glance > .icon {
    inline-size: 3.25rem;
    block-size: 3.25rem;
  }
  .glance > div {
    min-inline-size: 0;
  }
  h1 {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 0 10px;
    margin: 0;
    font-size: 1.375rem;
    font-weight: 660;
    line-height: 1.25;
    letter-spacing: -0.015em;
    overflow-wrap: anywhere;
  }
  h1 .word {
    color: var(--_tone);
  }
  .sentence {
    margin-block-start: 2px;
    color: var(--_muted);
    overflow-wrap: anywhere;
  }
  .meta {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 14px;
    color: var(--_muted);
    font-size: 0.8125rem;
  }
  .connection {
    display: inline-flex;
    align-items: center;
    gap: 7px;
    padding: 4px 12px 4px 9px;
    color: var(--_text);
    background: color-mix(in srgb, var(--_tone) 12%, var(--_surface));
    border: 1px solid color-mix(in srgb, var(--_tone) 40%, var(--_line));
    border-radius: 99px;
  }
  .age:empty {
    display: none;
  }
  .live .icon {
    animation: breathe 3s ease-in-out infinite;
  }
  @keyframes breathe {
    50% {
      opacity: 0.45;
    }
  }
  .vitals {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 7rem), 1fr));
    gap: 14px 20px;
    padding-block-start: 14px;
    border-block-start: 1px solid var(--_line);
  }
  .vitals dt {
    color: var(--_muted);
    font-size: 0.8125rem;
  }
  .vitals dd {
    font-size: 1.375rem;
    font-weight: 620;
    line-height: 1.3;
    letter-spacing: -0.02em;
  }
  .vitals dd.missing {
    color: var(--_muted);
    font-size: 0.875rem;
    font-style: italic;
    font-weight: 400;
    letter-spacing: 0;
    line-height: 2.08;
  }
  .vitals .bar {
    display: block;
    inline-size: 100%;
    max-inline-size: 12rem;
    block-size: 5px;
    margin-block-start: 3px;
  }
  .bar .track {
    fill: var(--_line);
  }
  .bar .used {
    fill: var(--_tone);
  }
  .stale .vitals {
    filter: grayscale(1);
  }
  .stale .vitals dd {
    color: var(--_muted);
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
  button {
    min-block-size: 32px;
    padding: 4px 14px;
    color: var(--_text);
    font: inherit;
    font-weight: 560;
    overflow-wrap: anywhere;
    background: var(--_surface);
    border: 1px solid color-mix(in srgb, var(--_muted) 55%, var(--_line));
    border-radius: 9px;
    cursor: pointer;
  }
  button:hover:not([aria-disabled="true"]) {
    border-color: var(--_accent);
    background: color-mix(in srgb, var(--_accent) 8%, var(--_surface));
  }
  button[aria-disabled="true"] {
    color: var(--_muted);
    cursor: default;
  }
  .outcome {
    overflow-wrap: anywhere;
  }
  .outcome:empty {
    display: none;
  }
  .outcome.critical {
    color: var(--_critical);
  }
  .tiles,
  .side,
  .main,
  .charts {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--_gap);
    align-content: start;
    min-inline-size: 0;
  }
  .charts {
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr));
  }
  @container (inline-size >= 44rem) {
    header {
      grid-template-columns: minmax(0, 1fr) auto;
    }
    .meta {
      justify-content: flex-end;
    }
    .vitals,
    .actions {
      grid-column: 1 / -1;
    }
  }
  @container (inline-size >= 64rem) {
    .tiles {
      grid-template-columns: minmax(19rem, 25rem) minmax(0, 1fr);
    }
  }
  @container (inline-size >= 120rem) {
    .panel {
      font-size: 1rem;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .live .icon {
      animation: none;
    }
  }
  @media (forced-colors: active) {
    header,
    .connection,
    button {
      border: 1px solid CanvasText;
    }
    .bar .used {
      fill: Highlight;
    }
    .bar .track {
      fill: Canvas;
      stroke: CanvasText;
    }
  }
`;
