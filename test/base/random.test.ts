import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { SeededRandom } from "../../lib/base/random.ts";

suite("SeededRandom", () => {
  test("is xoshiro128**: the published vector for the state 1, 2, 3, 4", () => {
    const random = new SeededRandom(0);
    random.restore([1, 2, 3, 4]);
    const drawn = Array.from({ length: 10 }, () => random.nextUint32());
    // the vector that the rand_xoshiro crate made with the authors' C program
    assert.deepEqual(
      drawn,
      [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804],
    );
  });

  test("gives each named stream numbers of its own, whatever else was drawn", () => {
    const fresh = new SeededRandom("seed");
    const used = new SeededRandom("seed");
    used.next();
    assert.equal(used.stream("faults").next(), fresh.stream("faults").next());
    assert.notEqual(fresh.stream("faults").next(), fresh.stream("users").next());
    assert.notEqual(new SeededRandom(1).next(), new SeededRandom(2).next());
  });

  test("accepts every seed: no state is ever invalid", () => {
    for (let seed = 0; seed < 2000; seed++) assert.doesNotThrow(() => new SeededRandom(seed).stream("x"));
  });

  test("goes on from a saved position", () => {
    const random = new SeededRandom(3);
    random.normal();
    const saved = random.state;
    const expected = [random.next(), random.integer(1, 6), random.exponential(2)];
    const resumed = new SeededRandom("other");
    resumed.restore(saved);
    assert.deepEqual([resumed.next(), resumed.integer(1, 6), resumed.exponential(2)], expected);
  });

  test("has the moments of its distributions", () => {
    const random = new SeededRandom(5);
    const n = 100_000;
    const mean = (draw: () => number): number => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += draw();
      return sum / n;
    };
    const near = (actual: number, expected: number, standardError: number): void =>
      assert.ok(Math.abs(actual - expected) < 5 * standardError, `got ${actual}, expected ${expected}`);
    near(
      mean(() => random.next()),
      0.5,
      0.2887 / Math.sqrt(n),
    );
    near(
      mean(() => random.normal()),
      0,
      1 / Math.sqrt(n),
    );
    near(
      mean(() => random.normal() ** 2),
      1,
      Math.SQRT2 / Math.sqrt(n),
    );
    near(
      mean(() => random.exponential(3)),
      3,
      3 / Math.sqrt(n),
    );
    near(
      mean(() => random.integer(1, 6)),
      3.5,
      1.708 / Math.sqrt(n),
    );
  });

  test("says what is wrong with bad input", () => {
    const random = new SeededRandom(1);
    assert.throws(() => random.pick([]), { name: "RangeError", message: /must not be empty/ });
    assert.throws(() => random.integer(3, 2), { name: "RangeError", message: /got 3 and 2/ });
    assert.throws(() => random.restore([0, 0, 0, 0]), { name: "RangeError", message: /not all 0/ });
  });
});
