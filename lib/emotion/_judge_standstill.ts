// This module is browser-safe.
import type { Issue } from "./_issue.ts";
import { movesOf, type Off, type StepView, toEntries } from "./_step_view.ts";

// A state that is shown in ten steps stands still for as long as decay takes for one.
const FALL_SHARE = 0.2;
const LEAST_LOOKS = 3;

/**
 * What stands still to the last digit, look after look, while decay had to take a fifth of the range. Interactions that were not
 * told can explain any change, and not that they undid the decay exactly each time.
 */
export function judgeStandstill(view: StepView): readonly Issue[] {
  const { track, profile, explainer, account } = view;
  const { min, max } = profile.source.range;
  const byTime = explainer.byTime();
  const ripe: Off[] = [];
  for (const off of movesOf(view, byTime)) {
    const emotion = track.emotions[off.index]!;
    const value = view.values[off.index]!;
    if (off.seen !== 0 || value === min || value === max) {
      Object.assign(emotion, { stillFall: 0, stillLooks: 0 });
    } else if (off.expected !== 0) {
      if (emotion.stillLooks === 0) emotion.stillSince = track.time;
      emotion.stillLooks++;
      emotion.stillFall += Math.abs(off.expected);
      const isRipe = emotion.stillLooks >= LEAST_LOOKS && emotion.stillFall >= FALL_SHARE * (max - min);
      if (isRipe) ripe.push(off);
    }
  }
  // what was told, or time alone, is judged more closely elsewhere
  if (ripe.length === 0 || account.by === "told" || view.told.isComplete) return [];
  const since = Math.min(...ripe.map(({ index }) => track.emotions[index]!.stillSince));
  return [{ kind: "stuck", entries: toEntries(byTime, ripe, () => "unmoved"), since }];
}
