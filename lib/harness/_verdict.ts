import { EMOTION_NAMES, type EmotionalState, parseEmotionalState } from "../emotion/emotional_state.ts";
import type { Violation, ViolationLog } from "../mocks/violations.ts";
import { CompanionApiError } from "./_companion_api.ts";
import type { Companion } from "./companion.ts";
import type { Reply, Verdict } from "./environment.ts";

/** Who saw what the companion does to it. */
export interface Watcher {
  readonly violations?: Iterable<Violation> | undefined;
}

/** The part of a reply of the model that was streamed before it was cut. */
export interface TruncatedReply {
  readonly text: string;
  readonly at: number;
}

/** What a verdict is made of. */
export interface Findings {
  readonly watched: readonly Watcher[];
  /** Number of replies that users got. */
  readonly replies: number;
  /** The state, or why it could not be read. */
  readonly emotions: EmotionalState | string | undefined;
  /** What was wrong with the companion as such, one sentence each. */
  readonly faults: readonly string[];
}

/** Emotions of a companion that runs, or why they cannot be had. */
export async function readEmotions(companion: Companion): Promise<EmotionalState | string | undefined> {
  try {
    return parseEmotionalState(await companion.emotions());
  } catch (error) {
    // one that has no such route cannot be judged by it
    if (error instanceof CompanionApiError && (error.status === 404 || error.status === 501))
      return undefined;
    return error instanceof Error ? error.message : String(error);
  }
}

/** The verdict on all that was seen. */
export function judge({ watched, replies, emotions, ...rest }: Findings): Verdict {
  const violations = watched.flatMap((each) => [...(each.violations ?? [])]);
  const faults = [...rest.faults, ...judgeEmotions(emotions)];
  const reasons = violations.map(({ source, rule, message }) => `${source}: ${rule}: ${message}`);
  reasons.push(...faults);
  if (reasons.length > 0) return { outcome: "defect", reasons, violations, faults };
  if (replies > 0) return { outcome: "healthy", reasons, violations, faults };
  return { outcome: "not-enough-evidence", reasons: ["no message was answered yet"], violations, faults };
}

function judgeEmotions(emotions: Findings["emotions"]): readonly string[] {
  if (emotions === undefined) return [];
  if (typeof emotions === "string") return [`the companion's emotions cannot be read: ${emotions}`];
  const outside = EMOTION_NAMES.filter((name) => !(emotions[name] >= 0 && emotions[name] <= 1));
  return outside.map((name) => `emotions: '${name}' must be a number from 0 to 1, got ${emotions[name]}`);
}

// A word or two may well be all that a model had to say.
const LEAST_TRUNCATED_LENGTH = 8;

/** Notes when a user was given, as if it were whole, what the model had said before it was cut. */
export function checkTruncation(
  reply: Reply,
  truncated: readonly TruncatedReply[],
  violations: ViolationLog,
): void {
  const read = reply.text.trim();
  const cut = truncated.find(({ text }) => text.trim() === read);
  if (!cut || read.length < LEAST_TRUNCATED_LENGTH) return;
  violations.record({
    rule: "truncated-stream-taken-for-complete",
    subject: reply.platform,
    message: `A reply on ${reply.platform} ends where the model's stream was cut; an incomplete one must not be passed on as it is`,
    evidence: [
      { at: cut.at, what: `the stream was cut after ${cut.text.length} characters` },
      { at: reply.at, what: `the user read ${read.length} characters` },
    ],
  });
}
