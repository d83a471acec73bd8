// This module is browser-safe.
import type { EmotionFindingKind } from "./emotion_finding.ts";
import type { Account, StepExplainer, Told } from "./_explain_step.ts";
import type { ResolvedProfile } from "./_resolved_profile.ts";
import type { RememberedState } from "./_state_memory.ts";
import type { Track } from "./_track.ts";

/** One emotion that an issue is about. */
export interface IssueEntry {
  readonly index: number;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  readonly diagnosis?: string | undefined;
}

/** What is wrong, before it is put into words. */
export interface Issue {
  readonly kind: EmotionFindingKind;
  /** The worst first; none for the state as a whole. */
  readonly entries: readonly IssueEntry[];
  readonly since: number;
  /** What else the owner has to know. */
  readonly note?: string | undefined;
}

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

const SMALL_SHARE = 0.25;
const SMALL = 0.001;
const LEAST_OWN = 0.015;
const TICK_LIKE = 3;
const UNMOVED_TICKS = 3;
const UNMOVED_REACTIONS = 2;
const OFF_TICKS_UNTOLD = 3;
const LEAK = 0.02;
const LEAK_STEPS = 6;
const SWINGS = 5;
const SWINGS_UNTOLD = 8;
const OFF_TICKS_APART = 3;
const WRONG_TICK = 2.1;
const SWING_MS = 3_600_000;
const REPLACED = 3;
const TOO_FAR = 1.5;
const FAR = 0.05;

/** What is off in one emotion. */
interface Off {
  readonly index: number;
  readonly residual: number;
  /** The least change that had to come, and the largest that may. */
  readonly expected: number;
  readonly reach: number;
  readonly seen: number;
}

/** Judges a step by its account: updates what is remembered of each emotion, and says what is wrong. */
export function judgeStep(view: StepView): readonly Issue[] {
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
  const isLikeTicks = byTime.ticks > 0 && byTime.ticks < UNMOVED_TICKS && offs.every(isWrongTick);
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
  const isFar = (off: Off): boolean => impossible.has(off.index) && Math.abs(off.residual) > FAR;
  const isReplaced = offs.length >= REPLACED && (view.wentBack || offs.filter(isFar).length > 1);
  return [...issues, ...judgeFar(view, isReplaced ? offs : offsOf(view, account))];
}

function judgeTime(view: StepView, account: Account, offTicks: number): readonly Issue[] {
  const moves = movesOf(view, account);
  if (account.ticks >= UNMOVED_TICKS) {
    const offs = moves.filter((off) => off.residual !== 0 && Math.abs(off.seen) > view.tolerance);
    const old = offs.length >= REPLACED ? view.findOld() : undefined;
    if (old) return [toOld(account, offs, old)];
  }
  const { issues, far } = judgeTicks(view, account, moves, offTicks);
  if (far.length >= REPLACED) return [...issues, ...judgeFar(view, far)];
  if (far.length > 0) issues.push(...judgeFar(view, far), ...judgeSwings(view, far, SWINGS));
  return issues;
}

/** What is wrong with moves that time alone made, and those that it cannot have made. */
function judgeTicks(
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
    else if (isSmall(off, account.ticks)) leak(view, off, issues);
    else if (isPerhapsTick(view, account, off)) continue;
    else offs.push(off);
  }
  issues.push(...judgeUnmoved(view, account, unmoved));
  // a tick that the phase does not know of moves many emotions, each by little
  const isOddTick =
    account.ticks === 0 && offs.length >= REPLACED && offs.every((off) => isAsSmallAsTicks(view, off));
  const near = offs.filter((off) => isOddTick || isTickLike(off, account.ticks));
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

function judgeUnmoved(view: StepView, account: Account, unmoved: readonly Off[]): readonly Issue[] {
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

function judgeTold(view: StepView): readonly Issue[] {
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
  const like = moved.filter((off) => isReactionLike(off));
  const far = [...byTime.far, ...moved.filter((off) => !isReactionLike(off))];
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

/** Changes that neither time nor what was told can have made. */
function judgeFar(view: StepView, offs: readonly Off[]): Issue[] {
  const { account, track, explainer, told, wentBack } = view;
  const since = track.time;
  const one = told.isComplete ? explainer.byOneMore() : undefined;
  if (one && !wentBack) {
    const note = `as '${one.kind}' would have made it`;
    return [
      { kind: "change-without-cause", entries: toEntries(account, offs, () => undefined), since, note },
    ];
  }
  if (offs.length >= REPLACED || (wentBack && offs.length > 0)) {
    const old = view.findOld();
    const entries = toEntries(account, offs, () => undefined);
    if (old)
      return [{ kind: "older-state", entries, since: old.time, note: `as it was at ${toTime(old.time)}` }];
    if (wentBack) return [{ kind: "older-state", entries, since, note: "its own time went back" }];
    return [{ kind: "foreign-state", entries, since }];
  }
  const touches = touchedBy(view);
  const jumps = offs.filter((off) => touches(off.index) || !told.isComplete || !isWithinOne(view, off));
  const causeless = offs.filter((off) => !jumps.includes(off));
  const issues: Issue[] = [];
  if (jumps.length > 0)
    issues.push({ kind: "jump", entries: toEntries(account, jumps, () => "too far"), since });
  if (causeless.length > 0) {
    issues.push({
      kind: "change-without-cause",
      entries: toEntries(account, causeless, () => undefined),
      since,
    });
  }
  return issues;
}

function toOld(account: Account, offs: readonly Off[], { time }: RememberedState): Issue {
  const entries = toEntries(account, offs, () => undefined);
  return { kind: "older-state", entries, since: time, note: `as it was at ${toTime(time)}` };
}

/** A value that goes up and down by itself. */
function judgeSwings(view: StepView, offs: readonly Off[], most: number): Issue[] {
  const swinging: Off[] = [];
  for (const off of offs) {
    const emotion = view.track.emotions[off.index]!;
    const direction = Math.sign(off.seen);
    const isTurn = emotion.swing === -direction && view.time - emotion.swingTime < SWING_MS;
    if (!isTurn) emotion.swingSince = view.track.time;
    emotion.swings = isTurn ? emotion.swings + 1 : 0;
    emotion.swing = direction;
    emotion.swingTime = view.time;
    if (emotion.swings >= most) swinging.push(off);
  }
  if (swinging.length === 0) return [];
  const since = Math.min(...swinging.map(({ index }) => view.track.emotions[index]!.swingSince));
  return [{ kind: "oscillation", entries: toEntries(view.account, swinging, () => "up and down"), since }];
}

function leak(view: StepView, off: Off, issues: Issue[]): void {
  const emotion = view.track.emotions[off.index]!;
  if (emotion.leakSteps === 0) emotion.leakSince = view.track.time;
  emotion.leak += off.residual;
  emotion.leakSteps++;
  if (Math.abs(emotion.leak) < LEAK || emotion.leakSteps < LEAK_STEPS) return;
  const diagnosis = `${emotion.leak.toFixed(3)} in ${emotion.leakSteps} steps`;
  const { low, high } = view.account.hull;
  const entry = { index: off.index, low: low[off.index], high: high[off.index], diagnosis };
  issues.push({ kind: "drift", entries: [entry], since: emotion.leakSince });
  Object.assign(emotion, { leak: 0, leakSteps: 0 });
}

function noteReacted({ track, values, tolerance }: StepView): void {
  for (const [i, emotion] of track.emotions.entries()) {
    if (Math.abs(values[i]! - track.values[i]!) > tolerance) emotion.hasReacted = true;
  }
}

/** Every emotion's change, expected and seen. */
function movesOf({ track, values }: StepView, account: Account): readonly Off[] {
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

function offsOf(view: StepView, account: Account): readonly Off[] {
  return movesOf(view, account).filter(({ residual }) => residual !== 0);
}

/** Which emotions the kinds told can have moved. */
function touchedBy({ account, profile }: StepView): (index: number) => boolean {
  if (account.by !== "told" || account.kind === undefined) return () => false;
  const kinds = account.kind.split(" + ").map((kind) => profile.kinds.get(kind));
  return (index) => kinds.some((deltas) => deltas === undefined || deltas[index] !== 0);
}

/** Whether a tick in the same step can be to blame: one without it will tell. */
function isUnclear({ profile, track, account }: StepView, { index, residual }: Off): boolean {
  return Math.abs(residual) <= SMALL + WRONG_TICK * account.ticks * mostOfTick(profile, track, index);
}

/** Whether a tick can have come at this moment after all, as far as this emotion shows. */
function isPerhapsTick(
  { profile, track }: StepView,
  { ticks, range }: Account,
  { index, seen }: Off,
): boolean {
  return ticks === 0 && range.most > 0 && Math.abs(seen) <= SMALL + mostOfTick(profile, track, index);
}

function isAsSmallAsTicks({ profile, track }: StepView, { index, seen }: Off): boolean {
  return (
    Math.abs(seen) <= SMALL + WRONG_TICK * decayOf(profile, track, index) + Math.abs(profile.drifts[index]!)
  );
}

function decayOf(profile: ResolvedProfile, track: Track, index: number): number {
  return profile.rates[index]! * Math.abs(track.values[index]! - profile.bases[index]!);
}

/** The most that a tick can change an emotion now. */
function mostOfTick(profile: ResolvedProfile, track: Track, index: number): number {
  return (
    decayOf(profile, track, index) +
    Math.abs(profile.drifts[index]!) * (profile.source.decay?.idle?.peakFactor ?? 0)
  );
}

function isUnmoved({ tolerance }: StepView, { seen, expected }: Off): boolean {
  return Math.abs(seen) <= tolerance && Math.abs(expected) > tolerance;
}

function isSmall({ residual, expected }: Off, ticks: number): boolean {
  const share = ticks > 0 ? SMALL_SHARE * Math.abs(expected) : 0;
  return Math.abs(residual) <= Math.max(SMALL, share);
}

function isTickLike({ seen, expected, reach }: Off, ticks: number): boolean {
  const width = Math.max(reach, LEAST_OWN * Math.min(ticks, UNMOVED_TICKS));
  return ticks > 0 && Math.abs(seen - expected) <= TICK_LIKE * width;
}

/** No more than a tick that is doubled, missing or reversed. */
function isWrongTick({ seen, expected, reach }: Off): boolean {
  return Math.abs(seen - expected) <= WRONG_TICK * reach + SMALL;
}

function isReactionLike({ residual, expected, reach }: Off): boolean {
  return expected !== 0 && Math.abs(residual) <= TOO_FAR * reach + SMALL;
}

function isWithinOne({ profile }: StepView, { index, seen }: Off): boolean {
  const most = seen > 0 ? profile.mostUp[index]! : -profile.mostDown[index]!;
  return Math.abs(seen) <= 1.2 * most;
}

function diagnoseDecay({ seen, expected }: Off): string {
  const ratio = expected === 0 ? Infinity : seen / expected;
  if (ratio < -0.1) return "reversed";
  if (ratio > 1.7 && ratio < 2.3) return "doubled";
  return ratio > 1 ? "too fast" : "too slow";
}

function toEntries(
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

function toTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
