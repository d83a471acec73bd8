import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { SeededRandom } from "demi-health/base";
import { decodeTimes, decodeValues, encodeTimes, encodeValues } from "../../lib/store/_chunk_codec.ts";

const decimal = fc
  .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 9 }))
  .map(([digits, decimals]) => digits / 10 ** decimals);
const any = fc.double({ noNaN: true });
const whole = fc.maxSafeInteger();
const values = fc.oneof(
  ...[decimal, any, whole, fc.constantFrom(0, 1, -1, 0.1, 1e15, 5e-324, Infinity)].map((value) =>
    fc.array(value, { maxLength: 900, size: "max" }),
  ),
);

function roundTrip(given: readonly number[]): number[] {
  const read = new Float64Array(given.length);
  decodeValues(encodeValues(Float64Array.from(given)), read);
  return [...read];
}

const unsigned = (value: number): number => (value === 0 ? 0 : value);

suite("chunk codec", () => {
  test("gives each value back with all of its bits, but for the sign of a zero", () => {
    fc.assert(
      fc.property(values, (given) => {
        assert.deepEqual(roundTrip(given).map(unsigned), given.map(unsigned));
      }),
      { numRuns: 300 },
    );
  });

  test("gives each time back", () => {
    const gaps = fc.array(fc.oneof(fc.nat(20), fc.integer({ min: 9_990, max: 10_010 }), fc.nat(1e12)));
    fc.assert(
      fc.property(gaps, (given) => {
        let now = 1.7e12;
        const times = Float64Array.from(given, (gap) => (now += gap));
        const read = new Float64Array(times.length);
        decodeTimes(encodeTimes(times), read);
        assert.deepEqual(read, times);
      }),
      { numRuns: 300 },
    );
  });

  test("bytes that end before are refused, and garbage does no harm", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(2000), (bytes, count) => {
        for (const decode of [decodeValues, decodeTimes]) {
          try {
            decode(bytes, new Float64Array(count));
          } catch (error) {
            assert.ok(error instanceof RangeError);
            assert.match(
              error.message,
              /^Cannot read chunk: 'bytes' must hold \d+ (?:values|times), got \d+ bytes/,
            );
          }
        }
      }),
      { numRuns: 500 },
    );
    const bytes = encodeValues(Float64Array.from({ length: 500 }, (_, i) => (i * i) % 97));
    assert.throws(() => decodeValues(bytes.subarray(0, bytes.length / 2), new Float64Array(500)), RangeError);
  });

  // Gorilla (Pelkonen et al. 2015) takes 3.4 to 4.4 bytes a sample on a mix of gauges and counters, and Prometheus 2.42 takes
  // 7.7 for a gauge of one decimal whose entropy is 0.98
  for (const [name, most, next] of [
    [
      "a gauge of one decimal",
      1,
      (random: SeededRandom, last: number): number => round(last + random.next() * 2 - 1, 1),
    ],
    [
      "resident memory in pages",
      1.2,
      (random: SeededRandom, last: number): number => last + 4096 * random.integer(-60, 60),
    ],
    [
      "a counter that mostly rests",
      0.2,
      (random: SeededRandom, last: number): number => last + (random.next() < 0.1 ? 1 : 0),
    ],
    [
      "seconds of processor time",
      2.3,
      (random: SeededRandom, last: number): number => round(last + 0.05 + random.next() / 20, 6),
    ],
    ["a value that stands", 0.02, (_: SeededRandom, last: number): number => last],
  ] as const) {
    test(`two hours of ${name} take at most ${most} bytes a sample`, () => {
      const random = new SeededRandom(name);
      let last = 4096;
      const given = Float64Array.from({ length: 720 }, () => (last = next(random, last)));
      const bytes = encodeValues(given);
      assert.ok(bytes.length <= most * given.length, `${bytes.length / given.length} bytes a sample`);
    });
  }
});

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
