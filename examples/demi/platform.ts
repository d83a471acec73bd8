import type { Clock } from "../../lib/base/clock.ts";
import type { PlatformHealth, PlatformStatus } from "../../lib/base/platform_health.ts";
import type { CompanionObserver } from "../../lib/harness/companion.ts";
import type { CircuitBreaker } from "./circuit_breaker.ts";
import type { Ramble, StoredMessage } from "./storage.ts";

/** A place where people talk with Demi. One that fails must not be noticed on the others. */
export interface Platform {
  readonly name: string;
  /** Begins; resolves also when the platform is not to be reached, and goes on trying. */
  start(): Promise<void>;
  health(): PlatformHealth;
  /** Where a ramble would be heard now: messages to save before it is said. */
  addressRamble(ramble: Ramble): readonly StoredMessage[];
  /** Says a ramble that has been saved. */
  sayRamble(ramble: Ramble, messages: readonly StoredMessage[]): Promise<void>;
  /** Takes no more messages. */
  pause(): void;
  stop(): Promise<void>;
  crash(): void;
}

const SILENT_AFTER = 3;

/** What a platform keeps to be able to say how it is. */
export class PlatformRecord {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #observer: CompanionObserver | undefined;
  #status: PlatformStatus = "connecting";
  #since: number;
  #messages = 0;
  #errors = 0;
  #error: string | undefined;
  #failedInARow = 0;
  #isSilent = false;
  /** When something last came from the platform, epoch ms of the clock. */
  lastEventAt: number | undefined;

  constructor(name: string, clock: Clock, observer: CompanionObserver | undefined) {
    this.#name = name;
    this.#clock = clock;
    this.#observer = observer;
    this.#since = clock.now();
  }

  get status(): PlatformStatus {
    return this.#status;
  }

  set status(status: PlatformStatus) {
    if (status !== this.#status) this.#since = this.#clock.now();
    this.#status = status;
    this.#isSilent = false;
    if (status === "online") this.#error = undefined;
  }

  /** Notes that something came from the platform. */
  touch(): void {
    this.lastEventAt = this.#clock.now();
  }

  /** Counts a failure and notes it. */
  fail(doing: string, error: unknown): void {
    this.#errors++;
    this.note(doing, error);
  }

  /** Notes a failure, by its kind and never by its text, which may hold what people wrote. */
  note(doing: string, error: unknown): void {
    this.#error = `Cannot ${doing}: ${describeError(error)}`;
  }

  /** Counts a message and tells the observer. Who answers nobody is not online, whatever the connection says. */
  handled(startedAtMs: number, ok: boolean): void {
    this.#messages++;
    this.#failedInARow = ok ? 0 : this.#failedInARow + 1;
    if (this.#failedInARow >= SILENT_AFTER && this.#status === "online") {
      this.status = "offline";
      this.#isSilent = true;
    } else if (ok && this.#isSilent) this.status = "online";
    const responseTimeMs = this.#clock.monotonicMs() - startedAtMs;
    this.#observer?.messageHandled?.({ platform: this.#name, responseTimeMs, ok });
  }

  toHealth(breaker: CircuitBreaker, more: Partial<PlatformHealth> = {}): PlatformHealth {
    return {
      name: this.#name,
      status: this.#status,
      since: this.#since,
      lastEventAt: this.lastEventAt,
      breaker: breaker.state,
      messages: this.#messages,
      errors: this.#errors,
      error: this.#error,
      ...more,
    };
  }
}

/** Kind of an error: its system or HTTP code, or else its class. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code, status, cause, errstr } = error as unknown as Readonly<Record<string, unknown>>;
  if (typeof errstr === "string") return errstr; // SQLite's own words, such as "database or disk is full"
  if (typeof code === "string") return code;
  if (typeof status === "number") return `HTTP ${status}`;
  return cause instanceof Error ? describeError(cause) : error.name;
}
