// This module is browser-safe.
import { exp, log } from "../base/math.ts";

const SQRT_TWO_PI = 2.506_628_274_631_000_7;
const SERIES_UP_TO = 3;
const CORNISH_FISHER_FROM = 200;

function normalDensity(z: number): number {
  return exp((-z * z) / 2) / SQRT_TWO_PI;
}

/**
 * Probability that a standard normal variable exceeds `z`. Relative error below 1e-12.
 *
 * @see G. Marsaglia (2004), J. Stat. Softw. 11(4), doi:10.18637/jss.v011.i04; M. Abramowitz, I. A. Stegun, 26.2.14
 */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  if (z < SERIES_UP_TO) {
    let sum = z;
    let term = z;
    for (let k = 3; term > sum * 1e-17; k += 2) sum += term *= (z * z) / k;
    return 0.5 - sum * normalDensity(z);
  }
  let fraction = z;
  for (let k = 120; k >= 1; k--) fraction = z + k / fraction;
  return normalDensity(z) / fraction;
}

/**
 * The `z` that a standard normal variable exceeds with the given probability.
 *
 * @param tail In (0, 1).
 * @see M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions, 26.2.22, which is improved by Halley's method
 */
export function normalQuantile(tail: number): number {
  if (tail > 0.5) return -normalQuantile(1 - tail);
  const t = Math.sqrt(-2 * log(tail));
  let z = t - (2.307_53 + 0.270_61 * t) / (1 + t * (0.992_29 + 0.044_81 * t));
  for (let turn = 0; turn < 4; turn++) {
    const step = (normalTail(z) - tail) / normalDensity(z);
    z += step / (1 - (z * step) / 2);
  }
  return z;
}

/**
 * The `t` that Student's variable, sign aside, does not exceed with the given probability.
 *
 * @param probability In (0, 1).
 * @param degreesOfFreedom A whole number, at least 1.
 * @see M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions, 26.7.3–26.7.5
 */
export function studentQuantile(probability: number, degreesOfFreedom: number): number {
  const z = normalQuantile((1 - probability) / 2);
  if (degreesOfFreedom > CORNISH_FISHER_FROM) return cornishFisher(z, degreesOfFreedom);
  const peak = studentPeak(degreesOfFreedom);
  // The probability is concave in t and the start is below the root: Newton's steps approach it from below.
  let t = z;
  for (let turn = 0; turn < 200; turn++) {
    const density = 2 * peak * (1 + (t * t) / degreesOfFreedom) ** (-(degreesOfFreedom + 1) / 2);
    const step = (probability - studentCentre(t, degreesOfFreedom)) / density;
    if (!(step > t * 1e-15)) break;
    t += step;
  }
  return t;
}

function cornishFisher(z: number, n: number): number {
  const s = z * z;
  const first = (z * (s + 1)) / 4;
  const second = (z * (3 + s * (16 + 5 * s))) / 96;
  const third = (z * (-15 + s * (17 + s * (19 + 3 * s)))) / 384;
  const fourth = (z * (-945 + s * (-1920 + s * (1482 + s * (776 + 79 * s))))) / 92_160;
  return z + (first + (second + (third + fourth / n) / n) / n) / n;
}

/** Density at 0. */
function studentPeak(degreesOfFreedom: number): number {
  let ratio = degreesOfFreedom % 2 === 1 ? 1 / Math.PI : 0.5; // Γ((n + 1) / 2) / (Γ(n / 2) √π) at 1 and at 2
  for (let n = degreesOfFreedom % 2 === 1 ? 1 : 2; n < degreesOfFreedom; n += 2) ratio *= (n + 1) / n;
  return ratio / Math.sqrt(degreesOfFreedom);
}

/** Probability of being within ±t. */
function studentCentre(t: number, degreesOfFreedom: number): number {
  const cosineSquared = degreesOfFreedom / (degreesOfFreedom + t * t);
  const sine = t / Math.sqrt(degreesOfFreedom + t * t);
  const isOdd = degreesOfFreedom % 2 === 1;
  let term = isOdd ? Math.sqrt(cosineSquared) : 1;
  let sum = degreesOfFreedom === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k <= degreesOfFreedom - 2; k += 2) {
    term *= (cosineSquared * (k - 1)) / k;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (Math.atan(t / Math.sqrt(degreesOfFreedom)) + sine * sum) : sine * sum;
}
