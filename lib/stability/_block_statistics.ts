import { normalQuantile, studentQuantile } from "../stats/_distributions.ts";
import type { Estimate } from "../stats/estimate.ts";
import { hodgesLehmannShift } from "../stats/hodges_lehmann_shift.ts";
import { quantileOfSorted } from "../stats/quantile.ts";
import type { Observation } from "./_run_figures.ts";

type Blocks = readonly (readonly number[])[];

/** Two runs, cut into blocks of time. */
export interface Blocking {
  readonly before: Blocks;
  readonly after: Blocks;
  /** How much longer intervals must be, as neighbouring blocks are still alike. */
  readonly inflation: number;
}

/** How runs are cut. */
export interface BlockingOptions {
  readonly durationMs: number;
  /** How many blocks, the most wanted first. */
  readonly counts: readonly number[];
  readonly leastMs: number;
  /** What a block comes to. */
  readonly reduce: (values: readonly number[]) => number;
}

const ALIKE = 0.2;
const MOST_ALIKE = 0.8;

/**
 * What is near in time is alike: a burst of messages, a busy hour, a mood. The unit of all that follows is therefore a
 * block of time, and not an observation. Blocks grow until one tells little about the next; what it still tells makes
 * the intervals longer, by the factor for the mean of a first-order autoregression.
 */
export function cutIntoBlocks(
  before: readonly Observation[],
  after: readonly Observation[],
  { durationMs, counts, leastMs, reduce }: BlockingOptions,
): Blocking {
  let best: { blocking: Blocking; likeness: number } | undefined;
  for (const count of counts) {
    const blockMs = Math.max(leastMs, durationMs / count);
    const [was, is] = [toBlocks(before, blockMs), toBlocks(after, blockMs)];
    const alike = (likenessOf(was.map(reduce)) + likenessOf(is.map(reduce))) / 2;
    const likeness = Math.min(MOST_ALIKE, Math.max(0, alike));
    const inflation = Math.sqrt((1 + likeness) / (1 - likeness));
    if (!best || likeness < best.likeness)
      best = { blocking: { before: was, after: is, inflation }, likeness };
    if (likeness < ALIKE) break;
  }
  return best!.blocking;
}

function toBlocks(observations: readonly Observation[], blockMs: number): Blocks {
  const blocks = new Map<number, number[]>();
  for (const { atMs, value } of observations) {
    const key = Math.floor(atMs / blockMs);
    const block = blocks.get(key);
    if (block) block.push(value);
    else blocks.set(key, [value]);
  }
  return [...blocks.entries()].sort(([a], [b]) => a - b).map(([, values]) => values);
}

/** Correlation of a value with the one before it; of few values it is estimated too low by about one over their number. */
function likenessOf(values: readonly number[]): number {
  const centre = values.reduce((sum, each) => sum + each, 0) / values.length;
  let [products, squares] = [0, 0];
  for (const [index, value] of values.entries()) {
    squares += (value - centre) ** 2;
    if (index > 0) products += (value - centre) * (values[index - 1]! - centre);
  }
  return squares > 0 ? products / squares + 1 / values.length : 0;
}

/** How much larger the typical block of `after` is; undefined where there are too few blocks to say it. */
export function shiftOfBlocks(
  { before, after, inflation }: Blocking,
  reduce: (values: readonly number[]) => number,
  confidence: number,
): Estimate | undefined {
  if (before.length === 0 || after.length === 0) return undefined;
  const shift = hodgesLehmannShift(after.map(reduce), before.map(reduce), { confidence });
  if (shift.confidence < confidence - 1e-9) return undefined;
  const { value, low, high } = shift;
  return { ...shift, low: value - inflation * (value - low), high: value + inflation * (high - value) };
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
  { before, after, inflation }: Blocking,
  probability: number,
  confidence: number,
): Estimate | undefined {
  const a = quantileInterval(before, inflation, probability, confidence);
  const b = quantileInterval(after, inflation, probability, confidence);
  return a && b && differenceOf(a, b);
}

/**
 * Difference between two shares: Newcombe's, for which Wilson's intervals are put together, of as many observations as
 * the blocks are worth. It stays honest where one side has none at all.
 *
 * @see R. G. Newcombe (1998), Stat. Med. 17(8), 873–890, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
 */
export function shareDifference(
  { before, after, inflation }: Blocking,
  confidence: number,
): Estimate | undefined {
  const a = shareInterval(before, inflation, confidence);
  const b = shareInterval(after, inflation, confidence);
  return a && b && differenceOf(a, b);
}

/** Difference between two estimates that know nothing of each other, at the confidence that both have. */
export function differenceOf(before: Estimate, after: Estimate): Estimate {
  const value = after.value - before.value;
  const low = value - Math.hypot(after.value - after.low, before.high - before.value);
  const high = value + Math.hypot(after.high - after.value, before.value - before.low);
  return { value, low, high, confidence: Math.min(before.confidence, after.confidence) };
}

function quantileInterval(
  blocks: Blocks,
  inflation: number,
  probability: number,
  confidence: number,
): Estimate | undefined {
  if (blocks.length < 2) return undefined;
  const sorted = Float64Array.from(blocks.flat()).sort();
  const value = quantileOfSorted(sorted, probability);
  const below = blocks.map((block) => block.map((each) => (each <= value ? 1 : 0)));
  const error = Math.max(
    inflation * shareError(below, probability),
    Math.sqrt((probability * (1 - probability)) / sorted.length),
  );
  const wide = studentQuantile(confidence, blocks.length - 1) * error;
  if (probability - wide <= 0 || probability + wide >= 1) return undefined;
  const [low, high] = [probability - wide, probability + wide].map((share) =>
    quantileOfSorted(sorted, share),
  );
  return { value, low: low!, high: high!, confidence };
}

function shareInterval(blocks: Blocks, inflation: number, confidence: number): Estimate | undefined {
  const all = blocks.flat();
  if (all.length === 0) return undefined;
  const value = all.reduce((sum, each) => sum + each, 0) / all.length;
  const plain = Math.sqrt((value * (1 - value)) / all.length);
  const clustered = blocks.length < 2 ? plain : inflation * shareError(blocks, value);
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
