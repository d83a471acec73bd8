// This module is browser-safe.
import { formatBytes, formatDuration } from "../base/format.ts";
import { slopeRatioOf } from "./_leak_odds.ts";
import { grownBytes, type Judgement, MIN_GROWTH_BYTES } from "./_judge_series.ts";

/** The reasons of a judgement in words, the weightiest first. */
export function explainJudgement(judgement: Judgement): readonly string[] {
  const { verdict, floor, choice, slope, growthRatio, needs } = judgement;
  if (verdict === "not-enough-evidence" || !floor || !choice)
    return needs === "" ? [] : [`It needs ${needs}.`];
  const reasons: string[] = [];
  const { unbounded, bounded, margin } = choice;
  const shown = (name: string | undefined): string => name ?? "none";
  if (verdict === "healthy") {
    const grown = grownBytes(floor, growthRatio);
    if (margin > 0 && grown > 0 && grown < MIN_GROWTH_BYTES) {
      reasons.push(
        `It grew by ${formatBytes(grown)}: less than ${formatBytes(MIN_GROWTH_BYTES)} V8 itself comes to hold while code is compiled.`,
      );
    }
    reasons.push(
      `What growth there is comes to an end: '${shown(bounded?.model.name)}' describes the floor as well.`,
    );
  } else {
    const percent = (100 * growthRatio).toFixed(1);
    reasons.push(
      `The floor grew by ${percent} % in ${formatDuration(floor.span * 3_600_000)} and goes on by ${formatBytes(slope)} an hour, ${slopeRatioOf(choice).toFixed(1)} times its standard error.`,
      `'${shown(unbounded?.model.name)}' describes it better than '${shown(bounded?.model.name)}', the best shape that comes to an end: by ${margin.toFixed(1)} of the Bayesian information criterion.`,
    );
  }
  if (floor.sawtooth)
    reasons.push(
      `${floor.sawtooth.count} collections were seen, and the floor between them is what is judged.`,
    );
  if (floor.cuts.length > 0)
    reasons.push(`${floor.cuts.length} restarts were seen; growth is counted within the runs.`);
  if (floor.masked > 0)
    reasons.push(`${floor.masked} of ${floor.masked + floor.values.length} parts were left out as bursts.`);
  if (needs !== "") reasons.push(`It needs ${needs}.`);
  return reasons;
}
