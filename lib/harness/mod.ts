/**
 * What a companion is to the harness.
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
