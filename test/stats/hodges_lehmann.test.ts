import { suite, test } from "node:test";
import assert from "node:assert/strict";
import type { Estimate } from "../../lib/stats/estimate.ts";
import { hodgesLehmann } from "../../lib/stats/hodges_lehmann.ts";
import { hodgesLehmannShift } from "../../lib/stats/hodges_lehmann_shift.ts";
import { assertClose, type Inputs, readFigures, refusesBadValues } from "./_figures.ts";

interface WilcoxTest extends Estimate {
  readonly achieved: number;
}

const { samples } = readFigures<Inputs>("series");
const r =
  readFigures<Readonly<Record<"oneSample" | "twoSample", Readonly<Record<"a" | "aLong", WilcoxTest[]>>>>>(
    "r",
  );

function assertAgrees(found: Estimate, expected: WilcoxTest): void {
  for (const key of ["value", "low", "high"] as const) assertClose(found[key], expected[key], 1e-12, key);
  assert.ok(found.confidence >= expected.confidence, `${found.confidence}`);
}

suite("hodgesLehmann()", () => {
  for (const name of ["a", "aLong"] as const) {
    test(`agrees with R's wilcox.test on ${name}`, () => {
      for (const expected of r.oneSample[name]) {
        const { confidence } = expected;
        assertAgrees(hodgesLehmann(samples[name]!, { confidence, method: "exact" }), expected);
      }
    });
  }

  test("the normal approximation is near the exact interval from 50 values on", () => {
    const exact = hodgesLehmann(samples["aLong"]!, { method: "exact" });
    const normal = hodgesLehmann(samples["aLong"]!);
    assert.equal(normal.confidence, 0.95);
    assert.ok(Math.abs(normal.low - exact.low) < 0.02 * (exact.high - exact.low));
    assert.ok(Math.abs(normal.high - exact.high) < 0.02 * (exact.high - exact.low));
  });

  // Hollander and Wolfe, table A.4: of 12 values P(T <= 1) = 2/4096
  test("an asked confidence that is met to the last digit gives the shorter interval", () => {
    const values = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048];
    for (const confidence of [1 - 4 / 4096, 0.999]) {
      const found = hodgesLehmann(values, { confidence });
      assert.deepEqual([found.low, found.high, found.confidence], [1.5, 1536, 1 - 4 / 4096]);
    }
  });

  test("says what so few values can be sure of", () => {
    assert.deepEqual(hodgesLehmann([3]), { value: 3, low: 3, high: 3, confidence: 0 });
    assert.deepEqual(hodgesLehmann([3, 5, 8]), { value: 5.25, low: 3, high: 8, confidence: 0.75 });
  });

  test("takes equal values, and leaves its input as it was", () => {
    const values = [9, 9, 9, 9, 9, 9];
    const { value, low, high } = hodgesLehmann(values);
    assert.deepEqual([value, low, high], [9, 9, 9]);
    const unordered = [3, 1, 2];
    hodgesLehmann(unordered);
    assert.deepEqual(unordered, [3, 1, 2]);
  });

  test("the normal approximation promises no more than the values can keep", () => {
    const { low, high, confidence } = hodgesLehmann([3, 5, 8], { method: "normal", confidence: 0.99 });
    assert.deepEqual([low, high, confidence], [3, 8, 0.75]);
  });

  test("takes the greatest numbers there are", () => {
    assert.equal(hodgesLehmann([1.5e308, 1.6e308, 1.7e308]).value, 1.6e308);
  });

  test("refuses no values and options that are none", () => {
    refusesBadValues((values) => hodgesLehmann(values));
    assert.throws(() => hodgesLehmann([1], { confidence: 1 }), {
      name: "RangeError",
      message: /'confidence'/,
    });
    assert.throws(() => hodgesLehmann([1], { method: "x" as "exact" }), { message: /'method'/ });
  });
});

suite("hodgesLehmannShift()", () => {
  const other = { a: "b", aLong: "bLong" } as const;
  for (const name of ["a", "aLong"] as const) {
    test(`agrees with R's wilcox.test on ${name}`, () => {
      for (const expected of r.twoSample[name]) {
        const { confidence } = expected;
        const found = hodgesLehmannShift(samples[name]!, samples[other[name]]!, {
          confidence,
          method: "exact",
        });
        assertAgrees(found, expected);
      }
    });
  }

  test("the normal approximation is near the exact interval from 50 values on", () => {
    const exact = hodgesLehmannShift(samples["aLong"]!, samples["bLong"]!, { method: "exact" });
    const normal = hodgesLehmannShift(samples["aLong"]!, samples["bLong"]!);
    assert.ok(Math.abs(normal.low - exact.low) < 0.02 * (exact.high - exact.low));
    assert.ok(Math.abs(normal.high - exact.high) < 0.02 * (exact.high - exact.low));
  });

  test("turns round with its samples, whichever is longer", () => {
    const there = hodgesLehmannShift(samples["a"]!, samples["b"]!);
    const back = hodgesLehmannShift(samples["b"]!, samples["a"]!);
    assertClose(back.value, -there.value, 1e-12);
    assert.deepEqual([back.low, back.high], [-there.high, -there.low]);
  });

  // 2 of 20 arrangements are as far out as the second difference on each side; (1 - 0.8) / 2 is a little less than 2/20
  test("an asked confidence that is met but for rounding gives the shorter interval", () => {
    const { low, high, confidence } = hodgesLehmannShift([10, 20, 40], [1, 2, 4], { confidence: 0.8 });
    assert.deepEqual([low, high], [8, 38]);
    assertClose(confidence, 0.8, 1e-15);
  });

  // the one value is the least or the greatest of all in 2 of 61 orders
  for (const method of [undefined, "normal"] as const) {
    test(`says what one value beside sixty can be sure of, method ${method}`, () => {
      const reference = Array.from({ length: 60 }, (_, i) => i);
      const { low, high, confidence } = hodgesLehmannShift([100], reference, { confidence: 0.99, method });
      assert.deepEqual([low, high], [41, 100]);
      assertClose(confidence, 59 / 61, 1e-14);
    });
  }

  // 1,040 values have more than 1e308 orders
  test("the exact interval of many values is near the normal one", () => {
    const values = Array.from({ length: 520 }, (_, i) => (i * 7919) % 1009);
    const reference = Array.from({ length: 520 }, (_, i) => (i * 6007) % 1013);
    const exact = hodgesLehmannShift(values, reference, { method: "exact" });
    const normal = hodgesLehmannShift(values, reference);
    assert.ok(exact.confidence >= 0.95 && exact.confidence < 0.9501, `${exact.confidence}`);
    assert.ok(Math.abs(exact.low - normal.low) <= 1 && Math.abs(exact.high - normal.high) <= 1);
  });

  test("refuses no values", () => {
    refusesBadValues((values) => hodgesLehmannShift(values, [1, 2]));
    refusesBadValues((values) => hodgesLehmannShift([1, 2], values));
  });
});
