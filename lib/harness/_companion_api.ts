import { type Agent, request } from "undici";
import { type BreakerState, parsePlatformHealth, type PlatformHealth } from "../base/platform_health.ts";

const TIMEOUT_MS = 10_000;

/** A companion's HTTP interface did not answer as it must. */
export class CompanionApiError extends Error {
  override readonly name: string = "CompanionApiError";
  /** 0 where there was no answer. */
  readonly status: number;

  constructor(message: string, status: number, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

/** What is asked of a companion. */
export interface ApiCall {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly token?: string | undefined;
  readonly body?: object | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * The JSON that a companion answers.
 *
 * @throws {CompanionApiError} If it does not answer, or not with a 2xx and JSON.
 */
export async function callCompanion(agent: Agent, call: ApiCall): Promise<unknown> {
  const { method, url, token, body, timeoutMs = TIMEOUT_MS } = call;
  const what = `${method} ${new URL(url).pathname}`;
  try {
    const response = await request(url, {
      method,
      dispatcher: agent,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body && { "content-type": "application/json" }),
      },
      body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.body.text();
    const { statusCode } = response;
    if (statusCode < 200 || statusCode > 299) {
      const given = `HTTP ${statusCode} ${text.slice(0, 200)}`;
      throw new CompanionApiError(
        `Cannot ask the companion: ${what} must be a 2xx, got ${given}`,
        statusCode,
      );
    }
    return text === "" ? undefined : JSON.parse(text);
  } catch (error) {
    if (error instanceof CompanionApiError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CompanionApiError(`Cannot ask the companion: ${what} must give JSON, got ${reason}`, 0, error);
  }
}

/**
 * Health of platforms from `{platforms: {name: {status, duration_ms, error, last_check, …}}}`, as Demi's dashboard
 * serves it, or from a list of {@linkcode PlatformHealth}.
 *
 * @throws {TypeError} If it is neither; the message names what is wrong.
 */
export function parsePlatforms(input: unknown): readonly PlatformHealth[] {
  if (Array.isArray(input)) return input.map(parsePlatformHealth);
  const { platforms } = (input ?? {}) as { platforms?: unknown };
  if (typeof platforms !== "object" || platforms === null) {
    const given = JSON.stringify(input)?.slice(0, 200);
    throw new TypeError(`Cannot parse platforms: 'platforms' must be an object, got ${given}`);
  }
  if (Array.isArray(platforms)) return platforms.map(parseNamedEntry);
  return Object.entries(platforms).map(([name, entry]) => parseEntry(name, entry as Record<string, unknown>));
}

function parseNamedEntry(entry: unknown, index: number): PlatformHealth {
  const { name } = (entry ?? {}) as { readonly name?: unknown };
  if (typeof name === "string" && name !== "") return parseEntry(name, entry as Record<string, unknown>);
  const given = JSON.stringify(entry)?.slice(0, 200);
  throw new TypeError(`Cannot parse platforms: 'platforms.${index}.name' must be a text, got ${given}`);
}

function parseEntry(name: string, entry: Record<string, unknown>): PlatformHealth {
  const { status, duration_ms, error, last_check, since, last_event_at, breaker, messages, errors } = entry;
  const parsed = parsePlatformHealth({
    name,
    status: toStatus(status),
    since: toTime(since) ?? toTime(last_check) ?? 0,
    latencyMs: duration_ms,
    lastEventAt: toTime(last_event_at),
    messages,
    errors,
  });
  return {
    ...parsed,
    error: typeof error === "string" ? error : undefined,
    breaker: breaker as BreakerState | undefined,
  };
}

const STATUS_WORDS: Readonly<Record<string, string>> = {
  healthy: "online",
  ok: "online",
  up: "online",
  unhealthy: "offline",
  error: "offline",
  down: "offline",
  unknown: "offline",
};

function toStatus(status: unknown): unknown {
  return typeof status === "string" ? (STATUS_WORDS[status] ?? status) : status;
}

function toTime(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
