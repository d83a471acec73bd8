// This module is browser-safe.
import type { EmotionFindingKind } from "./emotion_finding.ts";

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
