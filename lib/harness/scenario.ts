import type { Violation } from "../mocks/violations.ts";
import type { PlatformName, TestEnvironment, TestEnvironmentOptions } from "./environment.ts";

/** What a companion must have for a scenario to say anything about it. */
export type ScenarioNeed =
  | PlatformName
  | "llm"
  | "virtual-time"
  | "initial-emotions"
  | "two-platforms"
  | "rambles";

/** What a scenario may ask of its environment. */
export type ScenarioEnvironment = Partial<Omit<TestEnvironmentOptions, "companion" | "seed" | "signal">>;

/** One step of a scenario. */
export interface ScenarioStep<S extends object = object> {
  /** What it does, as a sentence, such as `Discord goes down`. */
  readonly does: string;
  /** Fails with an error that names expected, actual and where. */
  run(env: TestEnvironment, notes: S): Promise<void>;
}

/** Something that a companion must be able to do, and how that is found out. */
export interface Scenario<S extends object = object> {
  /** Lower case, such as `platform isolation`. */
  readonly name: string;
  /** What is known when it passes, in one sentence. */
  readonly proves: string;
  readonly needs: readonly ScenarioNeed[];
  /** What the steps tell one another; made anew for each run. */
  notes?(): S;
  /** How its environment differs from the usual one. */
  environment?(notes: S): ScenarioEnvironment;
  readonly steps: readonly ScenarioStep<S>[];
  /** Rules of violations that this scenario provokes itself, and does not complain of. */
  readonly provokes?: readonly Violation["rule"][] | undefined;
}

/** How a scenario ended. `skipped`: the companion lacks what it needs, which says nothing about it. */
export type ScenarioOutcome = "passed" | "failed" | "skipped" | "could-not-run";

/** A scenario that was run. */
export interface ScenarioResult {
  readonly name: string;
  readonly ok: boolean;
  readonly outcome: ScenarioOutcome;
  /** Real milliseconds. */
  readonly durationMs: number;
  /** Milliseconds on the companion's clock. */
  readonly simulatedMs: number;
  readonly seed: string;
  /** Steps that were done; the next one is where it failed. */
  readonly steps: number;
  /** Why it failed or was skipped: with the step, what was expected, what was seen. */
  readonly error?: string | undefined;
  readonly violations: readonly Violation[];
}
