import { Backoff, type BackoffOptions } from "../../base/backoff.ts";
import { systemClock } from "../../base/system_clock.ts";

/** Options of {@linkcode keepTrying}. */
export interface KeepTryingOptions extends BackoffOptions {
  readonly signal: AbortSignal;
  readonly isWanted: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Tries again and again, after growing delays of real time, until it is done or not wanted any more. */
export async function keepTrying(work: () => Promise<void>, options: KeepTryingOptions): Promise<void> {
  const { signal, isWanted, onError, initialMs = 500, ...rest } = options;
  const backoff = new Backoff({ initialMs, ...rest });
  while (!signal.aborted && isWanted()) {
    try {
      await systemClock.sleep(backoff.next(), { signal, keepAlive: false });
      if (isWanted()) await work();
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
  }
}
