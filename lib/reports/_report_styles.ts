// This module is browser-safe.

/** Styles of an HTML report. The colours are those of the elements: text keeps 4.5 : 1 in both schemes. */
export const REPORT_STYLES = `
:root {
  color-scheme: light dark;
  --canvas: light-dark(#f6f7f9, #0c0f14);
  --surface: light-dark(#ffffff, #14181f);
  --line: light-dark(#e1e5ea, #262d38);
  --text: light-dark(#161b22, #e7ebf0);
  --muted: light-dark(#566070, #98a3b3);
  --ok: light-dark(#15753f, #5fd39a);
  --info: light-dark(#1d5fbf, #86b7ff);
  --warning: light-dark(#8a5300, #f2bd55);
  --critical: light-dark(#b3261e, #ff9d94);
  --unknown: var(--muted);
  --series-0: light-dark(#5b4bd6, #a99bff);
  --series-1: light-dark(#0f7d86, #4cc9cf);
  --series-2: light-dark(#8a5300, #f2bd55);
  --series-3: light-dark(#b3261e, #ff9d94);
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--canvas);
  color: var(--text);
  font: 400 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere;
}
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0.5rem 0 0; }
h2 { font-size: 1.2rem; margin: 0 0 0.75rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: 0.25rem 0; max-width: 72ch; }
.muted, .note, figcaption p, caption, time { color: var(--muted); }
section, .verdict {
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: 14px;
  padding: 1.1rem 1.2rem;
  margin-top: 1.2rem;
}
.verdict { border-inline-start: 6px solid var(--tone); }
.verdict strong { color: var(--tone); font-size: 1.25rem; display: block; }
.ok { --tone: var(--ok); }
.info { --tone: var(--info); }
.warning { --tone: var(--warning); }
.critical { --tone: var(--critical); }
.unknown { --tone: var(--unknown); }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem; margin: 0.5rem 0; }
dl.facts > div { border-inline-start: 3px solid var(--tone, var(--line)); padding-inline-start: 0.7rem; }
dt { color: var(--muted); font-size: 0.875rem; }
dd { margin: 0; font-size: 1.15rem; font-weight: 600; }
dd.note { font-size: 0.875rem; font-weight: 400; }
ul { padding-inline-start: 1.2rem; margin: 0.5rem 0; }
figure { margin: 1rem 0 0; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; padding: 0; font-size: 0.875rem; }
.legend svg { width: 1.5rem; height: 0.5rem; margin-inline-end: 0.4rem; vertical-align: middle; }
.plot { position: relative; height: 17rem; margin: 1.6rem 0 2rem 4.6rem; }
.plot > svg { width: 100%; height: 100%; display: block; overflow: visible; border-block-end: 1px solid var(--muted); }
.plot span { position: absolute; font-size: 0.75rem; color: var(--muted); white-space: nowrap; }
.plot .y { right: 100%; margin-inline-end: 0.5rem; transform: translateY(-50%); }
.plot .x { top: 100%; margin-top: 0.35rem; transform: translateX(-50%); }
.plot span.limit { right: 0.3rem; transform: translateY(-100%); color: var(--critical); }
.plot span.mark { bottom: 100%; transform: translateX(-50%); max-width: 18%; overflow: hidden; text-overflow: ellipsis; }
.plot span.mark.end { transform: translateX(-100%); }
path { fill: none; vector-effect: non-scaling-stroke; }
path.grid { stroke: var(--line); }
path.line { stroke: var(--color); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
path.band { fill: var(--color); fill-opacity: 0.18; }
path.limit { stroke: var(--critical); stroke-dasharray: 6 4; }
path.mark { stroke: var(--muted); stroke-dasharray: 2 4; }
.series-0 { --color: var(--series-0); }
.series-1 { --color: var(--series-1); }
.series-2 { --color: var(--series-2); }
.series-3 { --color: var(--series-3); }
path.line.series-1 { stroke-dasharray: 7 4; }
path.line.series-2 { stroke-dasharray: 2 5; }
path.line.series-3 { stroke-dasharray: 10 4 2 4; }
.table { overflow-x: auto; margin: 0.6rem 0; }
table { border-collapse: collapse; font-size: 0.875rem; min-width: 60%; }
caption { text-align: start; padding-bottom: 0.3rem; }
th, td { text-align: start; padding: 0.35rem 0.9rem 0.35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: normal; }
td:not(.numeric) { min-width: 5.5rem; }
td:last-child:not(.numeric) { min-width: 14rem; }
.numeric { text-align: end; white-space: nowrap; }
summary { cursor: pointer; color: var(--muted); font-size: 0.875rem; }
:focus-visible { outline: 2px solid var(--series-0); outline-offset: 2px; border-radius: 6px; }
@media (max-width: 40rem) {
  .plot { height: 13rem; margin-inline-start: 3.8rem; }
  .plot .odd { display: none; }
}
@media print { section, .verdict { break-inside: avoid; } }
@media (forced-colors: active) { path.line { stroke: CanvasText; } path.grid { stroke: GrayText; } }
`;
