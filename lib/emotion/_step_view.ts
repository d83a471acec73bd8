// This module is browser-safe.
import type { Account, StepExplainer, Told } from "./_explain_step.ts";
import type { IssueEntry } from "./_issue.ts";
import type { ResolvedProfile } from "./_resolved_profile.ts";
import type { RememberedState } from "./_state_memory.ts";
import type { Track } from "./_track.ts";

/** Share of the range that is too small to be told from a model that is a little different; what stays of it is summed. */
export const SMALL = 0.001;
/** How far beyond its own size a tick that is doubled, missing or reversed can lead. */
export const WRONG_TICK = 2.1;
/** Ticks that must move an emotion before it counts that they do not, and of a gap between looks. */
export const UNMOVED_TICKS = 3;
/** Emotions that are off together when it is not they, but the state that is another. */
export const REPLACED = 3;

/** What a step is judged by. */
export interface StepView {
  readonly profile: ResolvedProfile;
  readonly track: Track;
  readonly values: readonly number[];
  readonly time: number;
  readonly told: Told;
  readonly tolerance: number;
  readonly account: Account;
  readonly explainer: StepExplainer;
  readonly wentBack: boolean;
  readonly findOld: () => RememberedState | undefined;
}

/** What is off in one emotion. */
export interface Off {
  readonly index: number;
  readonly residual: number;
  /** The least change that had to come, and the largest that may. */
  readonly expected: number;
  readonly reach: number;
  readonly seen: number;
}

/** Every emotion's change, expected and seen. */
export function movesOf({ track, values }: StepView, account: Account): readonly Off[] {
  const moves: Off[] = [];
  for (let index = 0; index < values.length; index++) {
    const [before, now] = [track.values[index]!, values[index]!];
    if (Number.isNaN(before) || Number.isNaN(now)) continue;
    const { low, high } = account.hull;
    const nearest = Math.min(high[index]!, Math.max(low[index]!, before));
    const reach = Math.max(Math.abs(low[index]! - before), Math.abs(high[index]! - before));
    moves.push({
      index,
      residual: account.residuals[index]!,
      expected: nearest - before,
      reach,
      seen: now - before,
    });
  }
  return moves;
}

export function offsOf(view: StepView, account: Account): readonly Off[] {
  return movesOf(view, account).filter(({ residual }) => residual !== 0);
}

/** Which emotions the kinds told can have moved. */
export function touchedBy({ account, profile }: StepView): (index: number) => boolean {
  if (account.by !== "told" || account.kind === undefined) return () => false;
  const kinds = account.kind.split(" + ").map((kind) => profile.kinds.get(kind));
  return (index) => kinds.some((deltas) => deltas === undefined || deltas[index] !== 0);
}

export function decayOf(profile: ResolvedProfile, track: Track, index: number): number {
  return profile.rates[index]! * Math.abs(track.values[index]! - profile.bases[index]!);
}

/** The most that a tick can change an emotion now. */
export function mostOfTick(profile: ResolvedProfile, track: Track, index: number): number {
  return (
    decayOf(profile, track, index) +
    Math.abs(profile.drifts[index]!) * (profile.source.decay?.idle?.peakFactor ?? 0)
  );
}

export function isUnmoved({ tolerance }: StepView, { seen, expected }: Off): boolean {
  return Math.abs(seen) <= tolerance && Math.abs(expected) > tolerance;
}

export function toEntries(
  account: Account,
  offs: readonly Off[],
  diagnose: (off: Off) => string | undefined,
): IssueEntry[] {
  const { low, high } = account.hull;
  return offs
    .toSorted((a, b) => Math.abs(b.residual) - Math.abs(a.residual))
    .map((off) => ({
      index: off.index,
      low: low[off.index],
      high: high[off.index],
      diagnosis: diagnose(off),
    }));
}
