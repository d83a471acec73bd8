import type { SeededRandom } from "../../base/random.ts";
import type { AgeingModel } from "./ageing_model.ts";
import type { CompanionFactory } from "../../harness/companion.ts";
import type { FileLayer } from "./file_layer.ts";

/** What can happen to a companion and its disk. */
export const RECOVERY_CASE_NAMES = [
  "graceful restart",
  "killed within a message",
  "killed during a save",
  "killed during the start",
  "long absence",
  "corrupt state file",
  "power loss",
  "full disk",
  "read-only directory",
  "clock jump",
  "restored backup",
] as const;

/** Name of one of the cases of `RecoveryTest`. */
export type RecoveryCaseName = (typeof RECOVERY_CASE_NAMES)[number];

/** What a round of a case has to do with. */
export interface RoundContext {
  readonly companion: CompanionFactory;
  /** From 0: what differs between rounds follows from it and from `random`. */
  readonly round: number;
  readonly seed: string;
  readonly random: SeededRandom;
  readonly ageing: AgeingModel;
  /** Rejects with a `Hindrance` where it cannot be. */
  layer(): Promise<FileLayer>;
  readonly signal: AbortSignal | undefined;
}

/** How a round ended; what went wrong in it is thrown. */
export interface RoundResult {
  /** What was done in this round, such as `killed at operation 7 of a save`. */
  readonly did: string;
  readonly complaints: readonly string[];
  readonly recoveriesMs: readonly number[];
  /** Messages whose users had read the answer before. */
  readonly acknowledged: number;
}

/** One thing that can happen, and how it is made to. */
export interface RecoveryCase {
  readonly name: RecoveryCaseName;
  /** What is known when it passes, in one sentence. */
  readonly proves: string;
  /** Its ways, in the order in which the rounds take them: with fewer rounds not all are tried. */
  readonly ways: readonly string[];
  run(context: RoundContext): Promise<RoundResult>;
}
