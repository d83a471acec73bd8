import { suite, test } from "node:test";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type ChartPoint, downsample } from "../../lib/store/downsample.ts";

suite("downsample()", () => {
  test("leaves few points as they are", () => {
    const points: ChartPoint[] = [
      [0, 1],
      [5, null],
      [10, 2],
    ];
    assert.deepEqual(downsample(points, 3), points);
    assert.deepEqual(downsample([], 2), []);
  });

  test("keeps the lowest and the highest of each stretch, in their order", () => {
    const points = [5, 9, 1, 5, 2, 3, 8, 2].map((value, i) => [i, value] as const);
    assert.deepEqual(downsample(points, 4), [
      [1, 9],
      [2, 1],
      [4, 2],
      [6, 8],
    ]);
  });

  test("keeps a gap that is wider than a stretch, and only that", () => {
    const stretch = (from: number): ChartPoint[] => Array.from({ length: 20 }, (_, i) => [from + i, i % 2]);
    const wide = downsample([...stretch(0), [50, null], ...stretch(80)], 20);
    assert.deepEqual(
      wide.filter(([, value]) => value === null),
      [[50, null]],
    );
    const narrow = downsample([...stretch(0), [21, null], ...stretch(22)], 8);
    assert.deepEqual(
      narrow.filter(([, value]) => value === null),
      [],
    );
  });

  test("never gives more points than asked for, out of order, or without an extreme", () => {
    const value = fc.option(fc.integer({ min: -9, max: 9 }), { freq: 5 });
    const input = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), value), { maxLength: 300 });
    fc.assert(
      fc.property(input, fc.integer({ min: 2, max: 60 }), (steps, count) => {
        let time = 0;
        const points = steps.map(([step, v]): ChartPoint => [(time += step), v]);
        const result = downsample(points, count);
        assert.ok(result.length <= count, `${result.length} of ${count}`);
        assert.ok(result.every(([t], i) => i === 0 || t > result[i - 1]![0]));
        const known = (list: readonly ChartPoint[]): number[] =>
          list.flatMap(([, v]) => (v === null ? [] : [v]));
        assert.equal(Math.max(...known(result)), Math.max(...known(points)));
        assert.equal(Math.min(...known(result)), Math.min(...known(points)));
      }),
    );
  });

  test("refuses a count that makes no line", () => {
    for (const count of [1, 2.5, NaN]) assert.throws(() => downsample([], count), { name: "RangeError" });
  });
});
