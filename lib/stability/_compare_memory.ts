import { normalQuantile } from "../stats/_distributions.ts";
import type { Estimate } from "../stats/estimate.ts";
import { median } from "../stats/median.ts";
import { cutIntoBlocks, differenceOf, shiftOfBlocks } from "./_block_statistics.ts";
import { type CompareSettings, toChange } from "./_compare_quantities.ts";
import type { Observation, RunFigures } from "./_run_figures.ts";
import type { RunChange } from "./compare_runs.ts";
import type { StabilityResults } from "./stability_results.ts";

const LEAST_COLLECTED = 2e6;
const LEAST_RESIDENT = 20e6;
const LEAST_BLOCK_MS = 300_000;
const HOUR_MS = 3_600_000;
const MEMORY_BLOCK_COUNTS = [12] as const;
const MEMORY_TOLERANCE = 0.2;
const WARM_UP_SHARE = 1 / 6;
const HOURS_A_WEEK = 168;
// From one run of a healthy companion to the next, the level of its heap differs by 3 % (standard deviation, measured
// on 30 days of pocket Demi); a line's own interval knows nothing of that.
const REPEATABILITY = 0.03;

/** Where memory is once it is warm, and how fast it grows. */
export function compareMemory(
  a: RunFigures,
  b: RunFigures,
  [before, after]: readonly [StabilityResults, StabilityResults],
  settings: CompareSettings,
): readonly RunChange[] {
  const isCollected = a.collected.length > 0 && b.collected.length > 0;
  const warm = ({ collected, resident }: RunFigures): readonly Observation[] =>
    (isCollected ? collected : resident).filter(({ atMs }) => atMs >= WARM_UP_SHARE * settings.durationMs);
  const [was, is] = [warm(a), warm(b)];
  if (was.length === 0 || is.length === 0) return [];
  const level = median(was.map(({ value }) => value));
  const { tolerance, confidence, durationMs } = settings;
  const cut = { durationMs, counts: MEMORY_BLOCK_COUNTS, leastMs: LEAST_BLOCK_MS, reduce: median };
  const shift = shiftOfBlocks(cutIntoBlocks(was, is, cut), median, confidence);
  const least = Math.max(
    isCollected ? LEAST_COLLECTED : LEAST_RESIDENT,
    Math.max(tolerance, MEMORY_TOLERANCE) * level,
  );
  const changes = [
    toChange({
      quantity: isCollected ? "heap after collections" : "resident memory",
      unit: "bytes",
      before: level,
      after: median(is.map(({ value }) => value)),
      difference: spread(shift, level),
      tolerance: least,
      isCost: true,
    }),
  ];
  const floor = (REPEATABILITY * level) / (durationMs / HOUR_MS);
  const growth = compareGrowth(before, after, { least, floor, confidence });
  return growth ? [...changes, growth] : changes;
}

function compareGrowth(
  before: StabilityResults,
  after: StabilityResults,
  options: { readonly least: number; readonly floor: number; readonly confidence: number },
): RunChange | undefined {
  const { least, floor, confidence } = options;
  const [was, is] = [growthOf(before), growthOf(after)];
  if (!was || !is || was.series !== is.series) return undefined;
  const [from, to] = [was.slope, is.slope].map((slope) => widened(slope, floor, confidence)) as [
    Estimate,
    Estimate,
  ];
  const difference = differenceOf(from, to);
  const isKnown = Number.isFinite(difference.low) && Number.isFinite(difference.high);
  return toChange({
    quantity: "growth of memory",
    unit: "bytes per hour",
    before: from.value,
    after: to.value,
    difference: isKnown ? difference : undefined,
    tolerance: least / HOURS_A_WEEK,
    isCost: true,
  });
}

function growthOf({ memory }: StabilityResults): { series: string; slope: Estimate } | undefined {
  const decided = memory.leak?.series.find(({ series }) => series === memory.leak?.decidedBy);
  // JSON has no infinity: an end that nothing bounds comes back as null
  const slope = decided?.slopeBytesPerHour as Partial<Record<keyof Estimate, number | null>> | undefined;
  if (!decided || typeof slope?.value !== "number") return undefined;
  const { value, low, high, confidence } = slope;
  return {
    series: decided.series,
    slope: { value, low: low ?? -Infinity, high: high ?? Infinity, confidence: confidence ?? 0.95 },
  };
}

/** A change of level, with what differs from run to run. */
function spread(shift: Estimate | undefined, level: number): Estimate | undefined {
  if (!shift) return undefined;
  const { value, low, high, confidence } = shift;
  const wide = normalQuantile((1 - confidence) / 2) * Math.SQRT2 * REPEATABILITY * level;
  return {
    value,
    low: value - Math.hypot(value - low, wide),
    high: value + Math.hypot(high - value, wide),
    confidence,
  };
}

/** An interval for that confidence, of an error that is at least `floor`. */
function widened(
  { value, low, high, confidence: had }: Estimate,
  floor: number,
  confidence: number,
): Estimate {
  const [z, hadZ] = [normalQuantile((1 - confidence) / 2), normalQuantile((1 - had) / 2)];
  const [below, above] = [value - low, high - value].map((wide) => z * Math.max(wide / hadZ, floor)) as [
    number,
    number,
  ];
  return { value, low: value - below, high: value + above, confidence };
}
