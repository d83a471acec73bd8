// This module is browser-safe.
import { clamp, type Hull } from "./_ageing.ts";
import type { ResolvedProfile } from "./_resolved_profile.ts";

/** How strongly an interaction works. */
export interface ReactionStrength {
  /** Factors by dampening. */
  readonly least: number;
  readonly most: number;
  /** By emotion, the most there can be of it; `undefined` where it is not known. */
  readonly momentum: readonly number[] | undefined;
}

/** Lets one interaction of a known kind work on a hull, in place. */
export function reactHull(
  profile: ResolvedProfile,
  hull: Hull,
  deltas: readonly number[],
  strength: ReactionStrength,
): void {
  for (let i = 0; i < profile.size; i++) {
    const delta = deltas[i]!;
    if (delta === 0) continue;
    const small = delta * strength.least;
    const large =
      delta * strength.most * amplifier(profile, strength.momentum?.[i] ?? profile.mostMomentum[i]!);
    hull.low[i] = clamp(profile, i, hull.low[i]! + Math.min(small, large));
    hull.high[i] = clamp(profile, i, hull.high[i]! + Math.max(small, large));
  }
}

/** Lets up to `count` interactions of any kinds work on a hull, in place. */
export function widenHull(profile: ResolvedProfile, hull: Hull, count: number): void {
  for (let i = 0; i < profile.size; i++) {
    const most = count * amplifier(profile, profile.mostMomentum[i]!);
    hull.low[i] = clamp(profile, i, hull.low[i]! + most * profile.mostDown[i]!);
    hull.high[i] = clamp(profile, i, hull.high[i]! + most * profile.mostUp[i]!);
  }
}

function amplifier(profile: ResolvedProfile, momentum: number): number {
  const { momentumAmplification = 0 } = profile.source.interactions ?? {};
  return 1 + momentumAmplification * momentum;
}
