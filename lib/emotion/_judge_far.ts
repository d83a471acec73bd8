// This module is browser-safe.
import type { Account } from "./_explain_step.ts";
import type { Issue } from "./_issue.ts";
import type { RememberedState } from "./_state_memory.ts";
import { type Off, REPLACED, type StepView, toEntries, touchedBy } from "./_step_view.ts";

const SWING_MS = 3_600_000;
const MOST_AMPLIFIED = 1.2;

/** Changes that neither time nor what was told can have made. */
export function judgeFar(view: StepView, offs: readonly Off[]): Issue[] {
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
    if (old) return [toOld(account, offs, old)];
    const entries = toEntries(account, offs, () => undefined);
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

export function toOld(account: Account, offs: readonly Off[], { time }: RememberedState): Issue {
  const entries = toEntries(account, offs, () => undefined);
  return { kind: "older-state", entries, since: time, note: `as it was at ${toTime(time)}` };
}

/** A value that goes up and down by itself. */
export function judgeSwings(view: StepView, offs: readonly Off[], most: number): Issue[] {
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

function isWithinOne({ profile }: StepView, { index, seen }: Off): boolean {
  const most = seen > 0 ? profile.mostUp[index]! : -profile.mostDown[index]!;
  return Math.abs(seen) <= MOST_AMPLIFIED * most;
}

function toTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
