import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { selectRank } from "../../lib/stats/_select.ts";
import { theilSen } from "../../lib/stats/theil_sen.ts";
import { assertClose, type Inputs, readFigures, refusesBadValues } from "./_figures.ts";

interface SciPyLine {
  readonly slope: number;
  readonly intercept: number;
  readonly low: number;
  readonly high: number;
}

const { series } = readFigures<Inputs>("series");
const figures = readFigures<{
  readonly theilSen: Readonly<Record<string, Readonly<Record<string, SciPyLine>>>>;
}>("python");

suite("theilSen()", () => {
  for (const [name, levels] of Object.entries(figures.theilSen)) {
    test(`agrees with SciPy on ${name}`, () => {
      const { x, y } = series[name]!;
      for (const [confidence, expected] of Object.entries(levels)) {
        const { slope, intercept } = theilSen(x, y, { confidence: Number(confidence) });
        assertClose(slope.value, expected.slope, 1e-12, "slope");
        assertClose(slope.low, expected.low, 1e-12, `low ${confidence}`);
        assertClose(slope.high, expected.high, 1e-12, `high ${confidence}`);
        assertClose(intercept, expected.intercept, 1e-11, "intercept");
        assert.equal(slope.confidence, Number(confidence));
      }
    });
  }

  test("does not depend on the order of the points, and leaves them as they were", () => {
    const x = [3, 1, 2, 0, 1];
    const y = [7, 3, 4, 1, 2];
    const sorted = theilSen([0, 1, 1, 2, 3], [1, 3, 2, 4, 7]);
    assert.deepEqual(theilSen(x, y), sorted);
    assert.deepEqual(
      [x, y],
      [
        [3, 1, 2, 0, 1],
        [7, 3, 4, 1, 2],
      ],
    );
  });

  test("ignores a quarter of wild points", () => {
    const x = Array.from({ length: 40 }, (_, i) => i);
    const { slope } = theilSen(
      x,
      x.map((i) => (i % 4 === 1 ? 1e9 * (i + 1) : 5 + 2 * i)),
    );
    assert.ok(Math.abs(slope.value - 2) < 0.5, `${slope.value}`);
  });

  test("takes two points, and a level without a slope", () => {
    assert.deepEqual(theilSen([1, 2], [5, 9]).slope, { value: 4, low: 4, high: 4, confidence: 0.95 });
    const flat = theilSen([1, 2, 3, 4], [6, 6, 6, 6]);
    assert.deepEqual([flat.slope.low, flat.slope.value, flat.slope.high, flat.intercept], [0, 0, 0, 6]);
  });

  test("refuses what has no slope", () => {
    refusesBadValues((values) => theilSen(values, [1, 2, 3, 4]));
    refusesBadValues((values) => theilSen([1, 2, 3, 4], values));
    assert.throws(() => theilSen([1, 2], [1, 2, 3]), { name: "RangeError", message: /as long as 'x'/ });
    assert.throws(() => theilSen([2, 2], [1, 3]), { name: "RangeError", message: /two different values/ });
    for (const confidence of [0, 1, NaN]) {
      assert.throws(() => theilSen([1, 2], [1, 2], { confidence }), {
        message: /'confidence' must be in \(0, 1\)/,
      });
    }
  });
});

suite("selectRank()", () => {
  const shapes: Readonly<Record<string, (i: number) => number>> = {
    ascending: (i) => i,
    descending: (i) => -i,
    equal: () => 3,
    "organ pipe": (i) => Math.min(i, 400 - i),
    mixed: (i) => (i * 7919) % 401,
  };
  for (const [name, shape] of Object.entries(shapes)) {
    test(`gives what sorting gives, of ${name} values`, () => {
      const values = Float64Array.from({ length: 401 }, (_, i) => shape(i));
      const order = Float64Array.from(values).sort();
      for (const rank of [0, 1, 13, 200, 399, 400]) assert.equal(selectRank(values, rank), order[rank]);
    });
  }

  test("gives what sorting gives, of values made so that each turn rules out two of them only", () => {
    const values = worstCase(400);
    const order = Float64Array.from(values).sort();
    assert.equal(new Set(values).size, 400);
    for (const rank of [300, 399]) assert.equal(selectRank(Float64Array.from(values), rank), order[rank]);
  });
});

// Follows the selection of the greatest value and gives the first and the middle one of what is left the least values that are left,
// so that the second least is the pivot, which trades places with the second one.
function worstCase(length: number): Float64Array {
  const values = new Float64Array(length);
  const places = Array.from(values.keys());
  for (let left = 0; left < length; left += 2) {
    const middle = (left + length - 1) >>> 1;
    values[places[left]!] = left;
    values[places[Math.max(middle, left + 1)]!] = left + 1;
    if (middle > left) [places[left + 1], places[middle]] = [places[middle]!, places[left + 1]!];
  }
  return values;
}
