// This module is browser-safe.
import type { EmotionFindingKind } from "./emotion_finding.ts";
import type { Issue, IssueEntry } from "./_issue.ts";
import type { Look } from "./_look.ts";
import type { ResolvedProfile } from "./_resolved_profile.ts";

const ROUNDING = 1e-9;

/** What is wrong with values by themselves. */
export interface BoundsVerdict {
  readonly issues: readonly Issue[];
  /** The values, `NaN` for those that nothing is to be concluded from. */
  readonly usable: readonly number[];
}

/** @param tolerance How far off the digits shown leave a value. */
export function checkBounds(
  profile: ResolvedProfile,
  look: Look,
  since: number,
  tolerance: number,
): BoundsVerdict {
  const entries = new Map<EmotionFindingKind, IssueEntry[]>();
  const add = (kind: EmotionFindingKind, entry: IssueEntry): void => {
    entries.set(kind, [...(entries.get(kind) ?? []), entry]);
  };
  const { min, max } = profile;
  const usable = look.values.map((value, index) => {
    const floor = profile.floors[index]!;
    if (Number.isNaN(value) || Number.isNaN(look.momentum?.[index] ?? 0)) {
      const diagnosis = Number.isNaN(value) ? undefined : "momentum";
      add("not-a-number", { index, low: floor, high: max, diagnosis });
      return value;
    }
    if (value < min - ROUNDING || value > max + ROUNDING)
      add("out-of-bounds", { index, low: floor, high: max });
    else if (value < floor - Math.max(ROUNDING, tolerance))
      add("floor-broken", { index, low: floor, high: max });
    else return value;
    return NaN;
  });
  return { issues: [...entries].map(([kind, list]) => ({ kind, entries: list, since })), usable };
}
