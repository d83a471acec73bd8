import { suite, test } from "node:test";
import assert from "node:assert/strict";
import {
  aic,
  aicc,
  bic,
  gaussianLogLikelihood,
  informationWeights,
} from "../../lib/stats/model_selection.ts";
import { assertClose, readFigures } from "./_figures.ts";

type LeastSquares = Readonly<Record<"n" | "squares" | "logLik" | "aic" | "bic" | "aicc", number>>;
const { leastSquares } = readFigures<{ readonly leastSquares: Readonly<Record<string, LeastSquares>> }>("r");

suite("model selection", () => {
  for (const [name, expected] of Object.entries(leastSquares)) {
    test(`agrees with R's lm on ${name}`, () => {
      const { n, squares } = expected;
      const logLikelihood = gaussianLogLikelihood(squares, n);
      assertClose(logLikelihood, expected.logLik, 1e-10);
      assertClose(aic(logLikelihood, 3), expected.aic, 1e-10);
      assertClose(aicc(logLikelihood, 3, n), expected.aicc, 1e-10);
      assertClose(bic(logLikelihood, 3, n), expected.bic, 1e-10);
    });
  }

  test("aicc is Infinity where samples do not suffice", () => {
    assert.equal(aicc(-5, 3, 4), Infinity);
    assert.equal(aicc(-5, 3, 5), 40);
  });

  // Burnham and Anderson: a difference of 10 leaves exp(-5)
  test("weights are relative likelihoods", () => {
    const [first = 0, second = 0, third = 0] = informationWeights([-1000, -990, Infinity]);
    assertClose(second / first, 0.006_737_946_999_085_467, 1e-12);
    assertClose(first + second, 1, 1e-15);
    assert.equal(third, 0);
  });

  test("a perfect fit takes the whole weight", () => {
    assert.deepEqual(informationWeights([aic(gaussianLogLikelihood(0, 9), 2), 40]), [1, 0]);
  });

  test("refuses what is no model", () => {
    assert.throws(() => aic(NaN, 2), {
      name: "RangeError",
      message: /'logLikelihood' must be a number, got NaN/,
    });
    assert.throws(() => aic(-5, 1.5), { name: "RangeError", message: /'parameters'/ });
    assert.throws(() => bic(-5, 2, 0), { message: /'samples' must be a whole number >= 1, got 0/ });
    assert.throws(() => aicc(-5, 2, NaN), { message: /'samples'/ });
    assert.throws(() => gaussianLogLikelihood(-1, 3), { message: /'residualSumOfSquares'/ });
    for (const criteria of [[], [NaN, 1], [Infinity]]) {
      assert.throws(() => informationWeights(criteria), { name: "RangeError", message: /'criteria'/ });
    }
  });
});
