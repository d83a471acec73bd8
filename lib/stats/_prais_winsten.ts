// This module is browser-safe.

/** Least squares of a line after Prais and Winsten's transformation for one correlation. */
export interface TransformedFit {
  readonly slope: number;
  readonly intercept: number;
  /** Of the transformed residuals. */
  readonly sumOfSquares: number;
  /** Inverse of the transformed cross products: times the variance of the innovations, the variances of the estimates. */
  readonly slopeFactor: number;
  readonly interceptFactor: number;
  readonly covarianceFactor: number;
  /** Determinant of the transformed cross products. */
  readonly determinant: number;
}

/** Time O(n). The first point is kept, scaled: leaving it out wastes much where `x` is a trend. */
export function fitTransformed(xs: Float64Array, ys: Float64Array, correlation: number): TransformedFit {
  const first = Math.sqrt(1 - correlation * correlation);
  const rest = 1 - correlation;
  let [oneOne, oneX, xX, oneY, xY] = [0, 0, 0, 0, 0];
  for (let i = 0; i < xs.length; i++) {
    const one = i === 0 ? first : rest;
    const x = i === 0 ? first * xs[0]! : xs[i]! - correlation * xs[i - 1]!;
    const y = i === 0 ? first * ys[0]! : ys[i]! - correlation * ys[i - 1]!;
    oneOne += one * one;
    oneX += one * x;
    xX += x * x;
    oneY += one * y;
    xY += x * y;
  }
  const determinant = oneOne * xX - oneX * oneX;
  const slope = (oneOne * xY - oneX * oneY) / determinant;
  const intercept = (xX * oneY - oneX * xY) / determinant;
  return {
    slope,
    intercept,
    sumOfSquares: transformedSquares(residuals(xs, ys, slope, intercept), correlation),
    slopeFactor: oneOne / determinant,
    interceptFactor: xX / determinant,
    covarianceFactor: -oneX / determinant,
    determinant,
  };
}

function residuals(xs: Float64Array, ys: Float64Array, slope: number, intercept: number): Float64Array {
  return ys.map((y, i) => y - intercept - slope * xs[i]!);
}

// From the residuals, not from cross products of y: those cancel when the line is steep and the noise small.
function transformedSquares(errors: Float64Array, correlation: number): number {
  let sum = (1 - correlation * correlation) * errors[0]! ** 2;
  for (let i = 1; i < errors.length; i++) sum += (errors[i]! - correlation * errors[i - 1]!) ** 2;
  return sum;
}

/** Coefficient of each residual's regression on the one before it. */
export function residualCorrelation(xs: Float64Array, ys: Float64Array, fit: TransformedFit): number {
  const errors = residuals(xs, ys, fit.slope, fit.intercept);
  let [products, squares] = [0, 0];
  for (let i = 1; i < errors.length; i++) {
    products += errors[i]! * errors[i - 1]!;
    squares += errors[i - 1]! ** 2;
  }
  return squares === 0 ? 0 : products / squares;
}
