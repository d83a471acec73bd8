// This module is browser-safe.

/** A copy of the values, all of them finite. `action` and `name` are for the message of the error. */
export function checkedNumbers(
  values: ArrayLike<number>,
  action: string,
  name: string,
  least: number = 1,
): Float64Array {
  if (typeof values !== "object" || values === null || typeof values.length !== "number") {
    throw new TypeError(`Cannot ${action}: '${name}' must be an array of numbers, got ${String(values)}`);
  }
  if (values.length < least) {
    throw new RangeError(
      `Cannot ${action}: '${name}' must hold at least ${least} ${least === 1 ? "value" : "values"}, got ${values.length}`,
    );
  }
  const numbers = new Float64Array(values.length);
  for (let i = 0; i < numbers.length; i++) {
    const value = values[i];
    if (typeof value !== "number") {
      throw new TypeError(`Cannot ${action}: '${name}' must be numbers, got ${typeof value} at index ${i}`);
    }
    if (!Number.isFinite(value)) {
      throw new RangeError(`Cannot ${action}: '${name}' must be finite, got ${value} at index ${i}`);
    }
    numbers[i] = value;
  }
  return numbers;
}

/** Copies of the coordinates of the same points, with at least two different `x`. */
export function checkedPoints(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  action: string,
  least: number,
): { readonly xs: Float64Array; readonly ys: Float64Array } {
  const xs = checkedNumbers(x, action, "x", least);
  const ys = checkedNumbers(y, action, "y", least);
  if (xs.length !== ys.length) {
    throw new RangeError(
      `Cannot ${action}: 'y' must be as long as 'x', got ${ys.length} values and ${xs.length}`,
    );
  }
  if (xs.every((value) => value === xs[0])) {
    throw new RangeError(`Cannot ${action}: 'x' must hold two different values, got only ${xs[0]}`);
  }
  return { xs, ys };
}

/** Refuses a confidence that is none. */
export function checkConfidence(confidence: number, action: string): void {
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`Cannot ${action}: 'confidence' must be in (0, 1), got ${confidence}`);
  }
}
