// This module is browser-safe.

// Math.exp and Math.log differ in the last bits between engines, so seeded code must not use them. These two use
// + - * / on IEEE doubles only, which every engine rounds alike.

// ln 2 in two parts: the high one has its low 32 bits clear, so that k * LN2_HIGH is exact for |k| <= 2048.
const LN2_HIGH = 0.693_147_180_369_123_816_49;
const LN2_LOW = 1.908_214_929_270_587_700_02e-10;

const view = new DataView(new ArrayBuffer(8));

/** 2 to the power of an integer from -1074 to 1023, exactly. */
function powerOfTwo(exponent: number): number {
  if (exponent < -1022) return powerOfTwo(exponent + 52) * 2 ** -52;
  view.setUint32(0, (exponent + 1023) << 20);
  view.setUint32(4, 0);
  return view.getFloat64(0);
}

/**
 * Natural exponential function, the same bits on every runtime; within 2 units in the last place of the exact value.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { exp } from "demi-health/base";
 *
 * assert.equal(exp(0), 1);
 * ```
 */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782_712_893_384) return Infinity;
  if (x < -745.133_219_101_941_2) return 0;
  const k = Math.round(x / (LN2_HIGH + LN2_LOW));
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 0; // Taylor series by Horner; |r| <= 0.35 leaves less than 1e-18 after 14 terms
  for (let n = 14; n >= 1; n--) sum = (r / n) * (1 + sum);
  const half = k >> 1; // in two steps, because 2^1024 is not a double
  return (1 + sum) * powerOfTwo(half) * powerOfTwo(k - half);
}

/**
 * Natural logarithm, the same bits on every runtime; within 2 units in the last place of the exact value.
 * `log(0)` is `-Infinity`, that of a negative number `NaN`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { log } from "demi-health/base";
 *
 * assert.equal(log(1), 0);
 * ```
 */
export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return NaN;
  if (x === 0) return -Infinity;
  if (x === Infinity) return Infinity;
  let exponent = 0;
  let mantissa = x;
  if (mantissa < 2.2250738585072014e-308) {
    mantissa *= 2 ** 54; // subnormal
    exponent = -54;
  }
  view.setFloat64(0, mantissa);
  const high = view.getUint32(0);
  exponent += (high >>> 20) - 1023;
  view.setUint32(0, (high & 0x000f_ffff) | 0x3ff0_0000);
  mantissa = view.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  // log m = 2 artanh(s) with s = (m - 1) / (m + 1), |s| <= 0.172: 12 terms leave less than 1e-19
  const f = mantissa - 1;
  const s = f / (mantissa + 1);
  const square = s * s;
  let sum = 0;
  for (let n = 23; n >= 3; n -= 2) sum = square * (1 / n + sum);
  // 2 s (1 + sum) = f - (f - 2 sum) s + ..., written so that the leading term f is exact
  const tail = s * (2 * sum - f);
  return exponent * LN2_HIGH + (f + (tail + exponent * LN2_LOW));
}
