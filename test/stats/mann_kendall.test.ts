import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { mannKendall, type MannKendallOptions, type MannKendallTest } from "../../lib/stats/mann_kendall.ts";
import { assertClose, type Inputs, readFigures, refusesBadValues } from "./_figures.ts";

const OPTIONS: Readonly<Record<string, MannKendallOptions>> = {
  none: { correction: "none" },
  all: { lags: Infinity },
  three: { lags: 3 },
};
const { series } = readFigures<Inputs>("series");
const figures = readFigures<{
  readonly mannKendall: Readonly<Record<string, Readonly<Record<string, MannKendallTest>>>>;
}>("python");

suite("mannKendall()", () => {
  for (const [name, variants] of Object.entries(figures.mannKendall)) {
    for (const [variant, expected] of Object.entries(variants)) {
      test(`agrees with the figures of SciPy and statsmodels on ${name}, correction ${variant}`, () => {
        const found = mannKendall(series[name]!.y, OPTIONS[variant]);
        for (const key of ["s", "variance", "varianceFactor", "z", "p", "tau"] as const) {
          assertClose(found[key], expected[key], 1e-10, key);
        }
      });
    }
  }

  test("is 0 with p 1 where all values are equal", () => {
    const { s, z, p, tau } = mannKendall([4, 4, 4, 4]);
    assert.deepEqual([s, z, p, tau], [0, 0, 1, 0]);
  });

  test("rises and falls alike", () => {
    const up = mannKendall([1, 2, 4, 3, 5, 7]);
    const down = mannKendall([-1, -2, -4, -3, -5, -7]);
    assert.deepEqual([down.s, down.z, down.p, down.tau], [-up.s, -up.z, up.p, -up.tau]);
  });

  test("takes a straight line, which leaves nothing to correlate", () => {
    const { tau, varianceFactor } = mannKendall([1, 2, 3, 4, 5, 6]);
    assert.deepEqual([tau, varianceFactor], [1, 1]);
  });

  // Hamed and Rao's factor would be -0.22 and the variance with it
  test("leaves the variance as it was where the correction would make it negative", () => {
    const { varianceFactor, variance, p } = mannKendall([9, 5, 1, 7, 1, 6, 6, 2, 9, 3, 5, 3, 2, 5], {
      lags: Infinity,
    });
    assert.equal(varianceFactor, 1);
    assert.ok(variance > 0 && p <= 1);
  });

  test("refuses too few values and options that are none", () => {
    refusesBadValues((values) => mannKendall(values));
    assert.throws(() => mannKendall([1, 2]), { name: "RangeError", message: /at least 3 values, got 2/ });
    assert.throws(() => mannKendall([1, 2, 3], { lags: 0 }), { message: /'lags' must be >= 1, got 0/ });
    assert.throws(() => mannKendall([1, 2, 3], { lagSignificance: 1 }), { message: /'lagSignificance'/ });
    assert.throws(() => mannKendall([1, 2, 3], { correction: "x" as "none" }), { message: /'correction'/ });
  });
});
