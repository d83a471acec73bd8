/**
 * Runs a companion with everything around it, speaks to it as its users do, and says what it did wrong.
 *
 * @module
 */
export type {
  Companion,
  CompanionEnvironment,
  CompanionFactory,
  CompanionObserver,
  HandledMessage,
  LlmCall,
} from "./companion.ts";
export type {
  PlatformName,
  Reply,
  SendMessageOptions,
  TestEnvironment,
  TestEnvironmentOptions,
  Verdict,
} from "./environment.ts";
export type { HarnessEvent } from "./event_log.ts";
export type { Scenario, ScenarioNeed, ScenarioOutcome, ScenarioResult, ScenarioStep } from "./scenario.ts";
export { testEnvironment } from "./test_environment.ts";
