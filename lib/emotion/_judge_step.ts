// This module is browser-safe.
import type { Account } from "./_explain_step.ts";
import type { Issue } from "./_issue.ts";
import { judgeFar, judgeSwings, toOld } from "./_judge_far.ts";
import { judgeStandstill } from "./_judge_standstill.ts";
import { judgeTicks, judgeUnmoved } from "./_judge_ticks.ts";
import { judgeTold, noteReacted } from "./_judge_told.ts";
import {
  isUnmoved,
  movesOf,
  type Off,
  offsOf,
  REPLACED,
  SMALL,
  type StepView,
  UNMOVED_TICKS,
  WRONG_TICK,
} from "./_step_view.ts";

const OFF_TICKS_UNTOLD = 3;
const SWINGS = 5;
const SWINGS_UNTOLD = 8;
const FAR = 0.05;

/** Judges a step by its account: updates what is remembered of each emotion, and says what is wrong. */
export function judgeStep(view: StepView): readonly Issue[] {
  const issues = judge(view);
  const still = judgeStandstill(view);
  return issues.length === 0 ? still : issues;
}

function judge(view: StepView): readonly Issue[] {
  const { account } = view;
  if (account.by === "one-untold" || account.by === "many-untold") return judgeUntold(view);
  return account.by === "told" ? judgeTold(view) : judgeTime(view, account, 1);
}

/** A step in which interactions were not told, and time alone does not explain it. */
function judgeUntold(view: StepView): readonly Issue[] {
  const { account, explainer } = view;
  if (account.by === "one-untold") {
    if (account.sure.least > 0) for (const emotion of view.track.emotions) emotion.offTicks = 0;
    for (const off of movesOf(view, account)) if (off.seen !== 0) view.track.emotions[off.index]!.swings = 0;
    noteReacted(view);
    return [];
  }
  const byTime = explainer.byTime();
  const offs = offsOf(view, byTime);
  // every interaction moves one emotion by more than a tick does: what only looks like ticks off the model is that
  const isLikeTicks =
    byTime.ticks > 0 &&
    byTime.ticks < UNMOVED_TICKS &&
    offs.every((off) => isWrongTick(off, view.profile.span));
  if (isLikeTicks) {
    return judgeTicks(view, byTime, movesOf(view, byTime), OFF_TICKS_UNTOLD).issues;
  }
  const isAlone = offs.length <= 2;
  if (!isAlone) for (const off of offs) view.track.emotions[off.index]!.swings = 0;
  const issues = isAlone ? judgeSwings(view, offs, SWINGS_UNTOLD) : [];
  if (account.isExplained) {
    noteReacted(view);
    return issues;
  }
  const impossible = new Set(offsOf(view, account).map(({ index }) => index));
  const unmoved = offs.filter((off) => impossible.has(off.index) && isUnmoved(view, off));
  if (byTime.ticks >= UNMOVED_TICKS && unmoved.length > 0)
    return [...issues, ...judgeUnmoved(view, byTime, unmoved)];
  const isFar = (off: Off): boolean =>
    impossible.has(off.index) && Math.abs(off.residual) > FAR * view.profile.span;
  const isReplaced = offs.length >= REPLACED && (view.wentBack || offs.filter(isFar).length > 1);
  // what time would have made of it says more than all that interactions can do
  const far = isReplaced
    ? judgeFar({ ...view, account: byTime }, offs)
    : judgeFar(view, offsOf(view, account));
  return [...issues, ...far];
}

/** A step in which nothing but time was told. */
function judgeTime(view: StepView, account: Account, offTicks: number): readonly Issue[] {
  const moves = movesOf(view, account);
  if (account.ticks >= UNMOVED_TICKS) {
    const small = SMALL * view.profile.span; // between two ticks of a companion that decays all the time
    const offs = moves.filter((off) => Math.abs(off.residual) > small && Math.abs(off.seen) > view.tolerance);
    const old = offs.length >= REPLACED ? view.findOld() : undefined;
    if (old) return [toOld(account, offs, old)];
  }
  const { issues, far } = judgeTicks(view, account, moves, offTicks);
  if (far.length >= REPLACED) return [...issues, ...judgeFar(view, far)];
  if (far.length > 0) issues.push(...judgeFar(view, far), ...judgeSwings(view, far, SWINGS));
  return issues;
}

/** No more than a tick that is doubled, missing or reversed. */
function isWrongTick({ seen, expected, reach }: Off, span: number): boolean {
  return Math.abs(seen - expected) <= WRONG_TICK * reach + SMALL * span;
}
