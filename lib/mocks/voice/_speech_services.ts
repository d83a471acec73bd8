import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { ClockLedger } from "../_clock_ledger.ts";
import type { FaultInjector } from "../faults/fault_injector.ts";
import type { ViolationLog } from "../violations.ts";
import type { Activity } from "./_activity.ts";
import type { Answer } from "./_answer.ts";
import type { VoiceFault } from "./voice_faults.ts";
import type { MockVoiceOptions, ResolvedVoiceTiming } from "./voice_options.ts";

/** What the routes of the mock share. */
export interface SpeechServices {
  readonly clock: Clock;
  readonly ledger: ClockLedger;
  readonly activity: Activity;
  readonly random: SeededRandom;
  readonly faults: FaultInjector<VoiceFault>;
  readonly violations: ViolationLog;
  readonly timing: ResolvedVoiceTiming;
  readonly models: readonly string[];
  readonly transcripts: MockVoiceOptions["transcripts"];
  readonly stallLimitMs: number;
}

/** What is known of a request when it has been answered. */
export interface AnsweredRequest {
  readonly model: string;
  readonly audioMs: number;
  /** Whether a client that looks at the answer sees that it is no good, and may ask again. */
  readonly isSpoilt: boolean;
}

/** Leaves a client without an answer until it hangs up; one that does not do so in time has no time limit. */
export function stallAnswer(answer: Answer, route: string, services: SpeechServices): Promise<never> {
  const { clock, stallLimitMs, violations } = services;
  const since = clock.now();
  return answer.stall(stallLimitMs, () => {
    const seconds = stallLimitMs / 1000;
    violations.record({
      rule: "no-timeout-on-stalled-stream",
      subject: route,
      message: `Still waited for ${route} ${seconds} s after it had stopped answering: a request needs a time limit of its own`,
      evidence: [
        { at: since, what: `${route} stopped in the middle, with the connection open` },
        { at: clock.now(), what: "the client had not hung up" },
      ],
    });
  });
}

/** A delay around its mean. */
export function withJitter(meanMs: number, { timing }: SpeechServices, random: SeededRandom): number {
  return meanMs * (1 + timing.jitterRatio * (2 * random.next() - 1));
}
