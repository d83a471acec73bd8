import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { exp, log } from "../../lib/base/math.ts";

// Correctly rounded values, from: python3 -c "from decimal import *; getcontext().prec = 60;
//   print([(x, float(Decimal(x).ln())) for x in [...]])", and .exp() likewise
const LOGS: readonly (readonly [number, number])[] = [
  [5e-324, -744.4400719213812],
  [1e-310, -713.8013788281542],
  [1e-300, -690.7755278982137],
  [0.1, -2.3025850929940455],
  [0.5, -0.6931471805599453],
  [0.7071, -0.346583180371942],
  [0.999999, -1.000000500029089e-6],
  [1.000001, 9.999994999180668e-7],
  [1.5, 0.4054651081081644],
  [2, 0.6931471805599453],
  [10, 2.302585092994046],
  [12345.678, 9.421061321291832],
  [1e300, 690.7755278982137],
  [1.7976931348623157e308, 709.782712893384],
];
const EXPS: readonly (readonly [number, number])[] = [
  [-745, 5e-324],
  [-700.5, 5.980196118639791e-305],
  [-20.25, 1.6052280551856116e-9],
  [-1, 0.36787944117144233],
  [-1e-9, 0.999999999],
  [1e-9, 1.000000001],
  [0.1, 1.1051709180756477],
  [0.5, 1.6487212707001282],
  [1, 2.718281828459045],
  [2.5, 12.182493960703473],
  [20, 485165195.4097903],
  [300.125, 2.201057464963801e130],
  [709, 8.218407461554972e307],
];

function assertWithinTwoUlps(actual: number, expected: number, what: string): void {
  const tolerance = Math.abs(expected) * 2 * Number.EPSILON || Number.MIN_VALUE;
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: got ${actual}, expected ${expected}`);
}

suite("exp() and log()", () => {
  for (const [x, expected] of LOGS) test(`log(${x})`, () => assertWithinTwoUlps(log(x), expected, "log"));
  for (const [x, expected] of EXPS) test(`exp(${x})`, () => assertWithinTwoUlps(exp(x), expected, "exp"));

  test("keep the conventions of IEEE 754 at the edges", () => {
    assert.deepEqual([log(0), log(-1), log(Infinity), log(NaN)], [-Infinity, NaN, Infinity, NaN]);
    assert.deepEqual([exp(-Infinity), exp(-800), exp(800), exp(NaN)], [0, 0, Infinity, NaN]);
  });

  test("give the same bits on every runtime", () => {
    // computed on Node 26; this file also runs on Deno and Bun
    let hash = 0;
    const view = new DataView(new ArrayBuffer(8));
    for (let i = 1; i <= 2000; i++) {
      view.setFloat64(0, exp(log(i / 7) * 1.5));
      hash = (Math.imul(hash, 31) + view.getUint32(0) + view.getUint32(4)) | 0;
    }
    assert.equal(hash, -1330816199);
  });
});
