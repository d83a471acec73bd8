import { suite, test } from "node:test";
import assert from "node:assert/strict";
import {
  alignSeries,
  appendRow,
  type ChartPoint,
  type ChartTable,
  columnRange,
  describeChart,
  describeRow,
  isEmptyTable,
  isWithinReach,
  nearestRow,
  tableRows,
  thinTable,
  valueAt,
  valueRange,
} from "../../components/_chart_data.ts";
import { rowForKey } from "../../components/_cursor_keys.ts";

const LIMITS = { from: 0, points: 1000, gapMs: 30 };
const EMPTY: ChartTable = { times: [], columns: [[]] };

function rows(count: number, valueOf: (row: number) => number | null): ChartTable {
  const times = Array.from({ length: count }, (_, row) => row * 10);
  return { times, columns: [times.map((_, row) => valueOf(row))] };
}

suite("chart data", () => {
  test("series with times of their own share one time axis", () => {
    const a: ChartPoint[] = [[10, 1], [30, null]]; // prettier-ignore
    const b: ChartPoint[] = [[20, 5], [30, 6]]; // prettier-ignore
    assert.deepEqual(alignSeries([a, b]), {
      times: [10, 20, 30],
      columns: [
        [1, undefined, null],
        [undefined, 5, 6],
      ],
    });
  });

  test("appendRow() opens a gap where samples are missing, and where a value is", () => {
    let table = appendRow(EMPTY, 10, [1], LIMITS);
    table = appendRow(table, 20, [undefined], LIMITS);
    table = appendRow(table, 100, [3], LIMITS);
    assert.deepEqual(table, { times: [10, 20, 21, 100], columns: [[1, null, null, 3]] });
  });

  test("appendRow() takes no row twice and none from the past", () => {
    const table = appendRow(EMPTY, 10, [1], LIMITS);
    assert.equal(appendRow(table, 10, [2], LIMITS), table);
    assert.equal(appendRow(table, 5, [2], LIMITS), table);
  });

  test("appendRow() drops what is older than the range", () => {
    const table = appendRow(
      rows(5, (row) => row),
      50,
      [5],
      { ...LIMITS, from: 25 },
    );
    assert.deepEqual(table, { times: [30, 40, 50], columns: [[3, 4, 5]] });
  });

  test("a live tail of any length stays bounded, and keeps its extremes and gaps", () => {
    let table = EMPTY;
    for (let row = 0; row < 20_000; row++) {
      const value = row === 123 ? 1e9 : row === 4567 ? -1e9 : row === 777 ? undefined : Math.sin(row);
      table = appendRow(table, row * 10, [value], { ...LIMITS, points: 400 });
    }
    assert.ok(table.times.length <= 400, `${table.times.length} rows`);
    assert.deepEqual([columnRange(table.columns[0])?.max, columnRange(table.columns[0])?.min], [1e9, -1e9]);
    assert.ok(table.columns[0]?.includes(null));
    assert.deepEqual(
      table.times.toSorted((a, b) => a - b),
      table.times,
    );
  });

  test("thinTable() leaves small tables alone", () => {
    const table = rows(10, (row) => row);
    assert.equal(thinTable(table, 10), table);
  });

  test("nearestRow() finds the nearer neighbour", () => {
    assert.deepEqual(
      [-5, 14, 16, 99].map((time) => nearestRow([0, 10, 20], time)),
      [0, 1, 2, 2],
    );
    assert.equal(nearestRow([], 5), -1);
  });

  test("a value between samples is the one before, but not across a gap", () => {
    const table = alignSeries([[[0, 1], [20, null]], [[10, 5], [30, 6]]]); // prettier-ignore
    assert.equal(valueAt(table, 0, 1), 1);
    assert.equal(valueAt(table, 0, 3), undefined);
    assert.equal(valueAt(table, 1, 0), undefined);
  });

  test("columnRange() counts neither gaps nor NaN, and has no last value in a gap", () => {
    assert.equal(columnRange([null, undefined, Number.NaN]), undefined);
    assert.deepEqual(columnRange([3, 1, 2, null]), { min: 1, max: 3, last: undefined });
    assert.deepEqual(columnRange([3, 1, 2, undefined]), { min: 1, max: 3, last: 2 });
    assert.ok(isEmptyTable({ times: [1], columns: [[null], [undefined]] }));
  });

  test("the value axis holds zero, and a limit only when the data comes near it", () => {
    const limits = [{ value: 8e9, label: "8 GB" }];
    assert.ok(isWithinReach(8e9, 6.5e9));
    assert.deepEqual(valueRange(1e9, 2e9, limits), [0, 2e9 * 1.08]);
    assert.deepEqual(valueRange(1e9, 7e9, limits), [0, 8e9 * 1.08]);
    assert.deepEqual(valueRange(-1, -1, []), [-1.08, 0]);
    assert.deepEqual(valueRange(0, 0, []), [0, 1]);
    assert.deepEqual(valueRange(Infinity, -Infinity, []), [0, 1]);
  });

  test("the words say no data where there is none", () => {
    const table = alignSeries([[[0, 1_000_000_000], [10, 2_000_000_000]], []]); // prettier-ignore
    const series = [{ label: "RSS" }, { label: "Heap" }];
    assert.equal(
      describeChart("Memory", series, table, "bytes", "15 minutes", "en-US"),
      "Memory, last 15 minutes. RSS: 2.00 GB now, between 1.00 GB and 2.00 GB. Heap: no data.",
    );
    assert.match(describeRow(series, table, 1, "bytes", "en-US"), /RSS 2\.00 GB, Heap no data$/);
  });

  test("the table twin has equal stretches, newest first, with their extremes", () => {
    const twin = tableRows(
      rows(100, (row) => row),
      4,
    );
    assert.equal(twin.length, 4);
    assert.deepEqual(twin[0]?.values[0], { min: 75, max: 99, last: 99 });
    assert.deepEqual(tableRows(EMPTY, 4), []);
  });
});

suite("rowForKey()", () => {
  test("moves as a slider does, and stays within the rows", () => {
    const cases: readonly (readonly [string, number | "none" | undefined])[] = [
      ["ArrowLeft", 49],
      ["ArrowRight", 51],
      ["PageDown", 40],
      ["PageUp", 60],
      ["Home", 0],
      ["End", 100],
      ["Escape", "none"],
      ["Tab", undefined],
    ];
    for (const [key, row] of cases) assert.equal(rowForKey(key, 50, 100), row, key);
    assert.equal(rowForKey("ArrowLeft", 0, 100), 0);
    assert.equal(rowForKey("PageUp", 99, 100), 100);
    assert.equal(rowForKey("ArrowRight", 0, 0), 0);
  });
});
