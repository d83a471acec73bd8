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

const STATUSES: readonly unknown[] = ["online", "degraded", "connecting", "offline", "disabled"];
const NUMBERS = ["latencyMs", "lastEventAt", "messages", "errors"] as const;

/**
 * Health of one platform from outside: the fields of {@linkcode PlatformHealth}, the unknown ones left out.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parsePlatformHealth } from "demi-health/base";
 *
 * assert.equal(parsePlatformHealth({ name: "discord", status: "online", since: 0 }).status, "online");
 * ```
 *
 * @throws {TypeError} If a field is missing or not what it must be; the message names it.
 */
export function parsePlatformHealth(input: unknown): PlatformHealth {
  if (typeof input !== "object" || input === null) throw notA("an object", "platform", input);
  const { name, status, since, breaker, error, ...rest } = input as Record<string, unknown>;
  if (typeof name !== "string" || name === "") throw notA("a text", "name", name);
  if (!STATUSES.includes(status)) throw notA(`one of ${STATUSES.join(", ")}`, `status of ${name}`, status);
  if (!Number.isFinite(since)) throw notA("epoch ms", `since of ${name}`, since);
  for (const field of NUMBERS) {
    const value = rest[field];
    if (value !== undefined && value !== null && !Number.isFinite(value)) {
      throw notA("a finite number", `${field} of ${name}`, value);
    }
  }
  const numbers = Object.fromEntries(NUMBERS.map((field) => [field, rest[field] ?? undefined]));
  return {
    name,
    status: status as PlatformStatus,
    since: since as number,
    ...numbers,
    breaker: breaker === "open" || breaker === "half-open" || breaker === "closed" ? breaker : undefined,
    error: typeof error === "string" ? error : undefined,
  };
}

function notA(rule: string, what: string, given: unknown): TypeError {
  return new TypeError(`Cannot parse platform health: '${what}' must be ${rule}, got ${String(given)}`);
}
