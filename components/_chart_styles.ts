// This module is browser-safe.
import { css, type CSSResult } from "lit";

/** What uPlot needs of its own style sheet; a style sheet object, as a strict CSP lets no inline style pass. */
export const plotStyles: CSSResult = css`
  .uplot {
    inline-size: min-content;
    direction: ltr;
  }
  .u-wrap {
    position: relative;
    user-select: none;
  }
  .u-over,
  .u-under,
  .u-axis {
    position: absolute;
  }
  .u-under {
    overflow: hidden;
  }
  .uplot canvas {
    display: block;
    position: relative;
    inline-size: 100%;
    block-size: 100%;
  }
  .u-select {
    display: none;
  }
  .u-cursor-x,
  .u-cursor-y {
    position: absolute;
    left: 0;
    top: 0;
    pointer-events: none;
    will-change: transform;
  }
  .u-cursor-x {
    height: 100%;
    border-right: 1px solid var(--_muted);
  }
  .u-cursor-pt {
    position: absolute;
    left: 0;
    top: 0;
    border: 0 solid;
    border-radius: 50%;
    pointer-events: none;
    background-clip: padding-box !important;
    will-change: transform;
  }
  .u-off {
    display: none;
  }
`;
