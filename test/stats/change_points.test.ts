import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { changePoints } from "../../lib/stats/change_points.ts";
import { type Inputs, readFigures, refusesBadValues } from "./_figures.ts";

interface Partition {
  readonly series: string;
  readonly penalty: number;
  readonly noise: number;
  readonly minimumLength: number;
  readonly indices: readonly number[];
}

const { steps } = readFigures<Inputs>("series");
const { partition } = readFigures<{ readonly partition: readonly Partition[] }>("python");

suite("changePoints()", () => {
  for (const { series, indices, ...options } of partition) {
    test(`finds what optimal partitioning finds: ${series} ${JSON.stringify(options)}`, () => {
      assert.deepEqual(changePoints(steps[series]!, options).indices, indices);
    });
  }

  test("finds two steps by itself, near where they are, and says by what measure", () => {
    const { indices, segments, noise, penalty } = changePoints(steps["three"]!);
    assert.equal(indices.length, 2);
    assert.ok(Math.abs(indices[0]! - 40) <= 2 && Math.abs(indices[1]! - 70) <= 2, indices.join(" "));
    for (const [i, mean] of [0, 3, 1].entries()) assert.ok(Math.abs(segments[i]!.mean - mean) < 0.5);
    assert.ok(noise > 0.8 && noise < 1.2, `${noise}`);
    assert.equal(penalty, 3 * Math.log(120));
  });

  test("segments lie side by side, with their own means", () => {
    const values = [1, 1.5, 1, 1.5, 9, 9.5, 9, 9.5];
    const { segments } = changePoints(values);
    assert.deepEqual(segments, [
      { start: 0, end: 4, mean: 1.25 },
      { start: 4, end: 8, mean: 9.25 },
    ]);
  });

  test("finds small steps on a high level", () => {
    const values = Array.from({ length: 60 }, (_, i) => 8e9 + (i % 2) + (i < 30 ? 0 : 5));
    assert.deepEqual(changePoints(values).indices, [30]);
  });

  test("finds a step between two stretches without noise", () => {
    const values = Array.from({ length: 40 }, (_, i) => (i < 20 ? 3 : 4));
    assert.deepEqual(changePoints(values).indices, [20]);
  });

  test("takes one value, equal values, and fewer than two segments need", () => {
    assert.deepEqual(changePoints([4]).segments, [{ start: 0, end: 1, mean: 4 }]);
    assert.deepEqual(changePoints([4, 4, 4]).indices, []);
    assert.deepEqual(changePoints([1, 90, 1, 90], { minimumLength: 5 }).indices, []);
    assert.deepEqual(changePoints([1, 90, 91], { minimumLength: 2, noise: 1 }).indices, []);
  });

  test("refuses no values and options that are none", () => {
    refusesBadValues((values) => changePoints(values));
    assert.throws(() => changePoints([1, 2], { penalty: NaN }), { name: "RangeError", message: /'penalty'/ });
    assert.throws(() => changePoints([1, 2], { noise: 0 }), { message: /'noise' must be finite and > 0/ });
    assert.throws(() => changePoints([1, 2], { minimumLength: 1.5 }), { message: /'minimumLength'/ });
  });
});
