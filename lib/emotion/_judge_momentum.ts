// This module is browser-safe.
import { exp, log } from "../base/math.ts";
import type { Account } from "./_explain_step.ts";
import type { Issue, IssueEntry } from "./_issue.ts";
import type { Look } from "./_look.ts";
import type { ResolvedProfile } from "./_resolved_profile.ts";
import type { Track } from "./_track.ts";

const WORTH_IT = 0.02;
const REPLACED = 3;
const LOST_SHARE = 0.5;

/** Momentum that is gone although no interaction spent it. */
export function judgeMomentum(
  profile: ResolvedProfile,
  track: Track,
  look: Look,
  account: Account,
  isComplete: boolean,
): readonly Issue[] {
  const { momentumHalfLifeMs, tickMs = 0 } = profile.source.decay ?? {};
  if (momentumHalfLifeMs === undefined || !track.momentum || !look.momentum) return [];
  if (!track.momentum.some((momentum) => momentum > WORTH_IT)) return [];
  if (account.residuals.filter((residual) => residual !== 0).length >= REPLACED) return []; // another state altogether
  // several untold interactions can spend it and leave the values as time would
  if (!isComplete) return [];
  const spent = spentBy(profile, account);
  const left = exp((-(account.range.most + 1) * tickMs * log(2)) / momentumHalfLifeMs);
  const entries: IssueEntry[] = [];
  for (const [index, before] of track.momentum.entries()) {
    const least = before * left;
    const now = look.momentum[index]!;
    if (least < WORTH_IT / 2 || now >= LOST_SHARE * least || spent(index)) continue;
    entries.push({ index, low: least, high: before, diagnosis: "momentum" });
  }
  return entries.length > 0 ? [{ kind: "momentum-lost", entries, since: track.time }] : [];
}

/** Which emotions' momentum what happened may have used up. */
function spentBy(profile: ResolvedProfile, { by, kind }: Account): (index: number) => boolean {
  if (by === "time") return () => false;
  if (by === "many-untold" || kind === undefined) return () => true;
  const kinds = kind.split(" + ").map((one) => profile.kinds.get(one));
  return (index) => kinds.some((deltas) => deltas === undefined || deltas[index] !== 0);
}
