import type { SeededRandom } from "../../base/random.ts";

/**
 * Draws names, each as often as its weight says.
 *
 * @param what Names the weights in the error.
 * @throws {RangeError} If a weight is negative or not finite, or all are 0.
 */
export function weightedChoice<T extends string>(
  what: string,
  weights: Readonly<Partial<Record<T, number>>>,
): (random: SeededRandom) => T {
  const entries = Object.entries(weights) as [T, number | undefined][];
  const drawn = entries.flatMap(([name, weight = 0]) => {
    if (weight >= 0 && weight < Infinity) return weight > 0 ? [{ name, weight }] : [];
    throw new RangeError(`Cannot plan load: '${what}.${name}' must be finite and >= 0, got ${weight}`);
  });
  if (drawn.length === 0)
    throw new RangeError(`Cannot plan load: '${what}' must have a weight > 0, got none`);
  const total = drawn.reduce((sum, { weight }) => sum + weight, 0);
  return (random) => {
    let left = random.next() * total;
    for (const { name, weight } of drawn) if ((left -= weight) < 0) return name;
    return drawn.at(-1)!.name;
  };
}
