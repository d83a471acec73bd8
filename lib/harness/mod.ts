/**
 * What finds defects in a companion: the environment around it, fixtures, load, assertions, and scenarios.
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
  ProcessSettings,
} from "./companion.ts";
export type {
  EnvironmentTimings,
  NetworkService,
  PlatformName,
  Reply,
  SendMessageOptions,
  TestEnvironment,
  TestEnvironmentOptions,
  Verdict,
} from "./environment.ts";
export type { HarnessEvent } from "./event_log.ts";
export type {
  Scenario,
  ScenarioEnvironment,
  ScenarioNeed,
  ScenarioOutcome,
  ScenarioResult,
  ScenarioStep,
} from "./scenario.ts";
export { testEnvironment } from "./test_environment.ts";
export {
  assertEmotionBounds,
  assertEmotionDirections,
  assertEmotions,
  assertIsolated,
  assertPersisted,
  assertReply,
  assertResponseTime,
  type AssertionOptions,
  type EmotionBoundsOptions,
  type ExpectedReply,
  type IsolationEvidence,
  type PersistedOptions,
  type PersistedState,
  type ResponseTimeOptions,
} from "./assertions.ts";
export { ageingBounds, type AgeingBounds, type AgeingOptions } from "./expected_ageing.ts";
export {
  CONVERSATION_FIXTURE_NAMES,
  type ConversationFixture,
  type ConversationFixtureName,
  conversationFixtures,
  type ConversationTurn,
  type EmotionDirection,
  type EmotionDirections,
} from "./fixtures/conversation_fixtures.ts";
export {
  emotionProgression,
  type EmotionProgressionOptions,
  euphoricEmotions,
  randomEmotions,
  stressEmotions,
} from "./fixtures/emotion_factories.ts";
export {
  EMOTION_FIXTURE_NAMES,
  type EmotionalStateOptions,
  type EmotionFixtureName,
  emotionFixtures,
  makeEmotionalState,
} from "./fixtures/emotion_fixtures.ts";
export { EMOTION_FLOORS } from "./fixtures/emotion_floors.ts";
export { type LatencyQuantiles, type LatencyState, LatencySummary } from "./load/latency_summary.ts";
export { LoadGenerator, type LoadGeneratorOptions } from "./load/load_generator.ts";
export {
  type LoadCounts,
  type LoadOutcome,
  type LoadProgress,
  type LoadReport,
  type LoadRunOptions,
  type LoadTarget,
} from "./load/load_run.ts";
export {
  type Bursts,
  EVENING_WEIGHTS,
  LOAD_PATTERN_NAMES,
  type LoadPattern,
  type LoadPatternName,
  loadPatterns,
  type TimeOfDay,
} from "./load/load_pattern.ts";
export {
  type Arrival,
  type LoadPartOptions,
  LoadPlan,
  type LoadPlanOptions,
  type PlatformMix,
  type ResumeLoadOptions,
} from "./load/load_plan.ts";
export type {
  LoadMoment,
  LoadPartPosition,
  LoadPosition,
  LoadStream,
  OpenBurst,
} from "./load/load_position.ts";
export {
  DEFAULT_MESSAGE_MIX,
  MESSAGE_KINDS,
  type MessageKind,
  type MessageMix,
  WIDE_MESSAGE_MIX,
} from "./load/message_kinds.ts";
export { CompanionApiError } from "./_companion_api.ts";
export type { ArgumentTemplate } from "./_template.ts";
export {
  type CompanionEndpoints,
  CompanionProcessError,
  ProcessCompanion,
  processCompanion,
  type ProcessCompanionOptions,
} from "./process_companion.ts";
export { runScenario, type RunScenarioOptions } from "./run_scenario.ts";
export { allScenarios, coreScenarios } from "./scenarios/all_scenarios.ts";
export { affectionResponse } from "./scenarios/affection_response.ts";
export { concurrentLoad } from "./scenarios/concurrent_load.ts";
export { crossPlatformSync } from "./scenarios/cross_platform_sync.ts";
export { emotionAmplification } from "./scenarios/emotion_amplification.ts";
export { emotionalDecay } from "./scenarios/emotional_decay.ts";
export { gracefulDegradation } from "./scenarios/graceful_degradation.ts";
export { lonelyDemeanor } from "./scenarios/lonely_demeanor.ts";
export { multiTurnConversation } from "./scenarios/multi_turn_conversation.ts";
export { persistenceVerification } from "./scenarios/persistence_verification.ts";
export { platformIsolation } from "./scenarios/platform_isolation.ts";
export { excitementRamble, lonelinessRamble, silenceWhenContent } from "./scenarios/ramble_scenarios.ts";
export { recoveryAfterCrash } from "./scenarios/recovery_after_crash.ts";
export { responseTime } from "./scenarios/response_time.ts";
export { simpleGreeting } from "./scenarios/simple_greeting.ts";
export { badInput } from "./scenarios/bad_input.ts";
export { duplicateDelivery } from "./scenarios/duplicate_delivery.ts";
export { emotionBounds } from "./scenarios/emotion_bounds.ts";
export { frozenButGreen } from "./scenarios/frozen_but_green.ts";
export { longAbsence } from "./scenarios/long_absence.ts";
export { lostResponse } from "./scenarios/lost_response.ts";
export { offlineQueue } from "./scenarios/offline_queue.ts";
export { rateLimits } from "./scenarios/rate_limits.ts";
export { reconnectStorm } from "./scenarios/reconnect_storm.ts";
export { sessionResume } from "./scenarios/session_resume.ts";
export { startWhileDown } from "./scenarios/start_while_down.ts";
export { stopWithinMessage } from "./scenarios/stop_within_message.ts";
export { describeScenarios, type DescribeScenariosOptions, ScenarioError } from "./describe_scenarios.ts";
export { type JUnitOptions, toJUnit } from "./junit_report.ts";
export {
  type HarnessRunOptions,
  type HarnessTimings,
  IntegrationTestHarness,
} from "./integration_test_harness.ts";
export { voiceBargeIn } from "./scenarios/voice_barge_in.ts";
export { voiceFailures } from "./scenarios/voice_failures.ts";
