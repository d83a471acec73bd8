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
  /** OpenAI-style speech routes below `url`, and the voice room beside them: see `MockVoiceServer`. */
  readonly voice?: { readonly url: string; readonly token: string } | undefined;
  /** Where the companion offers its own HTTP and websocket interface; port 0 takes a free one. */
  readonly listen?: { readonly host: string; readonly port: number } | undefined;
  /** The state to begin with where the data directory has none. Scenarios that need it are skipped where it is ignored. */
  readonly initialEmotions?: EmotionalState | undefined;
  readonly observer?: CompanionObserver | undefined;
  /** For a companion that starts a process. */
  readonly process?: ProcessSettings | undefined;
}

/** How the process of a companion differs from an ordinary one, for tests of what surrounds it. */
export interface ProcessSettings {
  /** Environment variables beside its own. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** User and group to run as; only root can ask for others. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** Memory of a companion at one moment, in bytes. */
export interface CompanionMemory {
  readonly rssBytes: number;
  readonly heapUsedBytes?: number | undefined;
  readonly externalBytes?: number | undefined;
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
  /**
   * For an external process that can skip time: lets so much pass there, and resolves when it has. One without it
   * lives on real time, and so does everything around it.
   */
  advance?(durationMs: number): Promise<void>;
  /** Defaults to the memory of its process. */
  memory?(): Promise<CompanionMemory>;
  /**
   * Whether the companion keeps time by itself, as a process of its own does: it then cannot be given a virtual clock.
   *
   * @default {false}
   */
  readonly keepsOwnTime?: boolean | undefined;
  /**
   * Whether all that it knows is in its data directory, so that another one with a copy of it goes on as this one would.
   *
   * @default {false}
   */
  readonly keepsStateInData?: boolean | undefined;
  /** What it wrote to its standard output and error, the last lines; absent where that is not known. */
  readonly logLines?: readonly string[] | undefined;
}

/** Makes a companion that has not started. */
export type CompanionFactory = () => Companion;
