// This module is browser-safe.

const MAX_COLUMNS = 16;

/** A least-squares fit. */
export interface Fit {
  /** Sum of the squared residuals. */
  readonly rss: number;
  /** Coefficient of the last column. */
  readonly last: number;
  /** Variance of that coefficient, for residuals of variance 1. */
  readonly lastVariance: number;
}

/**
 * Columns that models are made of, with the products of each pair: a model of a few columns then costs a few dozen
 * multiplications, whatever the number of points. Residuals may be correlated: points are whitened first, as an
 * autoregressive process of order 1 is, with gaps.
 */
export class Design {
  readonly size: number;
  readonly #columns: Float64Array[] = [];
  readonly #values: Float64Array;
  readonly #gaps: Float64Array;
  #carry: Float64Array;
  #scale: Float64Array;
  #white: Float64Array[] = [];
  #whiteValues: Float64Array;
  #products: Float64Array = new Float64Array(0);
  #total = 0;
  readonly #gram = new Float64Array(MAX_COLUMNS * MAX_COLUMNS);
  readonly #right = new Float64Array(MAX_COLUMNS);
  readonly #factor = new Float64Array(MAX_COLUMNS * MAX_COLUMNS);
  readonly #solved = new Float64Array(MAX_COLUMNS);

  constructor(values: Float64Array, gaps: Float64Array) {
    this.size = values.length;
    this.#values = values;
    this.#gaps = gaps;
    this.#carry = new Float64Array(this.size);
    this.#scale = new Float64Array(this.size).fill(1);
    this.#whiteValues = values;
  }

  /** Adds a column and returns its number. */
  add(column: Float64Array): number {
    return this.#columns.push(column) - 1;
  }

  columnOf(number: number): Float64Array {
    return this.#columns[number]!;
  }

  /** The column as it is fitted. */
  whiteOf(number: number): Float64Array {
    return this.#white[number]!;
  }

  /** Prepares all columns for residuals with that correlation from one grid step to the next. */
  whiten(correlation: number): void {
    const squared = 1 - correlation * correlation;
    for (let i = 0; i < this.size; i++) {
      // a power of whole steps: no Math.pow, which differs from runtime to runtime
      let power = correlation;
      for (let step = 1; step < this.#gaps[i]!; step++) power *= correlation;
      this.#carry[i] = i === 0 ? 0 : power;
      this.#scale[i] = i === 0 ? Math.sqrt(squared) : Math.sqrt(squared / (1 - power * power));
    }
    this.#white = this.#columns.map((column) => this.white(column));
    this.#whiteValues = this.white(this.#values);
    this.#total = dot(this.#whiteValues, this.#whiteValues);
    const width = this.#columns.length + 1;
    // most pairs are in no model: each product is made when it is first asked for
    if (this.#products.length !== width * width) this.#products = new Float64Array(width * width);
    this.#products.fill(NaN);
  }

  /** A column as it is fitted, without being added. */
  white(column: Float64Array): Float64Array {
    const white = new Float64Array(this.size);
    white[0] = column[0]! * this.#scale[0]!;
    for (let i = 1; i < this.size; i++) {
      white[i] = (column[i]! - this.#carry[i]! * column[i - 1]!) * this.#scale[i]!;
    }
    return white;
  }

  /** A fit of columns by their numbers; undefined where they are not independent. */
  fit(numbers: readonly number[]): Fit | undefined {
    const width = this.#columns.length + 1;
    const count = numbers.length;
    for (let i = 0; i < count; i++) {
      const from = numbers[i]! * width;
      for (let j = 0; j <= i; j++) {
        const known = this.#products[from + numbers[j]!]!;
        this.#gram[i * MAX_COLUMNS + j] = known === known ? known : this.#multiply(numbers[i]!, numbers[j]!);
      }
      const known = this.#products[from + width - 1]!;
      this.#right[i] = known === known ? known : this.#multiply(numbers[i]!, width - 1);
    }
    return this.#solve(count);
  }

  /** A fit of white columns that need not have been added. */
  fitWhite(columns: readonly Float64Array[]): Fit | undefined {
    for (let i = 0; i < columns.length; i++) {
      for (let j = 0; j <= i; j++) this.#gram[i * MAX_COLUMNS + j] = dot(columns[i]!, columns[j]!);
      this.#right[i] = dot(columns[i]!, this.#whiteValues);
    }
    return this.#solve(columns.length);
  }

  /**
   * The latest fit of white columns again, with one of them exchanged.
   *
   * @param columns With the new one in its place.
   */
  refitWhite(columns: readonly Float64Array[], changed: number): Fit | undefined {
    const column = columns[changed]!;
    for (let i = 0; i < columns.length; i++) {
      const [high, low] = i > changed ? [i, changed] : [changed, i];
      this.#gram[high * MAX_COLUMNS + low] = dot(column, columns[i]!);
    }
    this.#right[changed] = dot(column, this.#whiteValues);
    return this.#solve(columns.length);
  }

  /** Coefficients of the latest fit of that many columns. */
  coefficients(count: number): Float64Array {
    const found = new Float64Array(count);
    for (let i = count - 1; i >= 0; i--) {
      let rest = this.#solved[i]!;
      for (let j = i + 1; j < count; j++) rest -= this.#factor[j * MAX_COLUMNS + i]! * found[j]!;
      found[i] = rest / this.#factor[i * MAX_COLUMNS + i]!;
    }
    return found;
  }

  #multiply(a: number, b: number): number {
    const width = this.#columns.length + 1;
    const product = dot(this.#white[a]!, this.#white[b] ?? this.#whiteValues);
    this.#products[a * width + b] = product;
    this.#products[b * width + a] = product;
    return product;
  }

  // Cholesky's factor of the normal equations, with the forward substitution on the way.
  #solve(count: number): Fit | undefined {
    const factor = this.#factor;
    let rss = this.#total;
    for (let i = 0; i < count; i++) {
      const row = i * MAX_COLUMNS;
      for (let j = 0; j < i; j++) {
        let sum = this.#gram[row + j]!;
        for (let k = 0; k < j; k++) sum -= factor[row + k]! * factor[j * MAX_COLUMNS + k]!;
        factor[row + j] = sum / factor[j * MAX_COLUMNS + j]!;
      }
      const whole = this.#gram[row + i]!;
      let rest = whole;
      for (let k = 0; k < i; k++) rest -= factor[row + k]! * factor[row + k]!;
      if (!(rest > 1e-9 * whole)) return undefined;
      factor[row + i] = Math.sqrt(rest);
      let value = this.#right[i]!;
      for (let k = 0; k < i; k++) value -= factor[row + k]! * this.#solved[k]!;
      this.#solved[i] = value / factor[row + i]!;
      rss -= this.#solved[i]! * this.#solved[i]!;
    }
    const diagonal = factor[(count - 1) * MAX_COLUMNS + count - 1]!;
    return {
      rss: Math.max(0, rss),
      last: this.#solved[count - 1]! / diagonal,
      lastVariance: 1 / (diagonal * diagonal),
    };
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
