import { exp, log } from "../../base/math.ts";
import type { SeededRandom } from "../../base/random.ts";
import { meanGapMs, type ResolvedPattern } from "./_resolve_pattern.ts";

const BISECTIONS = 60;
const STEEPEST = 20;

/** Draws the time from one moment, or the beginning of one burst, to that of the next, in milliseconds of active time. */
export function gapSource(pattern: ResolvedPattern): (random: SeededRandom) => number {
  const { gaps, minGapMs, maxGapMs } = pattern;
  const meanMs = meanGapMs(pattern);
  if (gaps === "poisson") return (random) => random.exponential(meanMs);
  const exponent = exponentFor(meanMs, minGapMs, maxGapMs);
  const share = 1 - exp(exponent * log(minGapMs / maxGapMs));
  return (random) => minGapMs * exp(-log(1 - share * random.next()) / exponent);
}

/** Exponent of the bounded Pareto distribution that has this mean. */
function exponentFor(meanMs: number, minMs: number, maxMs: number): number {
  let [low, high] = [-STEEPEST, STEEPEST]; // the mean falls as the exponent grows
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (boundedParetoMean(middle, minMs, maxMs) > meanMs) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** @see https://en.wikipedia.org/wiki/Pareto_distribution#Bounded_Pareto_distribution */
function boundedParetoMean(exponent: number, minMs: number, maxMs: number): number {
  const ratio = log(minMs / maxMs);
  if (Math.abs(exponent) < 1e-9) return (maxMs - minMs) / -ratio;
  if (Math.abs(exponent - 1) < 1e-9) return (-ratio * minMs) / (1 - minMs / maxMs);
  const numerator = 1 - exp((exponent - 1) * ratio);
  return ((minMs * exponent) / (exponent - 1)) * (numerator / (1 - exp(exponent * ratio)));
}
