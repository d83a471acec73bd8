import { median } from "../stats/median.ts";
import type { ChartPoint } from "./downsample.ts";
import type { Row } from "./_sample_tables.ts";

// So much longer than usual between two rows is a gap.
const GAP_FACTOR = 3;

/** Points that draw the rows: each sample one, each rollup its lowest and its highest; `null` in a gap. */
export function toChartPoints(rows: readonly Row[]): ChartPoint[] {
  const sampleStepMs = usualStep(rows.filter(({ stepMs }) => stepMs === 0));
  const points: ChartPoint[] = [];
  let previous: Row | undefined;
  for (const row of rows) {
    if (previous && row.time - endOf(previous) > GAP_FACTOR * longerStep(previous, row, sampleStepMs)) {
      points.push([(endOf(previous) + row.time) / 2, null]);
    }
    appendPoints(points, row);
    previous = row;
  }
  return points;
}

function endOf({ time, stepMs }: Row): number {
  return time + stepMs;
}

function longerStep(a: Row, b: Row, sampleStepMs: number): number {
  return Math.max(...[a, b].map(({ stepMs }) => (stepMs === 0 ? sampleStepMs : stepMs)));
}

function usualStep(samples: readonly Row[]): number {
  const steps = samples.slice(1).map(({ time }, i) => time - samples[i]!.time);
  return steps.length === 0 ? 0 : median(steps);
}

// Which of a rollup's two comes first is not known; a chart's column is the same either way.
function appendPoints(points: ChartPoint[], { time, min, max, stepMs }: Row): void {
  if (min === max) points.push([time + stepMs / 2, min]);
  else points.push([time + stepMs / 4, min], [time + (3 * stepMs) / 4, max]);
}
