// This module is browser-safe.

/** Colours as the canvas needs them: resolved. */
export interface ChartColors {
  readonly text: string;
  readonly grid: string;
  readonly limit: string;
  /** Below the first line. */
  readonly fill: string;
  readonly series: readonly string[];
  /** Between the edges of each band. */
  readonly bands: readonly string[];
}

/** Dashes of the series: they differ without colour, too. */
export const SERIES_DASHES: readonly (readonly number[])[] = [[], [6, 4], [2, 3], [10, 3, 2, 3]];

/** Colours of a chart, as its probes and swatches have them at this moment. */
export function readChartColors(root: ParentNode, seriesCount: number): ChartColors {
  const colorOf = (selector: string): string => {
    const found = root.querySelector(selector);
    return found ? getComputedStyle(found).color : "gray";
  };
  return {
    text: colorOf(".probe.text"),
    grid: colorOf(".probe.grid"),
    limit: colorOf(".probe.limit"),
    fill: colorOf(".probe.fill"),
    series: Array.from({ length: seriesCount }, (_, index) =>
      colorOf(`.swatch.series-${index % SERIES_DASHES.length}`),
    ),
    bands: [...root.querySelectorAll(".probe.band")].map((probe) => getComputedStyle(probe).color),
  };
}
