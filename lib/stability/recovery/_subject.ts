import type { Clock } from "../../base/clock.ts";
import { sleepOn } from "../../base/clock.ts";
import type { PlatformHealth } from "../../base/platform_health.ts";
import type { EmotionalState } from "../../emotion/emotional_state.ts";
import type {
  Companion,
  CompanionEnvironment,
  CompanionFactory,
  CompanionMemory,
  ProcessSettings,
} from "../../harness/companion.ts";

/** What surrounds a companion, and can be changed under it. */
export class Surroundings {
  /** How far its wall clock is from the true one; looked at with every reading. */
  clockOffsetMs = 0;
  /** How its next process differs. */
  process: ProcessSettings | undefined;
  /** The companion that was made last. */
  companion: Companion | undefined;

  /** Makes the companions of `factory`, in these surroundings. */
  around(factory: CompanionFactory): CompanionFactory {
    return () => {
      this.companion = factory();
      return new Subject(this.companion, this);
    };
  }
}

/** A companion whose surroundings are not what they seem. */
class Subject implements Companion {
  readonly advance?: (durationMs: number) => Promise<void>;
  readonly memory?: () => Promise<CompanionMemory>;
  readonly #inner: Companion;
  readonly #surroundings: Surroundings;

  constructor(inner: Companion, surroundings: Surroundings) {
    this.#inner = inner;
    this.#surroundings = surroundings;
    if (inner.advance) this.advance = (durationMs) => inner.advance!(durationMs);
    if (inner.memory) this.memory = () => inner.memory!();
  }

  get url(): string | undefined {
    return this.#inner.url;
  }

  get keepsOwnTime(): boolean {
    return this.#inner.keepsOwnTime ?? false;
  }

  get keepsStateInData(): boolean {
    return this.#inner.keepsStateInData ?? false;
  }

  get logLines(): readonly string[] {
    return this.#inner.logLines ?? [];
  }

  start(env: CompanionEnvironment): Promise<void> {
    const surroundings = this.#surroundings;
    const clock = shiftedClock(env.clock, () => surroundings.clockOffsetMs);
    return this.#inner.start({ ...env, clock, process: surroundings.process });
  }

  stop(): Promise<void> {
    return this.#inner.stop();
  }

  crash(): Promise<void> {
    return this.#inner.crash();
  }

  emotions(): Promise<EmotionalState> {
    return this.#inner.emotions();
  }

  health(): Promise<readonly PlatformHealth[]> {
    return this.#inner.health();
  }
}

/** `clock`, whose wall clock was set: what it measures and its timers are as before. */
function shiftedClock(clock: Clock, offsetMs: () => number): Clock {
  const shifted: Clock = {
    now: () => clock.now() + offsetMs(),
    monotonicMs: () => clock.monotonicMs(),
    setTimer: (callback, delayMs, options) => clock.setTimer(callback, delayMs, options),
    setRepeating: (callback, intervalMs, options) => clock.setRepeating(callback, intervalMs, options),
    sleep: (delayMs, options) => sleepOn(shifted, delayMs, options),
    track: (work, label) => clock.track(work, label),
  };
  return shifted;
}
