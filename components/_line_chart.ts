// This module is browser-safe.
import uPlot from "uplot";
import {
  type ChartLimitLine,
  type ChartTable,
  columnRange,
  isWithinReach,
  valueRange,
} from "./_chart_data.ts";
import { type ChartColors, SERIES_DASHES } from "./_chart_colors.ts";
import { formatShortTime, formatTimeOfDay, formatValue, type ValueUnit } from "./_format.ts";

/** What is to be drawn. */
export interface ChartView {
  readonly table: ChartTable;
  readonly unit: ValueUnit;
  readonly limits: readonly ChartLimitLine[];
  /** Range of the time axis, epoch ms. */
  readonly from: number;
  readonly to: number;
}

const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** uPlot with our colours, units and cursor. Made when there is something to draw on; `destroy` ends it. */
export class LineChart {
  readonly #plot: uPlot;
  readonly #readColors: () => ChartColors;
  #colors: ChartColors;
  #view: ChartView;

  /** @param onCursor Told the row under the pointer, `undefined` when it leaves. */
  constructor(
    target: HTMLElement,
    view: ChartView,
    colors: () => ChartColors,
    onCursor: (row: number | undefined) => void,
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

  #options(width: number, height: number, onCursor: (row: number | undefined) => void): uPlot.Options {
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
      cursor: { drag: { x: false, y: false, setScale: false }, y: false, points: { size: 8 } },
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
      hooks: {
        draw: [(plot) => this.#drawLimits(plot)],
        setCursor: [
          (plot) => onCursor((plot.cursor.left ?? -1) < 0 ? undefined : (plot.cursor.idx ?? undefined)),
        ],
      },
    };
  }

  #series(index: number): uPlot.Series {
    return {
      stroke: () => this.#colors.series[index] ?? "gray",
      width: 1.75,
      dash: [...(SERIES_DASHES[index % SERIES_DASHES.length] ?? [])],
      points: { show: false },
      pxAlign: 0,
      spanGaps: false,
      ...(index === 0 ? { fill: () => this.#colors.fill } : {}),
    };
  }

  #valueRange(): [number, number] {
    const ranges = this.#view.table.columns.map(columnRange).filter((range) => range !== undefined);
    const min = Math.min(...ranges.map((range) => range.min));
    const max = Math.max(...ranges.map((range) => range.max));
    return valueRange(min, max, this.#view.limits);
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
  return times.map((time) => (step < 60_000 ? formatTimeOfDay(time) : formatShortTime(time)));
}
