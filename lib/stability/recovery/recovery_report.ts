import type { RecoveryCaseName } from "./recovery_case.ts";

/** How a case ended. `not-possible`: this machine, or this kind of companion, does not allow it. */
export type RecoveryOutcome = "passed" | "failed" | "not-possible" | "not-enough-evidence";

/** How long it took until everybody was answered again, over all rounds, in real milliseconds. */
export interface RecoveryTimes {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** A round of a case. */
export interface RecoveryRound {
  /** From 0. */
  readonly round: number;
  readonly outcome: RecoveryOutcome;
  /** What was done. */
  readonly did: string;
  /** What is wrong, or why nothing was found out, one sentence each. */
  readonly sentences: readonly string[];
}

/** A case with its rounds. */
export interface RecoveryCaseResult {
  readonly name: RecoveryCaseName;
  readonly proves: string;
  readonly outcome: RecoveryOutcome;
  /** The answer, in one sentence. */
  readonly sentence: string;
  readonly rounds: readonly RecoveryRound[];
  /** Messages that were answered and looked for afterwards, over all rounds. */
  readonly acknowledged: number;
  /** Absent where it never came back. */
  readonly timeToRecoverMs?: RecoveryTimes | undefined;
  /** Real milliseconds. */
  readonly durationMs: number;
}

/** What a {@linkcode RecoveryTest} found out. */
export interface RecoveryReport {
  /** `defect` where a case failed; `not-enough-evidence` where none did, and not all could be tried. */
  readonly outcome: "healthy" | "defect" | "not-enough-evidence";
  readonly cases: readonly RecoveryCaseResult[];
  readonly seed: string;
  readonly roundsPerCase: number;
  readonly timeToRecoverMs?: RecoveryTimes | undefined;
  readonly durationMs: number;
}
