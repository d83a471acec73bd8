// This module is browser-safe.
import type { Hull } from "./_ageing.ts";
import { StepExplainer, type Told } from "./_explain_step.ts";
import type { Issue, IssueEntry } from "./_issue.ts";
import { judgeStandstill } from "./_judge_standstill.ts";
import { judgeStep } from "./_judge_step.ts";
import type { StepView } from "./_step_view.ts";
import { judgeMomentum } from "./_judge_momentum.ts";
import type { Look } from "./_look.ts";
import type { ResolvedProfile } from "./_resolved_profile.ts";
import type { StateMemory } from "./_state_memory.ts";
import { LATE_MS, noteTicks, shiftTicks } from "./_tick_phase.ts";
import type { Track } from "./_track.ts";

const OWED_LOOKS = 3;
const GAP_TICKS = 3;
const OVERDUE_TICKS = 3;
const UNTOLD_TICKS = 2;
const FROZEN_TICKS = 2;
const FROZEN_LOOKS = 3;
const MOST_SLIPS = 3;
const BACK_MS = 1000;

/** Follows a state from look to look by a profile's model, and says where it leaves it. */
export class Follower {
  readonly #profile: ResolvedProfile;
  readonly #memory: StateMemory;
  readonly track: Track;

  constructor(profile: ResolvedProfile, memory: StateMemory, track: Track) {
    this.#profile = profile;
    this.#memory = memory;
    this.track = track;
  }

  /** Whether a state's time tells how old it is. */
  get #hasAge(): boolean {
    return this.#profile.source.stateTime === "last-change";
  }

  /** Begins at a look, whatever was before: the first, or after the clock was set back. */
  begin(look: Look, values: readonly number[]): void {
    const tickMs = this.#profile.source.decay?.tickMs ?? 0;
    const peakMs = this.#profile.source.decay?.idle?.peakAfterMs ?? 0;
    Object.assign(this.track, {
      tickLow: look.time - tickMs,
      tickHigh: look.time,
      // nobody knows for how long it has been alone
      spokenLow: look.time - peakMs,
      spokenHigh: look.time,
      isRowKnown: false,
      stillSince: look.time,
      stillLooks: 0,
      owed: [],
    });
    this.#take(look, values);
    this.#memory.remember(look.time, values, true);
  }

  /** The account of a look, not taken in yet. */
  view(look: Look, values: readonly number[], told: Told, tolerance: number): StepView {
    const { track } = this;
    const withTold = (kinds: readonly string[], isLate: boolean): StepExplainer =>
      new StepExplainer(this.#profile, track, values, look.time, { ...told, kinds, isLate }, tolerance);
    let explainer = withTold(told.kinds, false);
    let account = explainer.explain();
    if (!account.isExplained && told.isComplete && told.kinds.length === 0 && track.owed.length > 0) {
      const late = withTold(track.owed, true);
      const lateAccount = late.explain();
      if (lateAccount.isExplained) [explainer, account] = [late, lateAccount];
    }
    const wentBack =
      look.stateTime !== undefined && track.stateTime !== null && look.stateTime < track.stateTime - BACK_MS;
    const findOld = (): ReturnType<StateMemory["find"]> =>
      this.#memory.find(track.time, values, track.values);
    return {
      profile: this.#profile,
      track,
      values,
      time: look.time,
      told,
      tolerance,
      account,
      explainer,
      wentBack,
      findOld,
    };
  }

  /** Takes a look in and says what is wrong with the step to it. */
  follow(look: Look, view: StepView): readonly Issue[] {
    const { track } = this;
    const isStill = view.values.every((value, i) => value === track.values[i] || Number.isNaN(value));
    const isQuiet = view.told.kinds.length === 0 && view.account.by !== "told";
    track.stillLooks = isStill ? track.stillLooks + 1 : 0;
    if (!isStill) track.stillSince = look.time;
    const issues: Issue[] = [];
    const isSameState =
      isStill && this.#hasAge && look.stateTime !== undefined && look.stateTime === track.stateTime;
    if (isStill && isQuiet) {
      issues.push(...this.#judgeStill(look, view));
    } else if (isSameState && !view.account.isExplained) {
      // told interactions did nothing, and the state says itself that it is the old one
      if (track.stillLooks >= FROZEN_LOOKS)
        issues.push({ kind: "frozen-source", entries: [], since: look.stateTime ?? look.time });
    } else {
      issues.push(...judgeStep(view));
      // what does not fit tells nothing of when ticks come
      noteTicks(
        this.#profile,
        track,
        look.time,
        view.account.isSure ? view.account.sure : view.account.range,
      );
      if (track.slips > MOST_SLIPS) issues.push(this.#judgeSlips(view));
    }
    issues.push(...judgeMomentum(this.#profile, track, look, view.account, view.told.isComplete));
    this.#noteSpoken(look, view);
    this.#memory.remember(look.time, view.values, !isStill);
    this.#take(look, view.values);
    return issues;
  }

  /** Nothing moved at all: in order unless ticks were due that had to move something. */
  #judgeStill(look: Look, view: StepView): readonly Issue[] {
    const { account, tolerance, values, told } = view;
    const { track } = this;
    const tickMs = this.#profile.source.decay?.tickMs ?? Infinity;
    const explainer = new StepExplainer(
      this.#profile,
      track,
      values,
      look.time,
      { ...told, kinds: [] },
      tolerance,
    );
    const due = explainer.due(account.range.least);
    if (account.range.least === 0 && account.range.most > 0)
      this.#noteNoTick(look, explainer.due(1), values, tolerance);
    const entries: IssueEntry[] = values.flatMap((value, index) => {
      const [low, high] = [due.low[index]!, due.high[index]!];
      const isDue = value < low - tolerance || value > high + tolerance;
      return isDue ? [{ index, low, high, diagnosis: "skipped" }] : [];
    });
    if (entries.length === 0) {
      shiftTicks(this.#profile, track, account.range.least);
      return [];
    }
    const owed = account.range.least;
    if (!told.isComplete && look.stateTime === undefined) return judgeStandstill(view);
    // interactions that nobody told of can have made up for every tick; a state that says that it changed had some
    if (!told.isComplete && (owed < UNTOLD_TICKS || look.stateTime !== track.stateTime)) return [];
    const since = track.stillSince;
    const isGap = look.time - track.time >= GAP_TICKS * tickMs;
    const ageMs = this.#hasAge && look.stateTime !== undefined ? look.time - look.stateTime : 0;
    const isOld = ageMs >= FROZEN_TICKS * tickMs && track.stillLooks >= FROZEN_LOOKS;
    if (isOld && owed >= FROZEN_TICKS) {
      this.#forgiveTicks(look);
      return [{ kind: "frozen-source", entries: [], since: look.stateTime ?? since }];
    }
    if (isGap) {
      this.#forgiveTicks(look);
      const note = "between two looks, as if it had been off and nobody had aged it";
      return [{ kind: "decay-off-model", entries, since: track.time, note }];
    }
    // as old as its last change: some looks more tell whether it is frozen
    if (owed < (ageMs > tickMs ? OVERDUE_TICKS + 1 : OVERDUE_TICKS)) return [];
    this.#forgiveTicks(look);
    return [{ kind: entries.length <= 2 ? "stuck" : "decay-off-model", entries, since }];
  }

  /** A tick that would have been seen was not: the latest is younger than a tick. */
  #noteNoTick(look: Look, next: Hull, values: readonly number[], tolerance: number): void {
    const isVisible = values.some(
      (value, i) => value < next.low[i]! - tolerance || value > next.high[i]! + tolerance,
    );
    const tickMs = this.#profile.source.decay?.tickMs ?? 0;
    if (isVisible)
      this.track.tickLow = Math.min(
        this.track.tickHigh,
        Math.max(this.track.tickLow, look.time - tickMs - LATE_MS),
      );
  }

  #forgiveTicks(look: Look): void {
    const tickMs = this.#profile.source.decay?.tickMs ?? 0;
    this.track.tickLow = look.time - tickMs;
    this.track.tickHigh = look.time;
  }

  #judgeSlips({ track, values, account }: StepView): Issue {
    const moved = values.flatMap((value, index) => (value === track.values[index] ? [] : [index]));
    const { low, high } = account.hull;
    track.slips = 0;
    const toEntry = (index: number): IssueEntry => ({
      index,
      low: low[index],
      high: high[index],
      diagnosis: "at other times",
    });
    return {
      kind: "decay-off-model",
      entries: moved.map(toEntry),
      since: track.time,
      note: "its ticks come at other times than the profile says",
    };
  }

  #noteSpoken(look: Look, { told, account }: StepView): void {
    const { track } = this;
    const isTold = told.kinds.length > 0;
    if (isTold || account.by !== "time") track.spokenLow = track.time;
    if (isTold || account.by !== "time" || !told.isComplete) track.spokenHigh = look.time;
    const hasWorked = account.by === "told" && account.isExplained;
    if (isTold && !account.isExplained) track.owed = told.kinds.slice(0, OWED_LOOKS);
    else if (hasWorked || !told.isComplete) track.owed = [];
    if (hasWorked && !isTold) for (const emotion of track.emotions) emotion.unmovedReactions = 0;
    if (!told.isComplete) track.isRowKnown = false;
    for (const kind of told.kinds) this.#noteKind(kind);
  }

  #noteKind(kind: string): void {
    const { track } = this;
    const deltas = this.#profile.kinds.get(kind);
    if (deltas?.every((delta) => delta === 0)) return;
    if (!deltas) {
      Object.assign(track, { lastKind: null, repeats: 0, isRowKnown: false });
      return;
    }
    if (kind !== track.lastKind) {
      // only behind another kind that was told is a row known from its beginning
      if (track.lastKind !== null) track.isRowKnown = true;
      track.repeats = 0;
    } else track.repeats++;
    track.lastKind = kind;
  }

  #take(look: Look, values: readonly number[]): void {
    Object.assign(this.track, {
      looks: this.track.looks + 1,
      platform: look.platform ?? null,
      time: look.time,
      stateTime: look.stateTime ?? null,
      values: [...values],
      momentum: look.momentum ? [...look.momentum] : null,
    });
  }
}
