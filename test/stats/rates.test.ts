// How often the estimators are right: on seeded noise, the rates that their docstrings state.
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { SeededRandom } from "../../lib/base/random.ts";
import { changePoints } from "../../lib/stats/change_points.ts";
import type { Estimate } from "../../lib/stats/estimate.ts";
import { fitLine, type FitLineOptions } from "../../lib/stats/fit_line.ts";
import { hodgesLehmann } from "../../lib/stats/hodges_lehmann.ts";
import { hodgesLehmannShift } from "../../lib/stats/hodges_lehmann_shift.ts";
import { mannKendall, type MannKendallOptions } from "../../lib/stats/mann_kendall.ts";
import { theilSen } from "../../lib/stats/theil_sen.ts";

// Marsaglia's polar method
function normal(random: SeededRandom): number {
  for (;;) {
    const [u, v] = [2 * random.next() - 1, 2 * random.next() - 1];
    const square = u * u + v * v;
    if (square > 0 && square < 1) return u * Math.sqrt((-2 * Math.log(square)) / square);
  }
}

function autoregressive(random: SeededRandom, length: number, correlation: number): number[] {
  let error = normal(random) / Math.sqrt(1 - correlation * correlation);
  return Array.from({ length }, () => {
    const now = error;
    error = correlation * error + normal(random);
    return now;
  });
}

function rate(runs: number, isHit: (random: SeededRandom) => boolean): number {
  const random = new SeededRandom("rates");
  let hits = 0;
  for (let run = 0; run < runs; run++) hits += isHit(random) ? 1 : 0;
  return hits / runs;
}

function assertWithin(found: number, low: number, high: number): void {
  assert.ok(found >= low && found <= high, `${found} is not within ${low} and ${high}`);
}

const holds = ({ low, high }: Estimate, truth: number): boolean => low <= truth && truth <= high;
const along = (values: readonly number[]): number[] => Array.from(values.keys());

suite("how often an interval holds the truth", () => {
  const cases: readonly [string, number, FitLineOptions, number, number][] = [
    ["reml", 200, {}, 0.92, 0.97],
    ["reml", 50, {}, 0.88, 0.95],
    ["reml", 25, {}, 0.8, 0.9],
    ["prais-winsten", 200, { correlation: "prais-winsten" }, 0.9, 0.96],
    ["prais-winsten", 50, { correlation: "prais-winsten" }, 0.78, 0.9],
    ["prais-winsten", 25, { correlation: "prais-winsten" }, 0.65, 0.79],
    ["least squares", 200, { correlation: 0 }, 0.35, 0.55],
  ];
  for (const [name, length, options, low, high] of cases) {
    test(`fitLine(), ${name}, ${length} points correlated by 0.8`, () => {
      const found = rate(400, (random) => {
        const y = autoregressive(random, length, 0.8).map((error, i) => error + 0.3 * i);
        return holds(fitLine(along(y), y, options).slope, 0.3);
      });
      assertWithin(found, low, high);
    });
  }

  test("theilSen() on white noise", () => {
    const found = rate(600, (random) => {
      const y = autoregressive(random, 30, 0).map((error, i) => error + 0.3 * i);
      return holds(theilSen(along(y), y).slope, 0.3);
    });
    assertWithin(found, 0.93, 0.975);
  });

  for (const length of [12, 60]) {
    test(`hodgesLehmann() of ${length} values`, () => {
      const found = rate(600, (random) => holds(hodgesLehmann(autoregressive(random, length, 0)), 0));
      assertWithin(found, 0.93, 0.98);
    });
  }

  test("hodgesLehmannShift()", () => {
    const found = rate(600, (random) => {
      const values = autoregressive(random, 14, 0).map((value) => value + 2);
      return holds(hodgesLehmannShift(values, autoregressive(random, 11, 0)), 2);
    });
    assertWithin(found, 0.93, 0.98);
  });
});

suite("how often something is found where nothing is", () => {
  const trends: readonly [number, number, MannKendallOptions, number, number][] = [
    [50, 0, { correction: "none" }, 0.02, 0.08],
    [50, 0, {}, 0.03, 0.1],
    [50, 0.8, { correction: "none" }, 0.38, 0.55],
    [50, 0.8, {}, 0.15, 0.3],
    [300, 0.8, { correction: "none" }, 0.4, 0.6],
    [300, 0.8, {}, 0.05, 0.2],
  ];
  for (const [length, correlation, options, low, high] of trends) {
    test(`mannKendall(${JSON.stringify(options)}) of ${length} values correlated by ${correlation}`, () => {
      const found = rate(length > 100 ? 100 : 400, (random) => {
        return mannKendall(autoregressive(random, length, correlation), options).p < 0.05;
      });
      assertWithin(found, low, high);
    });
  }

  for (const [length, most] of [
    [20, 0.13],
    [100, 0.04],
    [300, 0.01],
  ] as const) {
    test(`changePoints() of ${length} values`, () => {
      const found = rate(length > 100 ? 200 : 600, (random) => {
        return changePoints(autoregressive(random, length, 0)).indices.length > 0;
      });
      assertWithin(found, 0, most);
    });
  }
});

suite("how often something is found where it is", () => {
  test("mannKendall() finds a trend of a tenth of the noise a step in 50 values", () => {
    const found = rate(200, (random) => {
      const values = autoregressive(random, 50, 0.3).map((error, i) => error + 0.1 * i);
      return mannKendall(values).p < 0.05;
    });
    assertWithin(found, 0.95, 1);
  });

  test("changePoints() finds a step of twice the noise, and only that", () => {
    const found = rate(300, (random) => {
      const values = autoregressive(random, 100, 0).map((error, i) => error + (i < 50 ? 0 : 2));
      const { indices } = changePoints(values);
      return indices.length === 1 && Math.abs(indices[0]! - 50) <= 4;
    });
    assertWithin(found, 0.85, 1);
  });
});
