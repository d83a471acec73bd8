// This module is browser-safe.
import { judgeFar } from "./_judge_far.ts";
import { judgeTicks } from "./_judge_ticks.ts";
import type { Issue } from "./_issue.ts";
import {
  isUnmoved,
  mostOfTick,
  movesOf,
  type Off,
  REPLACED,
  SMALL,
  type StepView,
  toEntries,
  touchedBy,
  WRONG_TICK,
} from "./_step_view.ts";

const UNMOVED_REACTIONS = 2;
const TOO_FAR = 1.5;

/** A step with interactions that were told. */
export function judgeTold(view: StepView): readonly Issue[] {
  const { account, track, tolerance } = view;
  noteReacted(view);
  if (account.isExplained) {
    for (const off of movesOf(view, account)) {
      if (Math.abs(off.expected) > tolerance) track.emotions[off.index]!.unmovedReactions = 0;
    }
    return [];
  }
  const touches = touchedBy(view);
  const moves = movesOf(view, account);
  const byTime = judgeTicks(
    view,
    account,
    moves.filter(({ index }) => !touches(index)),
    1,
  );
  const offs = moves.filter((off) => touches(off.index) && off.residual !== 0 && !isUnclear(view, off));
  const unmoved = offs.filter((off) => isUnmoved(view, off));
  const moved = offs.filter((off) => !isUnmoved(view, off));
  const issues = [...byTime.issues, ...judgeUnmovedReactions(view, unmoved)];
  const like = moved.filter((off) => isReactionLike(off, view.profile.span));
  const far = [...byTime.far, ...moved.filter((off) => !isReactionLike(off, view.profile.span))];
  if (far.length >= REPLACED) return [...issues, ...judgeFar(view, [...far, ...like])];
  if (far.length > 0) issues.push(...judgeFar(view, far));
  const strong = like.filter((off) => off.residual * off.expected > 0);
  const weak = like.filter((off) => off.residual * off.expected <= 0);
  if (strong.length > 0) {
    issues.push({ kind: "jump", entries: toEntries(account, strong, () => "too strong"), since: track.time });
  }
  if (weak.length > 0) {
    const say = (off: Off): string => (off.seen * off.expected < 0 ? "reversed" : "too weak");
    issues.push({ kind: "reaction-off-model", entries: toEntries(account, weak, say), since: track.time });
  }
  return issues;
}

function judgeUnmovedReactions(view: StepView, unmoved: readonly Off[]): Issue[] {
  const ripe = unmoved.filter(({ index }) => {
    const emotion = view.track.emotions[index]!;
    if (emotion.unmovedReactions === 0) emotion.unmovedSince = view.track.time;
    return ++emotion.unmovedReactions >= UNMOVED_REACTIONS;
  });
  if (ripe.length === 0) return [];
  const since = Math.min(...ripe.map(({ index }) => view.track.emotions[index]!.unmovedSince));
  return [{ kind: "stuck", entries: toEntries(view.account, ripe, () => "unmoved"), since }];
}

/** Whether a tick in the same step can be to blame: one without it will tell. */
function isUnclear({ profile, track, account }: StepView, { index, residual }: Off): boolean {
  return (
    Math.abs(residual) <=
    SMALL * profile.span + WRONG_TICK * account.ticks * mostOfTick(profile, track, index)
  );
}

function isReactionLike({ residual, expected, reach }: Off, span: number): boolean {
  return expected !== 0 && Math.abs(residual) <= TOO_FAR * reach + SMALL * span;
}

/** Notes which emotions moved other than by time. */
export function noteReacted({ track, values, tolerance }: StepView): void {
  for (const [i, emotion] of track.emotions.entries()) {
    if (Math.abs(values[i]! - track.values[i]!) > tolerance) emotion.hasReacted = true;
  }
}
