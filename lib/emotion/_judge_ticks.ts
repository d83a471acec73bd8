// This module is browser-safe.
import type { Account } from "./_explain_step.ts";
import type { Issue } from "./_issue.ts";
import {
  decayOf,
  mostOfTick,
  type Off,
  REPLACED,
  SMALL,
  type StepView,
  toEntries,
  UNMOVED_TICKS,
  WRONG_TICK,
} from "./_step_view.ts";

const SMALL_SHARE = 0.25;
const LEAST_OWN = 0.015;
const TICK_LIKE = 3;
const LEAK = 0.02;
const LEAK_STEPS = 6;
const OFF_TICKS_APART = 3;

/** What is wrong with moves that time alone made, and those that it cannot have made. */
export function judgeTicks(
  view: StepView,
  account: Account,
  moves: readonly Off[],
  offTicks: number,
): { readonly issues: Issue[]; readonly far: readonly Off[] } {
  const issues: Issue[] = [];
  const offs: Off[] = [];
  const unmoved: Off[] = [];
  for (const off of moves) {
    const emotion = view.track.emotions[off.index]!;
    const isDemanding = Math.abs(off.expected) > view.tolerance + 1e-9;
    if (off.residual === 0) {
      if (isDemanding) Object.assign(emotion, { unmovedTicks: 0, hasReacted: false, offTicks: 0 });
      continue;
    }
    if (isDemanding && Math.abs(off.seen) <= view.tolerance && account.ticks > 0) unmoved.push(off);
    else if (isSmall(off, account.ticks, view.profile.span)) leak(view, account, off, issues);
    else if (isPerhapsTick(view, account, off)) continue;
    else offs.push(off);
  }
  issues.push(...judgeUnmoved(view, account, unmoved));
  // a tick that the phase does not know of moves many emotions, each by little
  const isOddTick =
    account.ticks === 0 && offs.length >= REPLACED && offs.every((off) => isAsSmallAsTicks(view, off));
  const near = offs.filter((off) => isOddTick || isTickLike(off, account.ticks, view.profile.span));
  const far = offs.filter((off) => !near.includes(off));
  if (far.length >= REPLACED) return { issues, far: offs };
  issues.push(...judgeOffTicks(view, account, near, offTicks));
  return { issues, far };
}

function judgeOffTicks(
  view: StepView,
  account: Account,
  near: readonly Off[],
  offTicks: number,
): readonly Issue[] {
  const ripe = near.filter(({ index }) => {
    const emotion = view.track.emotions[index]!;
    const apartMs = OFF_TICKS_APART * (view.profile.source.decay?.tickMs ?? 0);
    if (view.time - emotion.offTime > apartMs) emotion.offTicks = 0;
    emotion.offTime = view.time;
    if (emotion.offTicks++ === 0) emotion.offSince = view.track.time;
    return emotion.offTicks >= offTicks || account.ticks >= UNMOVED_TICKS;
  });
  if (ripe.length === 0) return [];
  const since = Math.min(...ripe.map(({ index }) => view.track.emotions[index]!.offSince));
  return [{ kind: "decay-off-model", entries: toEntries(account, ripe, diagnoseDecay), since }];
}

export function judgeUnmoved(view: StepView, account: Account, unmoved: readonly Off[]): readonly Issue[] {
  const tickMs = view.profile.source.decay?.tickMs ?? 0;
  const stuck: Off[] = [];
  const skipped: Off[] = [];
  for (const off of unmoved) {
    const emotion = view.track.emotions[off.index]!;
    if (view.time - emotion.unmovedTime > OFF_TICKS_APART * tickMs) emotion.unmovedTicks = 0;
    emotion.unmovedTime = view.time;
    if (emotion.unmovedTicks === 0) emotion.unmovedSince = view.track.time;
    emotion.unmovedTicks += account.ticks;
    if (emotion.unmovedTicks < (view.told.isComplete ? UNMOVED_TICKS : 2 * UNMOVED_TICKS)) continue;
    (emotion.hasReacted || account.ticks >= UNMOVED_TICKS ? skipped : stuck).push(off);
  }
  const since = (list: readonly Off[]): number =>
    Math.min(...list.map(({ index }) => view.track.emotions[index]!.unmovedSince));
  const issues: Issue[] = [];
  if (stuck.length > 0)
    issues.push({ kind: "stuck", entries: toEntries(account, stuck, () => "unmoved"), since: since(stuck) });
  if (skipped.length > 0) {
    const note =
      account.ticks >= UNMOVED_TICKS
        ? "between two looks, as if it had been off and nobody had aged it"
        : undefined;
    issues.push({
      kind: "decay-off-model",
      entries: toEntries(account, skipped, () => "skipped"),
      since: since(skipped),
      note,
    });
  }
  return issues;
}

function leak(view: StepView, account: Account, off: Off, issues: Issue[]): void {
  const emotion = view.track.emotions[off.index]!;
  if (emotion.leakSteps === 0) emotion.leakSince = view.track.time;
  emotion.leak += off.residual;
  emotion.leakSteps++;
  if (Math.abs(emotion.leak) < LEAK * view.profile.span || emotion.leakSteps < LEAK_STEPS) return;
  const diagnosis = `${emotion.leak.toFixed(3)} in ${emotion.leakSteps} steps`;
  const { low, high } = account.hull;
  const entry = { index: off.index, low: low[off.index], high: high[off.index], diagnosis };
  issues.push({ kind: "drift", entries: [entry], since: emotion.leakSince });
  Object.assign(emotion, { leak: 0, leakSteps: 0 });
}

/** Whether a tick can have come at this moment after all, as far as this emotion shows. */
function isPerhapsTick(
  { profile, track }: StepView,
  { ticks, range }: Account,
  { index, seen }: Off,
): boolean {
  return (
    ticks === 0 &&
    range.most > 0 &&
    Math.abs(seen) <= SMALL * profile.span + mostOfTick(profile, track, index)
  );
}

function isAsSmallAsTicks({ profile, track }: StepView, { index, seen }: Off): boolean {
  return (
    Math.abs(seen) <=
    SMALL * profile.span + WRONG_TICK * decayOf(profile, track, index) + Math.abs(profile.drifts[index]!)
  );
}

function isSmall({ residual, expected }: Off, ticks: number, span: number): boolean {
  const share = ticks > 0 ? SMALL_SHARE * Math.abs(expected) : 0;
  return Math.abs(residual) <= Math.max(SMALL * span, share);
}

function isTickLike({ seen, expected, reach }: Off, ticks: number, span: number): boolean {
  const width = Math.max(reach, LEAST_OWN * span * Math.min(ticks, UNMOVED_TICKS));
  return ticks > 0 && Math.abs(seen - expected) <= TICK_LIKE * width;
}

function diagnoseDecay({ seen, expected }: Off): string {
  const ratio = expected === 0 ? Infinity : seen / expected;
  if (ratio < -0.1) return "reversed";
  if (ratio > 1.7 && ratio < 2.3) return "doubled";
  return ratio > 1 ? "too fast" : "too slow";
}
