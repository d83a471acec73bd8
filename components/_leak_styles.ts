// This module is browser-safe.
import { css, type CSSResult } from "lit";

/** Looks of `<demi-leak-verdict>`, besides those that it shares with the metric chart. */
export const leakStyles: CSSResult = css`
  .verdict {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 9px;
    margin-block-end: 12px;
  }
  .verdict .badge {
    display: inline-flex;
    align-items: center;
    gap: 7px;
    padding: 4px 12px 4px 9px;
    font-weight: 620;
    background: color-mix(in srgb, var(--_tone) 12%, var(--_surface));
    border: 1px solid color-mix(in srgb, var(--_tone) 40%, var(--_line));
    border-radius: 99px;
  }
  .verdict .about {
    color: var(--_muted);
    font-size: 0.8125rem;
    overflow-wrap: anywhere;
  }
  .needs {
    margin-block-end: 12px;
    padding: 8px 12px;
    background: var(--_sunken);
    border-radius: calc(var(--_radius) - 4px);
    overflow-wrap: anywhere;
  }
  .figures {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 8.25rem), 1fr));
    gap: 10px 16px;
    margin-block-end: 14px;
  }
  .figures dt {
    color: var(--_muted);
    font-size: 0.8125rem;
  }
  .figures dd {
    font-size: 1.0625rem;
    font-weight: 620;
    letter-spacing: -0.01em;
  }
  .figures dd.detail {
    color: var(--_muted);
    font-size: 0.75rem;
    font-weight: 400;
    letter-spacing: 0;
  }
  .figures dd.missing {
    color: var(--_muted);
    font-size: 0.8125rem;
    font-style: italic;
    font-weight: 400;
  }
  .over {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 6px 16px;
    margin-block-end: 6px;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 16px;
    color: var(--_muted);
    font-size: 0.8125rem;
  }
  .legend li {
    display: flex;
    align-items: center;
    gap: 7px;
  }
  .plot {
    block-size: var(--demi-chart-height, 13rem);
  }
  .swatch circle {
    fill: currentColor;
  }
  .series-1 {
    color: var(--_accent-2);
  }
  .series-2 {
    color: var(--_warning);
  }
  .series-3 {
    color: color-mix(in srgb, var(--_muted) 65%, var(--_surface));
  }
  .probe.band-0 {
    color: color-mix(in srgb, var(--_accent-2) 20%, transparent);
  }
  .probe.band-1 {
    color: color-mix(in srgb, var(--_warning) 22%, transparent);
  }
  h3 {
    margin-block: 16px 6px;
    font-size: 0.8125rem;
    font-weight: 620;
  }
  .reasons {
    display: grid;
    gap: 4px;
    padding-inline-start: 1.1em;
    list-style: disc;
    overflow-wrap: anywhere;
  }
  .reasons ::marker {
    color: var(--_muted);
  }
  .sites {
    display: grid;
    gap: 8px;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .sites li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 0 14px;
    padding-block-start: 8px;
    border-block-start: 1px solid var(--_line);
  }
  .sites .name {
    font-weight: 620;
    overflow-wrap: anywhere;
  }
  .sites .place {
    grid-column: 1 / -1;
    color: var(--_muted);
    font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
    font-size: 0.75rem;
    overflow-wrap: anywhere;
  }
  .sites .size {
    text-align: end;
    white-space: nowrap;
  }
  @container (inline-size >= 30rem) {
    .figures {
      grid-template-columns: repeat(auto-fit, minmax(9.25rem, 1fr));
    }
  }
  @media (forced-colors: active) {
    .verdict .badge {
      border: 1px solid CanvasText;
    }
    .series-0,
    .series-1,
    .series-2,
    .series-3,
    .probe {
      color: CanvasText;
    }
    .probe.band {
      color: color-mix(in srgb, CanvasText 18%, transparent);
    }
  }
`;
