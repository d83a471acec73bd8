import type { Clock } from "../base/clock.ts";
import type { VirtualClock } from "../base/virtual_clock.ts";
import type { PlatformHealth } from "../base/platform_health.ts";
import type { SeededRandom } from "../base/random.ts";
import type { EmotionalState } from "../emotion/emotional_state.ts";
import type { FaultProxy } from "../mocks/faults/fault_proxy.ts";
import type { FaultLog } from "../mocks/faults/fault_log.ts";
import type { MockAndroidClient } from "../mocks/android/mock_android_client.ts";
import type { MockDiscordOptions } from "../mocks/discord/discord_options.ts";
import type { MockDiscordServer } from "../mocks/discord/mock_discord_server.ts";
import type { MockOllamaOptions, MockOllamaServer } from "../mocks/ollama/mock_ollama_server.ts";
import type { MockVoiceOptions } from "../mocks/voice/voice_options.ts";
import type { MockVoiceServer } from "../mocks/voice/mock_voice_server.ts";
import type { Violation } from "../mocks/violations.ts";
import type { Companion, CompanionFactory } from "./companion.ts";
import type { HarnessEvent } from "./event_log.ts";
import type { LatencyQuantiles } from "./load/latency_summary.ts";

/** A platform on which the harness can speak to a companion. */
export type PlatformName = "discord" | "android" | "voice";

/** A service whose network can be made bad. */
export type NetworkService = "discord" | "ollama" | "voice";

/** Options of `testEnvironment`. */
export interface TestEnvironmentOptions {
  readonly companion: CompanionFactory;
  /** Everything random comes from it. @default {"demi-health"} */
  readonly seed?: string | number | undefined;
  /**
   * `virtual`: time passes only while it is waited for, and in `advance`. `system`: real time.
   *
   * @default {"virtual"}, and {"system"} for a companion that keeps its own time and cannot advance it
   */
  readonly time?: "virtual" | "system" | undefined;
  /** Platforms that are there. @default all that the companion has */
  readonly platforms?: readonly PlatformName[] | undefined;
  /** Whether there is a language model. @default {true} */
  readonly hasLlm?: boolean | undefined;
  readonly discord?: Omit<MockDiscordOptions, "clock" | "random" | "faultLog"> | undefined;
  readonly ollama?: Omit<MockOllamaOptions, "clock" | "random" | "faultLog"> | undefined;
  readonly voice?: Omit<MockVoiceOptions, "clock" | "random" | "faultLog"> | undefined;
  /** Services that the companion reaches through a `FaultProxy`, see `TestEnvironment.network`. @default none */
  readonly proxied?: readonly NetworkService[] | undefined;
  /** State to begin with; scenarios name one of the fixtures. */
  readonly initialEmotions?: EmotionalState | undefined;
  /** Kept when the environment ends. @default a temporary one, which is removed */
  readonly dataDirectory?: string | undefined;
  /** Whether what the companion writes to its console is shown, too. @default {false} */
  readonly showLogs?: boolean | undefined;
  /** Whether what users write is a secret that must not be in a log. Some companions log it on purpose. @default {false} */
  readonly textsAreSecret?: boolean | undefined;
  /** Real milliseconds that the companion may take to stop; then it is crashed. @default {15_000} */
  readonly stopTimeoutMs?: number | undefined;
  /**
   * Told at once of what the companion as such does wrong: an error that it does not handle, a stop that fails.
   *
   * @default the environment rejects when it ends, unless a verdict has told it
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Called when all around the companion is up and it has not started yet: the place to set up guilds or let time pass. */
  readonly prepare?: ((env: TestEnvironment) => void | Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A reply, as its user reads or hears it. */
export interface Reply {
  readonly platform: PlatformName;
  readonly user: string;
  readonly text: string;
  /** From sending the message to reading the reply, on the clock; of voices from the end of one to the begin of the other. */
  readonly responseTimeMs: number;
  /** When it was read, epoch ms of the clock. */
  readonly at: number;
}

/** Options of `TestEnvironment.sendMessage`. */
export interface SendMessageOptions {
  /** On the clock. @default {60_000} */
  readonly timeoutMs?: number | undefined;
  /** On Discord: write in this channel of the guild. @default a DM */
  readonly channel?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was seen so far. */
export interface Verdict {
  /** `not-enough-evidence` before the companion answered anything. */
  readonly outcome: "healthy" | "defect" | "not-enough-evidence";
  /** What is wrong, or what is missing, one sentence each. */
  readonly reasons: readonly string[];
  readonly violations: readonly Violation[];
  /** Those of the reasons that no mock saw: errors that it did not handle, a stop that failed, emotions that are none. */
  readonly faults: readonly string[];
}

/** How long things took. */
export interface EnvironmentTimings {
  /** Real milliseconds until the environment was up. */
  readonly setupMs: number;
  /** Response times on the clock, of all messages that were answered, by platform; absent where none was. */
  readonly replies: Readonly<Partial<Record<PlatformName, LatencyQuantiles>>>;
}

/**
 * A companion with everything around it, and a user's hands and eyes: made by `testEnvironment`, ended by
 * `await using`. Nothing of it is shared with another environment.
 */
export interface TestEnvironment extends AsyncDisposable {
  /** The seed, for the line that reproduces a failure. */
  readonly seed: string;
  readonly clock: Clock;
  /** The clock where time is virtual. */
  readonly virtualClock: VirtualClock | undefined;
  readonly random: SeededRandom;
  readonly dataDirectory: string;
  /** The companion that runs now: another object after each restart. */
  readonly companion: Companion;
  readonly isRunning: boolean;
  /** Whether the companion owes no answer that a mock knows of, and asks nothing now: a moment at which to copy its data. */
  readonly isQuiet: boolean;
  /** Address of the companion's own interface. @throws {Error} If it has none. */
  readonly companionUrl: string;
  /** What the companion wrote to its console or standard streams, the last lines. */
  readonly logLines: readonly string[];
  /** Platforms that are there, in the order in which they were asked for. */
  readonly platforms: readonly PlatformName[];
  /** @throws {Error} If the environment has no Discord; the same for the others. */
  readonly discord: MockDiscordServer;
  readonly ollama: MockOllamaServer;
  readonly voice: MockVoiceServer;
  readonly hasLlm: boolean;
  /**
   * The network between the companion and a service, which toxics make bad. Their times are those of the environment's clock.
   *
   * @throws {Error} If the service is not among `proxied`, or not there.
   */
  network(service: NetworkService): FaultProxy;
  readonly faultLog: FaultLog;
  /** What happened, the last 10,000 entries. */
  readonly events: readonly HarnessEvent[];
  readonly timings: EnvironmentTimings;

  /** The app of that user, connected on first use. */
  android(user: string): Promise<MockAndroidClient>;
  /**
   * A user says something and waits for the answer; time passes meanwhile.
   *
   * @throws {DeadlineError} If none came in time.
   */
  sendMessage(
    platform: PlatformName,
    user: string,
    text: string,
    options?: SendMessageOptions,
  ): Promise<Reply>;
  emotions(): Promise<EmotionalState>;
  health(): Promise<readonly PlatformHealth[]>;
  /** Lets time pass: real time on a system clock. */
  advance(durationMs: number): Promise<void>;
  /**
   * Result of `work`; virtual time passes meanwhile.
   *
   * @param options `limitMs`: most virtual time that may pass. @default ten days
   */
  run<T>(work: Promise<T>, options?: { readonly limitMs?: number }): Promise<T>;
  /**
   * Resolves when `holds` does, looking as often as something may have changed; time passes meanwhile.
   *
   * @param what Completes "Cannot see that ...".
   * @throws {DeadlineError} If it did not hold within `timeoutMs` of the clock. @default 60 s
   */
  until(
    what: string,
    holds: () => boolean | Promise<boolean>,
    options?: { readonly timeoutMs?: number },
  ): Promise<void>;
  /** Ends the companion gracefully and starts another with the same data directory, after `offMs` of the clock. */
  restart(options?: { readonly offMs?: number }): Promise<void>;
  /** Ends the companion without a goodbye: SIGKILL, or the in-process equal. */
  crash(): Promise<void>;
  stop(): Promise<void>;
  /** Starts a companion after {@linkcode crash} or {@linkcode stop}. */
  start(): Promise<void>;
  verdict(): Promise<Verdict>;
}
