// This module is browser-safe.
import { formatTimeOfDay, formatValue, isKnown, type Locale, type ValueUnit } from "./_format.ts";

/** A point of one series: `null` is a gap. */
export type ChartPoint = readonly [time: number, value: number | null];

/**
 * Series side by side, oldest first. In a column `null` is a gap that is not bridged; `undefined` says only that the
 * series has no sample at the time of another one's.
 */
export interface ChartTable {
  readonly times: readonly number[];
  readonly columns: readonly (readonly (number | null | undefined)[])[];
}

/** Times and values of several series, in one table. */
export function alignSeries(series: readonly (readonly ChartPoint[])[]): ChartTable {
  const times = [...new Set(series.flatMap((points) => points.map(([time]) => time)))].toSorted(
    (a, b) => a - b,
  );
  const columns = series.map((points) => {
    const byTime = new Map(points);
    return times.map((time) => byTime.get(time));
  });
  return { times, columns };
}

/** Bounds of what a chart keeps. */
export interface ChartLimits {
  /** Nothing older than this is kept. Epoch ms. */
  readonly from: number;
  /** At most so many times are kept; older stretches are thinned, extremes are not lost. */
  readonly points: number;
  /** Two samples farther apart than this have a gap between them. */
  readonly gapMs: number;
}

/**
 * The table with one more row of live values. A value that is absent is a gap from here on. A row that is not newer than
 * the last one changes nothing.
 */
export function appendRow(
  table: ChartTable,
  time: number,
  values: readonly (number | undefined)[],
  limits: ChartLimits,
): ChartTable {
  const last = table.times.at(-1);
  if (last !== undefined && time <= last) return table;
  const gap = last !== undefined && time - last > limits.gapMs;
  const start = firstAtOrAfter(table.times, limits.from);
  const times = [...table.times.slice(start), ...(gap ? [last + 1] : []), time];
  const columns = values.map((value, index) => [
    ...(table.columns[index]?.slice(start) ?? []),
    ...(gap ? [null] : []),
    isKnown(value) ? value : null,
  ]);
  return thinTable({ times, columns }, limits.points);
}

/**
 * The table with at most about `points` rows: above it, the older half is divided into stretches of which the rows
 * with the lowest and highest value of each series stay, and gaps stay gaps.
 */
export function thinTable(table: ChartTable, points: number): ChartTable {
  const { times, columns } = table;
  if (times.length <= points) return table;
  const older = Math.floor(times.length / 2);
  // up to three rows a column stay of each stretch: this leaves at most half of the older half
  const bucket = Math.ceil((12 * older * Math.max(1, columns.length)) / points);
  const keep = new Set<number>();
  for (let from = 0; from < older; from += bucket) {
    const to = Math.min(older, from + bucket);
    for (const column of columns) addExtremes(keep, column, from, to);
  }
  const rows = [...keep].toSorted((a, b) => a - b);
  const pick = <T>(list: readonly T[]): T[] => [...rows.map((row) => list[row]!), ...list.slice(older)];
  return { times: pick(times), columns: columns.map((column) => pick(column)) };
}

function addExtremes(
  keep: Set<number>,
  column: ChartTable["columns"][number],
  from: number,
  to: number,
): void {
  let low = -1;
  let high = -1;
  let gap = -1;
  for (let row = from; row < to; row++) {
    const value = column[row];
    if (value === null) gap = row;
    if (!isKnown(value)) continue;
    if (low < 0 || value < column[low]!) low = row;
    if (high < 0 || value > column[high]!) high = row;
  }
  for (const row of [low, high, gap]) if (row >= 0) keep.add(row);
}

function firstAtOrAfter(times: readonly number[], time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether there is not one value to draw. */
export function isEmptyTable({ columns }: ChartTable): boolean {
  return !columns.some((column) => column.some(isKnown));
}

/** Row whose time is nearest to `time`, -1 when there is none. */
export function nearestRow(times: readonly number[], time: number): number {
  const after = firstAtOrAfter(times, time);
  if (after === 0) return times.length > 0 ? 0 : -1;
  if (after === times.length) return after - 1;
  return time - times[after - 1]! <= times[after]! - time ? after - 1 : after;
}

/** Lowest, highest and last known value of a column; `undefined` when none is known. */
export interface ColumnRange {
  readonly min: number;
  readonly max: number;
  readonly last: number | undefined;
}

export function columnRange(column: ChartTable["columns"][number] | undefined): ColumnRange | undefined {
  const known = (column ?? []).filter(isKnown);
  if (known.length === 0) return undefined;
  const last = column?.findLast((value) => value !== undefined);
  return {
    min: known.reduce((a, b) => Math.min(a, b)),
    max: known.reduce((a, b) => Math.max(a, b)),
    last: isKnown(last) ? last : undefined,
  };
}

/** A series as far as words need it. */
export interface NamedSeries {
  readonly label: string;
}

/** The picture in a sentence for each series. */
export function describeChart(
  heading: string,
  series: readonly NamedSeries[],
  table: ChartTable,
  unit: ValueUnit,
  span: string,
  locale?: Locale,
): string {
  const parts = series.map(({ label }, index) => {
    const range = columnRange(table.columns[index]);
    if (!range) return `${label}: no data.`;
    const now = formatValue(range.last, unit, locale);
    const low = formatValue(range.min, unit, locale);
    const high = formatValue(range.max, unit, locale);
    return `${label}: ${now} now, between ${low} and ${high}.`;
  });
  return `${heading}, last ${span}. ${parts.join(" ")}`;
}

/** One row as words, for the cursor: `14:02:10: Resident memory 1.57 GB, Heap used no data`. */
export function describeRow(
  series: readonly NamedSeries[],
  table: ChartTable,
  row: number,
  unit: ValueUnit,
  locale?: Locale,
): string {
  const values = series.map(
    ({ label }, index) => `${label} ${formatValue(valueAt(table, index, row), unit, locale)}`,
  );
  return `${formatTimeOfDay(table.times[row] ?? 0, locale)}: ${values.join(", ")}`;
}

/** Value of a series at a row; where it has no sample of its own there, the one before it, unless a gap lies between. */
export function valueAt(table: ChartTable, column: number, row: number): number | undefined {
  const values = table.columns[column] ?? [];
  for (let at = row; at >= 0; at--) {
    const value = values[at];
    if (value !== undefined) return value ?? undefined;
  }
  return undefined;
}

/** A row of the table twin: the mean of a stretch of time, and its extremes. */
export interface TableRow {
  readonly from: number;
  readonly values: readonly (ColumnRange | undefined)[];
}

/** At most `count` stretches of equal length, newest first, empty ones left out. */
export function tableRows(table: ChartTable, count: number): TableRow[] {
  const { times, columns } = table;
  const first = times[0];
  const last = times.at(-1);
  if (first === undefined || last === undefined) return [];
  const step = Math.max(1, Math.ceil((last - first + 1) / count));
  const rows: TableRow[] = [];
  for (let from = first; from <= last; from += step) {
    const start = firstAtOrAfter(times, from);
    const end = firstAtOrAfter(times, from + step);
    if (end > start)
      rows.push({ from, values: columns.map((column) => columnRange(column.slice(start, end))) });
  }
  return rows.toReversed();
}

/** A horizontal line that a value should stay below. */
export interface ChartLimitLine {
  readonly value: number;
  /** Such as `8 GB`. */
  readonly label: string;
}

/** Whether the highest value comes near enough to a limit for the line to belong into the picture. */
export function isWithinReach(limit: number, max: number): boolean {
  return max >= limit * 0.75;
}

/** Range of the value axis: zero is always in it, and so are the limits that are within reach. */
export function valueRange(min: number, max: number, limits: readonly ChartLimitLine[]): [number, number] {
  if (!(Number.isFinite(min) && Number.isFinite(max))) return [0, 1];
  const reached = limits.filter(({ value }) => isWithinReach(value, max)).map(({ value }) => value);
  const top = Math.max(0, max, ...reached);
  const bottom = Math.min(0, min);
  return bottom === top ? [0, 1] : [bottom * 1.08, top * 1.08];
}

/**
 * Range of the value axis that shows a change: as near to the values as lets a change of a fifth fill it, so that noise is
 * not blown up into a drama.
 */
export function fittedRange(min: number, max: number, limits: readonly ChartLimitLine[]): [number, number] {
  const [, top] = valueRange(min, max, limits);
  if (!(Number.isFinite(min) && Number.isFinite(max)) || min <= 0) return valueRange(min, max, limits);
  return [Math.max(0, Math.min(min * 0.97, top * 0.8)), top];
}
