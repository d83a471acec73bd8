import type { Scenario } from "../scenario.ts";
import { affectionResponse } from "./affection_response.ts";
import { crossPlatformSync } from "./cross_platform_sync.ts";
import { emotionAmplification } from "./emotion_amplification.ts";
import { emotionalDecay } from "./emotional_decay.ts";
import { lonelyDemeanor } from "./lonely_demeanor.ts";
import { multiTurnConversation } from "./multi_turn_conversation.ts";
import { excitementRamble, lonelinessRamble, silenceWhenContent } from "./ramble_scenarios.ts";
import { concurrentLoad } from "./concurrent_load.ts";
import { gracefulDegradation } from "./graceful_degradation.ts";
import { persistenceVerification } from "./persistence_verification.ts";
import { platformIsolation } from "./platform_isolation.ts";
import { recoveryAfterCrash } from "./recovery_after_crash.ts";
import { responseTime } from "./response_time.ts";
import { simpleGreeting } from "./simple_greeting.ts";
import { awkwardReplies } from "./awkward_replies.ts";
import { badInput } from "./bad_input.ts";
import { duplicateDelivery } from "./duplicate_delivery.ts";
import { emotionBounds } from "./emotion_bounds.ts";
import { frozenButGreen } from "./frozen_but_green.ts";
import { longAbsence } from "./long_absence.ts";
import { longConversation } from "./long_conversation.ts";
import { lostResponse } from "./lost_response.ts";
import { offlineQueue } from "./offline_queue.ts";
import { quickSuccession } from "./quick_succession.ts";
import { rateLimits } from "./rate_limits.ts";
import { readReceipts } from "./read_receipts.ts";
import { reconnectStorm } from "./reconnect_storm.ts";
import { sessionResume } from "./session_resume.ts";
import { startWhileDown } from "./start_while_down.ts";
import { stopWithinMessage } from "./stop_within_message.ts";
import { strangers } from "./strangers.ts";
import { voiceBargeIn } from "./voice_barge_in.ts";
import { voiceFailures } from "./voice_failures.ts";

/** The fifteen scenarios that every companion must pass. */
export const coreScenarios: readonly Scenario[] = [
  simpleGreeting,
  lonelyDemeanor,
  multiTurnConversation,
  emotionAmplification,
  affectionResponse,
  lonelinessRamble,
  excitementRamble,
  crossPlatformSync,
  platformIsolation,
  persistenceVerification,
  emotionalDecay,
  gracefulDegradation,
  recoveryAfterCrash,
  responseTime,
  concurrentLoad,
];

/** All scenarios. */
export const allScenarios: readonly Scenario[] = [
  ...coreScenarios,
  silenceWhenContent,
  awkwardReplies,
  badInput,
  duplicateDelivery,
  emotionBounds,
  frozenButGreen,
  longAbsence,
  longConversation,
  lostResponse,
  offlineQueue,
  quickSuccession,
  rateLimits,
  readReceipts,
  reconnectStorm,
  sessionResume,
  startWhileDown,
  stopWithinMessage,
  strangers,
  voiceBargeIn,
  voiceFailures,
];
