import type { Clock } from "../base/clock.ts";
import type { CompanionObserver } from "../base/companion_observer.ts";
import type { PlatformHealth } from "../base/platform_health.ts";
import type { EmotionalState } from "../emotion/emotional_state.ts";

export type { CompanionObserver, HandledMessage, LlmCall } from "../base/companion_observer.ts";

/** Where a companion finds the services it talks to. An absent one is not there, and the companion lives without. */
export interface CompanionEnvironment {
  /** The only place where the companion keeps anything. */
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly discord?: { readonly apiUrl: string; readonly token: string } | undefined;
  readonly ollama?: { readonly url: string; readonly model: string } | undefined;
  /** Where the companion offers its own HTTP and websocket interface; port 0 takes a free one. */
  readonly listen?: { readonly host: string; readonly port: number } | undefined;
  readonly observer?: CompanionObserver | undefined;
}

/**
 * What the harness and the stability test drive: in this process, or a process of its own in any language. Messages
 * do not enter here: they enter through the platforms, as a user's do.
 */
export interface Companion {
  start(env: CompanionEnvironment): Promise<void>;
  /** Graceful: what was received is answered, everything is saved and closed. */
  stop(): Promise<void>;
  /** No goodbye: SIGKILL, or in this process its equal: sockets reset, timers dropped, nothing saved. */
  crash(): Promise<void>;
  emotions(): Promise<EmotionalState>;
  health(): Promise<readonly PlatformHealth[]>;
  /** Address of the companion's own HTTP interface, once started. */
  readonly url?: string | undefined;
  /** For an external process that can skip time. */
  advance?(durationMs: number): Promise<void>;
}

/** Makes a companion that has not started. */
export type CompanionFactory = () => Companion;
