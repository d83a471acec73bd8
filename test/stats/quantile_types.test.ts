import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { quantile, type QuantileType } from "../../lib/stats/quantile.ts";
import { assertClose, type Inputs, readFigures } from "./_figures.ts";

interface TypedQuantiles {
  readonly type: QuantileType;
  readonly sample: string;
  readonly probabilities: readonly number[];
  readonly values: readonly number[];
}

const { samples } = readFigures<Inputs>("series");
const { quantiles } = readFigures<{ readonly quantiles: readonly TypedQuantiles[] }>("r");

suite("quantile({ type })", () => {
  for (const { type, sample, probabilities, values } of quantiles) {
    test(`agrees with R's type ${type} on ${sample}`, () => {
      for (const [i, probability] of probabilities.entries()) {
        assertClose(
          quantile(samples[sample]!, probability, { type }),
          values[i]!,
          1e-12,
          `at ${probability}`,
        );
      }
    });
  }

  test("is type 7 unless asked", () => {
    assert.equal(quantile([1, 2, 4, 8], 0.4), quantile([1, 2, 4, 8], 0.4, { type: 7 }));
  });

  // quantile(1:100, .07, type = 1): 0.07 * 100 is 7.000000000000001
  test("rounding is taken for no jump", () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    assert.equal(quantile(hundred, 0.07, { type: 1 }), 7);
    assert.equal(quantile(hundred, 0.07, { type: 2 }), 7.5);
  });

  test("takes one value with every type", () => {
    for (let type = 1; type <= 9; type++) {
      for (const at of [0, 0.3, 1]) assert.equal(quantile([5], at, { type: type as QuantileType }), 5);
    }
  });

  test("refuses a type that is none", () => {
    for (const type of [0, 10, 1.5, NaN]) {
      assert.throws(() => quantile([1], 0.5, { type: type as QuantileType }), {
        name: "RangeError",
        message: /'type' must be a whole number from 1 to 9/,
      });
    }
  });
});
