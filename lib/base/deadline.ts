// This module is browser-safe.
import type { Clock } from "./clock.ts";
import { systemClock } from "./system_clock.ts";

/** Work did not end in the time that it was given. */
export class DeadlineError extends Error {
  override readonly name: string = "DeadlineError";
  /** What had to be done. */
  readonly what: string;
  readonly timeoutMs: number;

  constructor(what: string, timeoutMs: number) {
    super(`Cannot ${what}: it took longer than ${timeoutMs} ms`);
    this.what = what;
    this.timeoutMs = timeoutMs;
  }
}

/** Options of {@linkcode withDeadline}. */
export interface DeadlineOptions {
  /** @default {systemClock} */
  clock?: Clock | undefined;
  /** Aborts the work from outside; its reason is what the promise rejects with. */
  signal?: AbortSignal | undefined;
}

/**
 * Result of `work`, which is given a signal that aborts when the time is up.
 *
 * @param what Ends the sentence "Cannot …" of the error, such as `"fetch the model list"`.
 * @throws {DeadlineError} When the time is up, whether or not `work` minds its signal.
 */
export async function withDeadline<T>(
  what: string,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
  options: DeadlineOptions = {},
): Promise<T> {
  const { clock = systemClock, signal } = options;
  signal?.throwIfAborted();
  const controller = new AbortController();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    controller.abort(reason);
    reject(reason);
  };
  const forward = (): void => end(signal?.reason);
  signal?.addEventListener("abort", forward, { once: true });
  const timer = clock.setTimer(() => end(new DeadlineError(what, timeoutMs)), timeoutMs);
  try {
    return await Promise.race([work(controller.signal), aborted]);
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", forward);
  }
}
