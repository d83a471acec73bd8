import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { fitLine } from "../../lib/stats/fit_line.ts";
import { assertClose, type Inputs, readFigures, refusesBadValues } from "./_figures.ts";

interface Reference {
  readonly correlation: number;
  readonly slope: number;
  readonly standardError: number;
}
interface Statsmodels extends Reference {
  readonly intercept: number;
  readonly interceptError: number;
  readonly low: number;
  readonly high: number;
}
type BySeries<T> = Readonly<Record<string, T>>;

const { series } = readFigures<Inputs>("series");
const python = readFigures<{
  readonly gls: BySeries<readonly Statsmodels[]>;
  readonly praisWinsten: BySeries<Statsmodels>;
}>("python");
const r = readFigures<{
  readonly reml: BySeries<Reference & { readonly innovationDeviation: number }>;
}>("r");

suite("fitLine()", () => {
  for (const [name, expected] of Object.entries(python.gls)) {
    test(`agrees with statsmodels' GLS on ${name}, given the correlation`, () => {
      for (const each of expected) {
        const { correlation } = each;
        const { slope, intercept } = fitLine(series[name]!.x, series[name]!.y, {
          correlation,
          confidence: 0.9,
        });
        assertClose(intercept.value, each.intercept, 1e-8, `intercept at ${correlation}`);
        assertClose(intercept.standardError, each.interceptError, 1e-8, `its error at ${correlation}`);
        assertClose(slope.value, each.slope, 1e-8, `slope at ${correlation}`);
        assertClose(slope.standardError, each.standardError, 1e-8, `error at ${correlation}`);
        assertClose(slope.low, each.low, 1e-7, `low at ${correlation}`);
        assertClose(slope.high, each.high, 1e-7, `high at ${correlation}`);
      }
    });
  }

  for (const [name, expected] of Object.entries(python.praisWinsten)) {
    test(`agrees with Prais and Winsten's iteration by statsmodels on ${name}`, () => {
      const fit = fitLine(series[name]!.x, series[name]!.y, { correlation: "prais-winsten" });
      assertClose(fit.correlation, expected.correlation, 1e-6, "correlation");
      assertClose(fit.slope.value, expected.slope, 1e-7, "slope");
      assertClose(fit.slope.standardError, expected.standardError, 1e-7, "error");
    });
  }

  // nlme stops as soon as its likelihood changes little
  for (const [name, expected] of Object.entries(r.reml)) {
    test(`agrees with nlme's gls on ${name}, by restricted likelihood`, () => {
      const fit = fitLine(series[name]!.x, series[name]!.y);
      assertClose(fit.correlation, expected.correlation, 1e-5, "correlation");
      assertClose(fit.slope.value, expected.slope, 1e-5, "slope");
      assertClose(fit.slope.standardError, expected.standardError, 1e-5, "error");
      assertClose(fit.innovationDeviation, expected.innovationDeviation, 1e-5, "innovations");
    });
  }

  // summary(lm(c(2, 4, 5, 4, 5) ~ c(1, 2, 3, 4, 5))): 2.2 with 0.9380832, 0.6 with 0.2828427
  test("states the intercept where x is 0", () => {
    const { slope, intercept, degreesOfFreedom } = fitLine([1, 2, 3, 4, 5], [2, 4, 5, 4, 5], {
      correlation: 0,
    });
    assertClose(slope.value, 0.6, 1e-12);
    assertClose(slope.standardError, 0.282_842_712_474_619, 1e-12);
    assertClose(intercept.value, 2.2, 1e-12);
    assertClose(intercept.standardError, 0.938_083_151_964_686, 1e-12);
    assert.equal(degreesOfFreedom, 3);
  });

  test("a straight line has no correlation and no width worth the name", () => {
    for (const correlation of ["reml", "prais-winsten"] as const) {
      const fit = fitLine([0, 1, 2, 3, 4, 5], [1e9, 1e9 + 3, 1e9 + 6, 1e9 + 9, 1e9 + 12, 1e9 + 15], {
        correlation,
      });
      assertClose(fit.slope.value, 3, 1e-9);
      assert.ok(fit.correlation === 0 && fit.slope.high - fit.slope.low < 1e-6);
    }
  });

  test("equal values have slope 0", () => {
    const { slope, correlation } = fitLine([1, 2, 3, 4, 5], [7, 7, 7, 7, 7]);
    assert.deepEqual([slope.value, slope.low, slope.high, correlation], [0, 0, 0, 0]);
  });

  test("a random walk keeps every figure finite", () => {
    const y = Array.from({ length: 30 }, (_, i) => i * i * i);
    for (const correlation of ["reml", "prais-winsten"] as const) {
      const fit = fitLine(Array.from(y.keys()), y, { correlation });
      assert.ok(Math.abs(fit.correlation) < 1 && Number.isFinite(fit.slope.high - fit.slope.low));
    }
  });

  // squares of such figures are Infinity or 0
  for (const [xPower, yPower] of [
    [0, 900],
    [0, -900],
    [400, 0],
    [-900, 0],
    [600, 1000],
  ] as const) {
    test(`does not depend on the unit: x times 2^${xPower}, y times 2^${yPower}`, () => {
      const { x, y } = series["correlated"]!;
      const [xUnit, yUnit] = [2 ** xPower, 2 ** yPower];
      const plain = fitLine(x, y);
      const far = fitLine(
        x.map((value) => value * xUnit),
        y.map((value) => value * yUnit),
      );
      assertClose(far.correlation, plain.correlation, 1e-12);
      for (const key of ["value", "low", "high", "standardError"] as const) {
        assertClose(far.slope[key], plain.slope[key] * (yUnit / xUnit), 1e-12, `slope's ${key}`);
        assertClose(far.intercept[key], plain.intercept[key] * yUnit, 1e-12, `intercept's ${key}`);
      }
      assertClose(far.innovationDeviation, plain.innovationDeviation * yUnit, 1e-12);
    });
  }

  test("refuses what has no line", () => {
    refusesBadValues((values) => fitLine([1, 2, 3, 4], values, { correlation: 0 }));
    refusesBadValues((values) => fitLine(values, [1, 2, 3, 4], { correlation: 0 }));
    assert.throws(() => fitLine([1, 2, 3, 4], [1, 2, 3, 5]), {
      name: "RangeError",
      message: /at least 5 values/,
    });
    assert.throws(() => fitLine([1, 2], [1, 2], { correlation: 0 }), { message: /at least 3 values/ });
    assert.throws(() => fitLine([5, 5, 5], [1, 2, 3], { correlation: 0 }), {
      message: /two different values/,
    });
    for (const correlation of [1, -1, NaN, "ols" as "reml"]) {
      assert.throws(() => fitLine([1, 2, 3], [1, 2, 4], { correlation }), {
        message: /'correlation' must be/,
      });
    }
  });
});
