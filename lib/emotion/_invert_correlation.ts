// This module is browser-safe.

/**
 * Inverse of a correlation matrix, by rows. One that is near singular (two emotions that always move together) is drawn
 * towards the identity first, as far as it must be.
 */
export function invertCorrelation(matrix: readonly number[], size: number): number[] {
  for (let ridge = 0.01; ridge < 1; ridge *= 2) {
    const inverse = invert(matrix, size, ridge);
    if (inverse) return inverse;
  }
  return Array.from({ length: size * size }, (_, at) => (at % (size + 1) === 0 ? 1 : 0));
}

/** Gauss–Jordan; `undefined` when a pivot is too small to trust. */
function invert(matrix: readonly number[], size: number, ridge: number): number[] | undefined {
  const left = matrix.map((value, at) => (at % (size + 1) === 0 ? 1 : (1 - ridge) * value));
  const right = left.map((_, at) => (at % (size + 1) === 0 ? 1 : 0));
  for (let pivot = 0; pivot < size; pivot++) {
    const head = left[pivot * size + pivot]!;
    if (!(head > 0.01)) return undefined;
    for (let j = 0; j < size; j++) {
      left[pivot * size + j]! /= head;
      right[pivot * size + j]! /= head;
    }
    for (let i = 0; i < size; i++) {
      const factor = i === pivot ? 0 : left[i * size + pivot]!;
      if (factor === 0) continue;
      for (let j = 0; j < size; j++) {
        left[i * size + j]! -= factor * left[pivot * size + j]!;
        right[i * size + j]! -= factor * right[pivot * size + j]!;
      }
    }
  }
  return right;
}
