import { normalQuantile, studentQuantile } from "../stats/_distributions.ts";
import type { Estimate } from "../stats/estimate.ts";
import { hodgesLehmannShift } from "../stats/hodges_lehmann_shift.ts";
import { median } from "../stats/median.ts";
import { quantileOfSorted } from "../stats/quantile.ts";
import type { Observation } from "./_run_figures.ts";

/**
 * What is near in time is alike: a burst of messages, a busy hour. The unit of all that follows is therefore a block of
 * time, and not an observation.
 */
export function toBlocks(
  observations: readonly Observation[],
  blockMs: number,
): readonly (readonly number[])[] {
  const blocks = new Map<number, number[]>();
  for (const { atMs, value } of observations) {
    const key = Math.floor(atMs / blockMs);
    const block = blocks.get(key);
    if (block) block.push(value);
    else blocks.set(key, [value]);
  }
  return [...blocks.values()];
}

type Blocks = readonly (readonly number[])[];

/** How much later, or larger, the typical block of `after` is; undefined where there are too few blocks to say it. */
export function shiftOfBlocks(before: Blocks, after: Blocks, confidence: number): Estimate | undefined {
  if (before.length === 0 || after.length === 0) return undefined;
  const [values, reference] = [after.map(median), before.map(median)];
  const shift = hodgesLehmannShift(values, reference, { confidence });
  return shift.confidence >= confidence - 1e-9 ? shift : undefined;
}

/**
 * Difference between two quantiles. Each has Woodruff's interval, with the variance of the share below it between
 * blocks; both are put together by the method of variance estimates recovery. Undefined where an interval has no end
 * within the data: it takes about 120 replies for a p90, and 1,000 for a p99.
 *
 * @see R. S. Woodruff (1952), JASA 47(260), 635–646, doi:10.1080/01621459.1952.10483443
 * @see G. Y. Zou, A. Donner (2008), Stat. Med. 27(10), 1693–1702, doi:10.1002/sim.3095
 */
export function quantileDifference(
  before: Blocks,
  after: Blocks,
  probability: number,
  confidence: number,
): Estimate | undefined {
  const a = quantileInterval(before, probability, confidence);
  const b = quantileInterval(after, probability, confidence);
  return a && b && differenceOf(a, b);
}

/**
 * Difference between two shares: Newcombe's, for which Wilson's intervals are put together, of as many observations as
 * the blocks are worth. It stays honest where one side has none at all.
 *
 * @see R. G. Newcombe (1998), Stat. Med. 17(8), 873–890, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
 */
export function shareDifference(before: Blocks, after: Blocks, confidence: number): Estimate | undefined {
  const a = shareInterval(before, confidence);
  const b = shareInterval(after, confidence);
  return a && b && differenceOf(a, b);
}

/** Difference between two estimates that know nothing of each other, at the confidence that both have. */
export function differenceOf(before: Estimate, after: Estimate): Estimate {
  const value = after.value - before.value;
  const low = value - Math.hypot(after.value - after.low, before.high - before.value);
  const high = value + Math.hypot(after.high - after.value, before.value - before.low);
  return { value, low, high, confidence: Math.min(before.confidence, after.confidence) };
}

function quantileInterval(blocks: Blocks, probability: number, confidence: number): Estimate | undefined {
  if (blocks.length < 2) return undefined;
  const sorted = Float64Array.from(blocks.flat()).sort();
  const value = quantileOfSorted(sorted, probability);
  const below = blocks.map((block) => block.map((each) => (each <= value ? 1 : 0)));
  const error = Math.max(
    shareError(below, probability),
    Math.sqrt((probability * (1 - probability)) / sorted.length),
  );
  const wide = studentQuantile(confidence, blocks.length - 1) * error;
  if (probability - wide <= 0 || probability + wide >= 1) return undefined;
  const [low, high] = [probability - wide, probability + wide].map((share) =>
    quantileOfSorted(sorted, share),
  );
  return { value, low: low!, high: high!, confidence };
}

function shareInterval(blocks: Blocks, confidence: number): Estimate | undefined {
  const all = blocks.flat();
  if (all.length === 0) return undefined;
  const value = all.reduce((sum, each) => sum + each, 0) / all.length;
  const plain = Math.sqrt((value * (1 - value)) / all.length);
  const clustered = blocks.length < 2 ? plain : shareError(blocks, value);
  const worth = plain > 0 && clustered > plain ? all.length * (plain / clustered) ** 2 : all.length;
  const z = normalQuantile((1 - confidence) / 2);
  const middle = (value + (z * z) / (2 * worth)) / (1 + (z * z) / worth);
  const wide =
    (z * Math.sqrt((value * (1 - value)) / worth + (z * z) / (4 * worth * worth))) / (1 + (z * z) / worth);
  return { value, low: Math.min(value, middle - wide), high: Math.max(value, middle + wide), confidence };
}

/** Standard error of a share, from how much the blocks differ. */
function shareError(blocks: Blocks, share: number): number {
  let [squares, count] = [0, 0];
  for (const block of blocks) {
    const excess = block.reduce((sum, each) => sum + each - share, 0);
    squares += excess * excess;
    count += block.length;
  }
  return Math.sqrt((blocks.length / (blocks.length - 1)) * squares) / count;
}
