import type { Labels } from "../metrics/sample_key.ts";
import { evaluateWindow } from "../metrics/window_function.ts";
import { toChartPoints } from "./_chart_points.ts";
import type { ChartPoint } from "./downsample.ts";
import type { ExportedRow, ExportQuery } from "./export_samples.ts";
import { GatheredRows } from "./_gathered_rows.ts";
import type { Series } from "./_series.ts";
import type { SeriesIndex } from "./_series_index.ts";
import type { Point, RangeQuery, StoreRange, WindowQuery } from "./store_queries.ts";

const MOST_STEPS = 11_000;

/** Answers what a store is asked of its series. */
export class SeriesReader {
  readonly #series: SeriesIndex;
  readonly #gathered = new GatheredRows();

  constructor(series: SeriesIndex) {
    this.#series = series;
  }

  lastN(key: string, count: number): Point[] {
    const series = this.#series.get(key);
    if (!series) return [];
    this.#gathered.gatherLast(series, count);
    return this.#points(Math.max(0, this.#gathered.count - count));
  }

  query({ key, from, to }: StoreRange): Point[] {
    const series = this.#series.get(key);
    return series ? this.#read(series, from, to) : [];
  }

  select(
    name: string,
    labels: Labels | undefined,
    from: number,
    to: number,
  ): { readonly labels: Labels; readonly points: readonly Point[] }[] {
    return this.#series
      .select(name, labels)
      .map((series) => ({ labels: series.labels, points: this.#read(series, from, to) }))
      .filter(({ points }) => points.length > 0);
  }

  evaluate({ key, fn, from, to, quantile, aheadMs }: WindowQuery): number | undefined {
    const series = this.#series.get(key);
    return series && evaluateWindow(fn, this.#read(series, from, to), { from, to, quantile, aheadMs });
  }

  /** @throws {RangeError} If there would be too many steps. */
  evaluateRange(query: RangeQuery): readonly (readonly [time: number, value: number | null])[] {
    const { key, fn, from, to, stepMs, windowMs, quantile, aheadMs } = query;
    const count = Math.floor((to - from) / stepMs) + 1;
    if (!(count <= MOST_STEPS && stepMs > 0 && windowMs > 0)) {
      throw new RangeError(
        `Cannot evaluate range: 'stepMs' and 'windowMs' must be > 0 and make at most ${MOST_STEPS} steps, got ${stepMs}, ${windowMs} and ${count}`,
      );
    }
    const series = this.#series.get(key);
    const points = series ? this.#read(series, from - windowMs, to) : [];
    let [first, end] = [0, 0];
    return Array.from({ length: Math.max(0, count) }, (_, i) => {
      const at = from + i * stepMs;
      while (end < points.length && points[end]![0] <= at) end++;
      while (first < end && points[first]![0] < at - windowMs) first++;
      const window = { from: at - windowMs, to: at, quantile, aheadMs };
      return [at, evaluateWindow(fn, points.slice(first, end), window) ?? null] as const;
    });
  }

  /** @throws {RangeError} If `points` is not an integer of at least 2. */
  history(query: StoreRange & { readonly points: number }): {
    readonly key: string;
    readonly points: readonly ChartPoint[];
  } {
    const { key, from, to, points } = query;
    if (!(Number.isSafeInteger(points) && points >= 2)) {
      throw new RangeError(`Cannot read history: 'points' must be an integer >= 2, got ${points}`);
    }
    const series = this.#series.get(key);
    if (!series) return { key, points: [] };
    const begin = Math.max(from, Math.min(...series.rollups.map((level) => level.firstTime)));
    // a rollup is in the column of its middle: half a column's width is the most that it can be off
    const columnMs = (Math.min(to, series.samples.lastTime) - begin) / Math.floor(points / 2);
    this.#gathered.gather(series, from, to, columnMs / 2);
    return { key, points: toChartPoints(this.#gathered, points) };
  }

  *rows({ from = 0, to = Infinity, name, labels }: ExportQuery): Generator<ExportedRow, void, undefined> {
    const rows = new GatheredRows(); // its own: others read between its parts
    for (const series of this.#series.select(name, labels)) {
      rows.gather(series, from, to, 0);
      const { times, mean, min, max, steps, count } = rows;
      for (let i = 0; i < count; i++) {
        yield {
          time: times[i]!,
          key: series.key,
          value: mean[i]!,
          min: min[i]!,
          max: max[i]!,
          stepMs: steps[i]!,
        };
      }
    }
  }

  #read(series: Series, from: number, to: number): Point[] {
    if (from >= series.rawFrom) return readSamples(series, from, to);
    this.#gathered.gather(series, from, to, 0);
    return this.#points(0);
  }

  #points(first: number): Point[] {
    const { times, mean, steps, count } = this.#gathered;
    const points: Point[] = [];
    for (let i = first; i < count; i++) points.push([times[i]! + steps[i]! / 2, mean[i]!]);
    return points;
  }
}

/** Samples where none of them is a rollup, as alert rules ask for them a thousand times a look. */
function readSamples({ samples }: Series, from: number, to: number): Point[] {
  const points: Point[] = [];
  samples.visit(from, to, ([times, values], first, last) => {
    for (let i = first; i < last; i++) points.push([times![i]!, values![i]!]);
  });
  return points;
}
