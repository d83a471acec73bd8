// This module is browser-safe.
import { css, type CSSResult } from "lit";

/**
 * The visual language: every `--demi-*` token with its default, under the private names that the elements use. Text on
 * surfaces keeps 4.5 : 1 in both schemes.
 */
export const tokenStyles: CSSResult = css`
  :host {
    --_surface: var(--demi-color-surface, light-dark(#ffffff, #14181f));
    --_sunken: var(--demi-color-sunken, light-dark(#f3f5f8, #1b2029));
    --_canvas: var(--demi-color-canvas, light-dark(#f6f7f9, #0c0f14));
    --_line: var(--demi-color-line, light-dark(#e1e5ea, #262d38));
    --_text: var(--demi-color-text, light-dark(#161b22, #e7ebf0));
    --_muted: var(--demi-color-muted, light-dark(#566070, #98a3b3));
    --_accent: var(--demi-color-accent, light-dark(#5b4bd6, #a99bff));
    --_accent-2: var(--demi-color-accent-2, light-dark(#0f7d86, #4cc9cf));
    --_ok: var(--demi-color-ok, light-dark(#15753f, #5fd39a));
    --_info: var(--demi-color-info, light-dark(#1d5fbf, #86b7ff));
    --_warning: var(--demi-color-warning, light-dark(#8a5300, #f2bd55));
    --_critical: var(--demi-color-critical, light-dark(#b3261e, #ff9d94));
    --_radius: var(--demi-radius, 14px);
    --_gap: var(--demi-gap, 16px);
    --_focus: var(--demi-color-focus, light-dark(#5b4bd6, #c4baff));
    display: block;
    color-scheme: light dark;
    color: var(--_text);
    font: 400 0.875rem/1.45 var(--demi-font-family, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
    font-variant-numeric: tabular-nums;
    -webkit-text-size-adjust: 100%;
    text-size-adjust: 100%;
  }
  :host([hidden]) {
    display: none;
  }
  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }
  :focus-visible {
    outline: 2px solid var(--_focus);
    outline-offset: 2px;
    border-radius: 6px;
  }
  h2,
  h3,
  p,
  ul,
  dl,
  dd {
    margin: 0;
    padding: 0;
  }
  ul {
    list-style: none;
  }
  .ok {
    --_tone: var(--_ok);
  }
  .info {
    --_tone: var(--_info);
  }
  .warning {
    --_tone: var(--_warning);
  }
  .critical {
    --_tone: var(--_critical);
  }
  .unknown,
  .muted {
    --_tone: var(--_muted);
  }
  .icon {
    inline-size: 1.15em;
    block-size: 1.15em;
    flex: none;
    color: var(--_tone);
    vertical-align: -0.2em;
  }
  .icon .fill {
    fill: currentColor;
  }
  .icon .mark {
    fill: none;
    stroke: var(--_surface);
    stroke-width: 2.4;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  .icon .line {
    fill: none;
    stroke: currentColor;
    stroke-width: 2;
    stroke-linecap: round;
  }
  .visually-hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (forced-colors: active) {
    .icon .mark {
      stroke: Canvas;
    }
  }
`;

/** A tile: surface, heading row, the note that its data is old, and the disclosure with the table twin. */
export const tileStyles: CSSResult = css`
  .tile {
    position: relative;
    container-type: inline-size;
    min-block-size: 100%;
    padding: clamp(12px, 4cqi, 18px);
    background: var(--_surface);
    border: 1px solid var(--_line);
    border-radius: var(--_radius);
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 12px;
    margin-block-end: 12px;
  }
  .head > :last-child:not(h2) {
    margin-inline-start: auto;
  }
  h2 {
    font-size: 0.9375rem;
    font-weight: 620;
    letter-spacing: -0.005em;
    overflow-wrap: anywhere;
  }
  .note,
  .empty {
    color: var(--_muted);
    font-size: 0.8125rem;
  }
  .missing {
    color: var(--_muted);
    font-style: italic;
    font-weight: 400;
  }
  .stale-note {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    padding: 1px 8px;
    color: var(--_muted);
    font-size: 0.75rem;
    border: 1px dashed currentColor;
    border-radius: 99px;
  }
  /* text is muted by colour, not by opacity: what is old must stay readable */
  .stale .content {
    color: var(--_muted);
    filter: grayscale(1);
  }
  .stale .graphic {
    opacity: 0.7;
  }
  details {
    margin-block-start: 10px;
    font-size: 0.8125rem;
  }
  summary {
    inline-size: fit-content;
    min-block-size: 24px;
    padding-inline-end: 6px;
    color: var(--_muted);
    cursor: pointer;
  }
  summary:hover {
    color: var(--_text);
  }
  .scroll {
    max-block-size: 16rem;
    overflow: auto;
  }
  table {
    inline-size: 100%;
    border-collapse: collapse;
  }
  caption {
    padding-block: 6px;
    color: var(--_muted);
    text-align: start;
  }
  th,
  td {
    padding: 4px 8px 4px 0;
    text-align: end;
    border-block-start: 1px solid var(--_line);
    overflow-wrap: anywhere;
  }
  th {
    font-weight: 500;
  }
  th:first-child,
  td:first-child {
    text-align: start;
  }
  thead th {
    color: var(--_muted);
  }
  @media (forced-colors: active) {
    .stale .content {
      filter: none;
    }
  }
`;
