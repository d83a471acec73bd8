// This module is browser-safe.

/** Sizes of the groups of equal values, groups of one included, in the order of the values. */
export function groupSizes(values: ArrayLike<number>): number[] {
  const order = Float64Array.from(values).sort();
  const sizes: number[] = [];
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && order[end] === order[start]) end++;
    sizes.push(end - start);
  }
  return sizes;
}

/** Sum of t (t - 1) (2 t + 5) over the groups of equal values: what ties take from 18 times the variance of Kendall's S. */
export function tieSum(values: ArrayLike<number>): number {
  return groupSizes(values).reduce((sum, size) => sum + size * (size - 1) * (2 * size + 5), 0);
}

/** Ranks from 1; equal values share the mean of theirs. */
export function midranks(values: Float64Array): Float64Array {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  let start = 0;
  for (const size of groupSizes(values)) {
    for (let i = start; i < start + size; i++) ranks[order[i]!] = start + (size + 1) / 2;
    start += size;
  }
  return ranks;
}
