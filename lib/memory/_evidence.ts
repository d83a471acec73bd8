// This module is browser-safe.
import { formatBytes, formatDuration } from "../base/format.ts";
import { describeShape } from "./_shape_words.ts";
import { grownBytes, type Judgement } from "./_judge_series.ts";

const NORMAL_95 = 1.96;

/** By the difference of the Bayesian information criterion, after Kass and Raftery (1995), doi:10.2307/2291091. */
function howMuchWorse(margin: number): string {
  if (margin > 10) return "far worse";
  if (margin > 6) return "much worse";
  return margin > 2 ? "worse" : "hardly worse";
}

/** The reasons of a judgement in words, the weightiest first. */
export function explainJudgement(judgement: Judgement): readonly string[] {
  const { verdict, floor, choice, slope, slopeDeviation, growthRatio, isSmall, needs, stoodHours } =
    judgement;
  if (verdict === "not-enough-evidence" || !floor || !choice)
    return needs === "" ? [] : [`It needs ${needs}.`];
  const reasons: string[] = [];
  const { unbounded, bounded, margin } = choice;
  if (verdict === "healthy") {
    const grown = grownBytes(floor, growthRatio);
    if (isSmall && margin > 0) {
      reasons.push(
        `It grew by ${formatBytes(grown)}: so much comes of compiled code and of the allocator alone.`,
      );
    }
    reasons.push(
      `What there is comes to an end: ${describeShape(bounded?.model.name ?? "constant")} describes it as well.`,
    );
  } else {
    const percent = (100 * growthRatio).toFixed(1);
    const reach = NORMAL_95 * slopeDeviation;
    const span = formatDuration(floor.span * 3_600_000);
    if (stoodHours !== undefined) {
      const stood = formatDuration(stoodHours * 3_600_000);
      reasons.push(`The floor grew by ${percent} % in ${span}, and has stood for the last ${stood}.`);
    } else
      reasons.push(
        `The floor grew by ${percent} % in ${span} and goes on by ${formatBytes(slope)} an hour (95 %: ${formatBytes(slope - reach)} to ${formatBytes(slope + reach)}).`,
      );
    reasons.push(
      `It looks like ${describeShape(unbounded?.model.name ?? "line")}; of all that comes to an end ${describeShape(bounded?.model.name ?? "constant")} comes nearest, and is ${howMuchWorse(margin)}.`,
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
