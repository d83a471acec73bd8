// This module is browser-safe.
import uPlot from "uplot";
import {
  type ChartLimitLine,
  type ChartTable,
  columnRange,
  fittedRange,
  isWithinReach,
  valueRange,
} from "./_chart_data.ts";
import { type ChartColors, SERIES_DASHES } from "./_chart_colors.ts";
import { formatDay, formatShortTime, formatTimeOfDay, formatValue, type ValueUnit } from "./_format.ts";

/** How a column is drawn. */
export interface ChartLine {
  /** `edge`: the edge of a band, no line of its own. */
  readonly as: "line" | "points" | "edge";
  /** Number of its colour and dashes, or of the band's colour. */
  readonly color: number;
  /** CSS pixels. @default {1.75} */
  readonly width?: number | undefined;
}

/** What is to be drawn. */
export interface ChartView {
  readonly table: ChartTable;
  readonly unit: ValueUnit;
  readonly limits: readonly ChartLimitLine[];
  /** Range of the time axis, epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Default: each column is a line in the colour of its number, the first one filled. Does not change. */
  readonly lines?: readonly ChartLine[] | undefined;
  /** Columns with the upper and the lower edge of each band. Does not change. */
  readonly bands?: readonly (readonly [upper: number, lower: number])[] | undefined;
  /** `fit`: the value axis need not begin at zero. @default {"zero"} */
  readonly axis?: "zero" | "fit" | undefined;
  /** A moment to be marked, such as now. */
  readonly mark?: { readonly time: number; readonly label: string } | undefined;
}

const DAY_MS = 86_400_000;
const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** uPlot with our colours, units and cursor. Made when there is something to draw on; `destroy` ends it. */
export class LineChart {
  readonly #plot: uPlot;
  readonly #readColors: () => ChartColors;
  #colors: ChartColors;
  #view: ChartView;

  /** @param onCursor Told the row under the pointer, `undefined` when it leaves; without it there is no cursor. */
  constructor(
    target: HTMLElement,
    view: ChartView,
    colors: () => ChartColors,
    onCursor?: (row: number | undefined) => void,
  ) {
    this.#view = view;
    this.#readColors = colors;
    this.#colors = colors();
    const { clientWidth, clientHeight } = target;
    this.#plot = new uPlot(this.#options(clientWidth, clientHeight, onCursor), toData(view.table), target);
  }

  draw(view: ChartView): void {
    this.#view = view;
    this.#colors = this.#readColors();
    this.#plot.setData(toData(view.table), true);
  }

  /** Draws the same again, after a change of colours. */
  redraw(): void {
    this.#colors = this.#readColors();
    this.#plot.redraw(false, true);
  }

  resize(width: number, height: number): void {
    if (width > 0 && height > 0 && (width !== this.#plot.width || height !== this.#plot.height)) {
      this.#plot.setSize({ width, height });
    }
  }

  /** Puts the cursor on a row, or takes it away. */
  setCursor(row: number | undefined): void {
    const time = row === undefined ? undefined : this.#view.table.times[row];
    const left = time === undefined ? -10 : this.#plot.valToPos(time, "x");
    this.#plot.setCursor({ left, top: time === undefined ? -10 : 0 }, false);
  }

  destroy(): void {
    this.#plot.destroy();
  }

  #options(
    width: number,
    height: number,
    onCursor: ((row: number | undefined) => void) | undefined,
  ): uPlot.Options {
    const axis: uPlot.Axis = {
      stroke: () => this.#colors.text,
      font: FONT,
      ticks: { show: false },
      border: { show: false },
      grid: { stroke: () => this.#colors.grid, width: 1 },
    };
    return {
      width: Math.max(width, 1),
      height: Math.max(height, 1),
      ms: 1,
      legend: { show: false },
      padding: [8, 24, 0, 0],
      cursor: {
        show: onCursor !== undefined,
        drag: { x: false, y: false, setScale: false },
        y: false,
        points: { size: 8 },
      },
      scales: {
        x: { time: true, range: () => [this.#view.from, this.#view.to] },
        y: { range: () => this.#valueRange() },
      },
      axes: [
        {
          ...axis,
          space: 76,
          size: 30,
          gap: 9,
          grid: { show: false },
          values: (_plot, times) => timeLabels(times),
        },
        {
          ...axis,
          space: 34,
          gap: 6,
          size: (_plot, labels) => Math.max(34, ...(labels ?? []).map((label) => label.length * 6.4 + 12)),
          values: (_plot, values) => values.map((value) => formatValue(value, this.#view.unit)),
        },
      ],
      series: [{}, ...this.#view.table.columns.map((_, index) => this.#series(index))],
      bands: (this.#view.bands ?? []).map(([upper, lower], index) => ({
        series: [upper + 1, lower + 1],
        fill: () => this.#colors.bands[index] ?? "transparent",
      })),
      hooks: {
        draw: [(plot) => this.#drawLimits(plot), (plot) => this.#drawMark(plot)],
        setCursor: [
          (plot) => onCursor?.((plot.cursor.left ?? -1) < 0 ? undefined : (plot.cursor.idx ?? undefined)),
        ],
      },
    };
  }

  #series(index: number): uPlot.Series {
    const line: ChartLine = this.#view.lines?.[index] ?? { as: "line", color: index };
    const { as, color, width = 1.75 } = line;
    if (as === "edge") {
      const stroke = (): string => this.#colors.bands[color] ?? "transparent";
      return { stroke, width: 1, points: { show: false }, pxAlign: 0 };
    }
    const stroke = (): string => this.#colors.series[color] ?? "gray";
    if (as === "points") {
      return { stroke, paths: () => null, points: { show: true, space: 0, size: 3, width: 0, fill: stroke } };
    }
    return {
      stroke,
      width,
      dash: [...(SERIES_DASHES[color % SERIES_DASHES.length] ?? [])],
      points: { show: false },
      pxAlign: 0,
      spanGaps: false,
      ...(index === 0 && !this.#view.lines ? { fill: () => this.#colors.fill } : {}),
    };
  }

  #valueRange(): [number, number] {
    const ranges = this.#view.table.columns.map(columnRange).filter((range) => range !== undefined);
    const min = Math.min(...ranges.map((range) => range.min));
    const max = Math.max(...ranges.map((range) => range.max));
    return (this.#view.axis === "fit" ? fittedRange : valueRange)(min, max, this.#view.limits);
  }

  #drawMark({ ctx, bbox, valToPos }: uPlot): void {
    const { mark } = this.#view;
    if (!mark) return;
    const x = Math.round(valToPos(mark.time, "x", true));
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = this.#colors.text;
    ctx.lineWidth = uPlot.pxRatio;
    ctx.setLineDash([uPlot.pxRatio, 3 * uPlot.pxRatio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.font = `${11 * uPlot.pxRatio}px system-ui, sans-serif`;
    ctx.textBaseline = "bottom";
    // within the drawing, on whichever side there is room
    ctx.textAlign = x > bbox.left + bbox.width / 2 ? "right" : "left";
    const gap = (ctx.textAlign === "right" ? -4 : 4) * uPlot.pxRatio;
    ctx.fillText(mark.label, x + gap, bbox.top + bbox.height - 3 * uPlot.pxRatio);
    ctx.restore();
  }

  #drawLimits(plot: uPlot): void {
    const ranges = this.#view.table.columns.map(columnRange).filter((range) => range !== undefined);
    const max = Math.max(...ranges.map((range) => range.max));
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = this.#colors.limit;
    ctx.lineWidth = uPlot.pxRatio;
    ctx.setLineDash([3 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
    ctx.font = `${11 * uPlot.pxRatio}px system-ui, sans-serif`;
    ctx.textAlign = "right";
    ctx.textBaseline = "top";
    for (const { value, label } of this.#view.limits) {
      if (!isWithinReach(value, max)) continue;
      const y = Math.round(plot.valToPos(value, "y", true));
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.fillText(label, bbox.left + bbox.width - 4, y + 3 * uPlot.pxRatio);
    }
    ctx.restore();
  }
}

// uPlot never writes to the arrays that it is given
function toData({ times, columns }: ChartTable): uPlot.AlignedData {
  return [times as number[], ...(columns as (number | null | undefined)[][])];
}

function timeLabels(times: readonly number[]): string[] {
  const step = (times[1] ?? 0) - (times[0] ?? 0);
  // of several days a time of day alone says nothing: midnight is told as the day that begins
  const isLong = (times.at(-1) ?? 0) - (times[0] ?? 0) > DAY_MS;
  return times.map((time) => {
    if (step < 60_000) return formatTimeOfDay(time);
    return step >= DAY_MS / 2 || (isLong && isMidnight(time)) ? formatDay(time) : formatShortTime(time);
  });
}

function isMidnight(time: number): boolean {
  const date = new Date(time);
  return date.getHours() === 0 && date.getMinutes() === 0;
}
