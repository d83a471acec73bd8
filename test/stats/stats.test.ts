import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { median } from "../../lib/stats/median.ts";
import { medianAbsoluteDeviation, NORMAL_CONSISTENCY } from "../../lib/stats/median_absolute_deviation.ts";
import { quantile, quantileOfSorted } from "../../lib/stats/quantile.ts";

const VALUES = [3.1, -2.5, 8, 8, 0.4, 17.25, 5];

function assertClose(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-12 * Math.abs(expected), `${actual} is not ${expected}`);
}

suite("quantile()", () => {
  // python3 -c "import numpy as np; x=[3.1,-2.5,8,8,.4,17.25,5]
  // for q in [0,.1,.25,.5,.75,.9,.99,1]: print(q, repr(np.quantile(x, q)))"   (NumPy 2.4.6)
  const NUMPY = [
    [0, -2.5],
    [0.1, -0.76],
    [0.25, 1.75],
    [0.5, 5],
    [0.75, 8],
    [0.9, 11.7],
    [0.99, 16.695],
    [1, 17.25],
  ] as const;
  for (const [probability, expected] of NUMPY) {
    test(`agrees with NumPy at ${probability}`, () => assertClose(quantile(VALUES, probability), expected));
  }

  test("leaves its input as it was", () => {
    const values = [3, 1, 2];
    quantile(values, 0.5);
    assert.deepEqual(values, [3, 1, 2]);
  });

  test("sorts as numbers, and takes one value, ties and extremes", () => {
    assert.equal(quantile([100, 20, 3], 1), 100);
    assert.equal(quantile([7], 0.3), 7);
    assert.equal(quantile([2, 2, 2], 0.77), 2);
    assert.equal(quantile([-1.5e308, 1.5e308], 0.5), 0);
    assert.equal(quantile([Infinity, Infinity], 0.5), Infinity);
    assert.equal(quantileOfSorted([1, 2, 3], 0.25), 1.5);
  });

  test("is NaN when a value is", () => assert.equal(quantile([1, NaN, 2], 0), NaN));

  test("refuses no values, and a probability outside [0, 1]", () => {
    assert.throws(() => quantile([], 0.5), { name: "RangeError", message: /'values' must not be empty/ });
    for (const probability of [-0.1, 1.1, NaN]) {
      assert.throws(() => quantile([1], probability), { name: "RangeError", message: /must be in \[0, 1\]/ });
    }
  });
});

suite("median()", () => {
  test("is the middle value, or the mean of the two in the middle", () => {
    assert.equal(median(VALUES), 5);
    assertClose(median(VALUES.slice(0, 6)), 5.55); // numpy.median
  });
});

suite("medianAbsoluteDeviation()", () => {
  // scipy.stats.median_abs_deviation(x) and (x, scale="normal"), SciPy 1.17.1
  test("agrees with SciPy, unscaled and scaled", () => {
    assertClose(medianAbsoluteDeviation(VALUES), 3);
    assertClose(medianAbsoluteDeviation(VALUES, { scale: NORMAL_CONSISTENCY }), 4.447_806_655_516_806);
  });

  test("is 0 when more than half of the values are equal", () => {
    assert.equal(medianAbsoluteDeviation([1, 1, 1, 1, 50]), 0);
  });

  test("refuses no values, and a scale that is none", () => {
    assert.throws(() => medianAbsoluteDeviation([]), { name: "RangeError" });
    assert.throws(() => medianAbsoluteDeviation([1], { scale: 0 }), {
      message: /'scale' must be > 0, got 0/,
    });
  });
});
