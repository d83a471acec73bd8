// This module is browser-safe.

/**
 * What a companion says of one of its platforms. `online` works; `degraded` works in part or slowly;
 * `connecting` is on its way back; `offline` does not work; `disabled` is switched off on purpose.
 */
export type PlatformStatus = "online" | "degraded" | "connecting" | "offline" | "disabled";

/** State of the circuit breaker that keeps a failing platform apart from the others. */
export type BreakerState = "closed" | "open" | "half-open";

/** Health of one platform, as its companion reports it. Times are milliseconds since the Unix epoch. */
export interface PlatformHealth {
  /** Lower-case name, such as `discord`, `android`, `voice`. */
  readonly name: string;
  readonly status: PlatformStatus;
  /** Since when the platform has had this status. */
  readonly since: number;
  /** Round trip of the platform's own liveness check (a heartbeat, a ping). */
  readonly latencyMs?: number | undefined;
  /** When something last came from the platform. Its age shows a connection that is frozen but looks alive. */
  readonly lastEventAt?: number | undefined;
  readonly breaker?: BreakerState | undefined;
  /** Messages handled and failures since the companion started. */
  readonly messages?: number | undefined;
  readonly errors?: number | undefined;
  /** The last failure, in one sentence, without what people wrote. */
  readonly error?: string | undefined;
}

/** Whether a platform answers its users: `online` and `degraded` do. */
export function isPlatformUp(status: PlatformStatus): boolean {
  return status === "online" || status === "degraded";
}
