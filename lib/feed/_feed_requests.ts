// This module is browser-safe.
import type { Clock } from "../base/clock.ts";
import { withDeadline } from "../base/deadline.ts";
import type { HistoryQuery, HistoryResult } from "./health_source.ts";

const TIMEOUT_MS = 10_000;

/** The host of a feed did not do what it was asked for. */
export class FeedRequestError extends Error {
  override readonly name: string = "FeedRequestError";
  /** HTTP status of the answer, if there was one. */
  readonly status: number | undefined;

  constructor(message: string, status?: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** What requests beside the feed need. */
export interface RequestOptions {
  readonly feedUrl: string;
  readonly token: string | undefined;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

/** Points of a series from the host's history. */
export async function requestHistory(
  options: RequestOptions,
  link: string | undefined,
  { key, from, to, points }: HistoryQuery,
): Promise<HistoryResult> {
  if (link === undefined) throw new FeedRequestError("Cannot fetch history: the host keeps none");
  const url = new URL(link, options.feedUrl);
  url.search = new URLSearchParams({
    key,
    from: String(Math.floor(from)),
    to: String(Math.ceil(to)),
    points: String(points),
  }).toString();
  const result: unknown = await send("fetch history", url, "GET", options, (response) => response.json());
  if (isHistory(result)) return result;
  throw new FeedRequestError("Cannot fetch history: the answer must have 'key' and 'points'");
}

/** Asks the host for an action. */
export async function requestAction(
  options: RequestOptions,
  link: string | undefined,
  id: string,
): Promise<void> {
  if (link === undefined) throw new FeedRequestError("Cannot run action: the host offers none");
  const base = new URL(link, options.feedUrl);
  const url = new URL(`${base.pathname.replace(/\/$/, "")}/${encodeURIComponent(id)}`, base);
  await send("run action", url, "POST", options, (response) => response.text());
}

async function send<T>(
  what: string,
  url: URL,
  method: string,
  options: RequestOptions,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const { token, clock, fetch: request } = options;
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const work = async (signal: AbortSignal): Promise<T> => {
    const response = await request(url, { method, headers, signal, cache: "no-store" });
    if (response.ok) return read(response);
    throw new FeedRequestError(`Cannot ${what}: ${await reasonOf(response)}`, response.status);
  };
  try {
    return await withDeadline(what, TIMEOUT_MS, work, { clock });
  } catch (error) {
    if (error instanceof FeedRequestError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new FeedRequestError(`Cannot ${what}: ${reason}`, undefined, { cause: error });
  }
}

async function reasonOf(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as { error?: unknown };
    if (typeof body.error === "string") return body.error.slice(0, 500);
  } catch {
    // no JSON: the status says enough
  }
  return `the host answered ${response.status}`;
}

function isHistory(input: unknown): input is HistoryResult {
  if (typeof input !== "object" || input === null) return false;
  const { key, points } = input as { key?: unknown; points?: unknown };
  const isPoint = (point: unknown): boolean =>
    Array.isArray(point) &&
    typeof point[0] === "number" &&
    (point[1] === null || typeof point[1] === "number");
  return typeof key === "string" && Array.isArray(points) && points.every(isPoint);
}
