// This module is browser-safe.
import { css, type CSSResult } from "lit";

/** Looks of `<demi-run-progress>`. */
export const runStyles: CSSResult = css`
  .state,
  .reached {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 10px;
  }
  .badge {
    display: inline-flex;
    align-items: center;
    gap: 7px;
    padding: 4px 12px 4px 9px;
    font-weight: 620;
    background: color-mix(in srgb, var(--_tone) 12%, var(--_surface));
    border: 1px solid color-mix(in srgb, var(--_tone) 40%, var(--_line));
    border-radius: 99px;
  }
  .about,
  .reached,
  dt,
  .detail {
    color: var(--_muted);
    font-size: 0.8125rem;
    overflow-wrap: anywhere;
  }
  .bar {
    block-size: 10px;
    margin-block: 12px 6px;
    overflow: hidden;
    background: var(--_sunken);
    border: 1px solid var(--_line);
    border-radius: 99px;
  }
  .bar svg {
    display: block;
    inline-size: 100%;
    block-size: 100%;
    fill: var(--_accent);
  }
  .bar:dir(rtl) svg {
    transform: scaleX(-1);
  }
  .reached {
    justify-content: space-between;
  }
  .figures {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 7.5rem), 1fr));
    gap: 10px 16px;
    margin-block: 14px;
  }
  .figures dd:not(.detail) {
    font-size: 1.0625rem;
    font-weight: 620;
  }
  h3 {
    margin-block: 14px 4px;
    font-size: 0.8125rem;
    font-weight: 620;
  }
  .verdicts {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 16px;
  }
  .verdicts li {
    display: flex;
    align-items: center;
    gap: 6px;
  }
  .sentences {
    display: grid;
    gap: 4px;
    padding-inline-start: 1.1em;
    list-style: disc;
    overflow-wrap: anywhere;
  }
  @media (forced-colors: active) {
    .bar svg {
      fill: Highlight;
    }
  }
`;
