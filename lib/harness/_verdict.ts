import { EMOTION_NAMES, type EmotionalState } from "../emotion/emotional_state.ts";
import type { Violation } from "../mocks/violations.ts";
import type { Verdict } from "./environment.ts";

/** Who saw what the companion does to it. */
export interface Watcher {
  readonly violations?: Iterable<Violation> | undefined;
}

/** What a verdict is made of. */
export interface Findings {
  readonly watched: readonly Watcher[];
  /** Number of replies that users got. */
  readonly replies: number;
  readonly emotions: EmotionalState | undefined;
}

/** The verdict on all that was seen. */
export function judge({ watched, replies, emotions }: Findings): Verdict {
  const violations = watched.flatMap((each) => [...(each.violations ?? [])]);
  const reasons = violations.map(({ source, rule, message }) => `${source}: ${rule}: ${message}`);
  for (const name of EMOTION_NAMES) {
    const value = emotions?.[name];
    if (value !== undefined && !(value >= 0 && value <= 1)) {
      reasons.push(`emotions: '${name}' must be a number from 0 to 1, got ${value}`);
    }
  }
  if (reasons.length > 0) return { outcome: "defect", reasons, violations };
  if (replies > 0) return { outcome: "healthy", reasons, violations };
  return { outcome: "not-enough-evidence", reasons: ["no message was answered yet"], violations };
}
