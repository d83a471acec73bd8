import type { Clock } from "../base/clock.ts";
import type { EmotionFinding } from "../emotion/emotion_finding.ts";
import { EmotionMonitor } from "../emotion/emotion_monitor.ts";
import type { EmotionProfile } from "../emotion/emotion_profile.ts";
import type { EmotionReport } from "../emotion/emotion_report.ts";
import type { EmotionalState } from "../emotion/emotional_state.ts";

/** Where an {@linkcode EmotionWatch} goes on: at a moment of rest. */
export interface EmotionWatchState {
  readonly monitor: unknown;
  readonly answered: number;
  readonly hasRestarted: boolean;
}

/** Tells an emotion monitor what happened between two looks: how many messages, and whether the companion was off. */
export class EmotionWatch {
  readonly #monitor: EmotionMonitor;
  #open = 0;
  #answered: number;
  #hasRestarted: boolean;

  constructor(profile: EmotionProfile | undefined, clock: Clock, from?: EmotionWatchState) {
    this.#monitor = from
      ? EmotionMonitor.fromJSON(from.monitor, { clock })
      : new EmotionMonitor({ profile, clock, causesAreTold: true });
    this.#answered = from?.answered ?? 0;
    this.#hasRestarted = from?.hasRestarted ?? false;
  }

  /** A message is on its way. */
  sent(): void {
    this.#open++;
  }

  /** It was answered, or given up. */
  over(): void {
    this.#open--;
    this.#answered++;
  }

  restarted(): void {
    this.#hasRestarted = true;
  }

  /** @throws {TypeError} If the state has not the profile's form. */
  look(emotions: EmotionalState): readonly EmotionFinding[] {
    // one that is on its way may have moved her already
    const messages = Array.from({ length: this.#answered + this.#open }, () => "message");
    const cause = [...(this.#hasRestarted ? ["restart"] : []), ...messages];
    this.#answered = 0;
    this.#hasRestarted = false;
    return this.#monitor.observe(emotions, { cause: cause.length > 0 ? cause : "none" });
  }

  report(): EmotionReport {
    return this.#monitor.report();
  }

  toJSON(): EmotionWatchState {
    return { monitor: this.#monitor.toJSON(), answered: this.#answered, hasRestarted: this.#hasRestarted };
  }
}
