import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";
import type { ClockLedger } from "./_clock_ledger.ts";

const STEP_MS = 10;
const STEP_RATIO = 0.05;
const REACTION_MS = 2;

/**
 * Lets a clock that is held go on while a client waits for its own time limit or pause, until `over` resolves. It goes
 * in steps of at most a twentieth of the time so far; after each the client has real time to do what it then does, so
 * that this does not find the clock far ahead.
 */
export async function lendInSteps(clock: Clock, ledger: ClockLedger, over: Promise<unknown>): Promise<void> {
  if (clock === systemClock) return;
  const state = { isOver: false };
  const end = (): void => void (state.isOver = true);
  const ended = over.then(end, end);
  const startMs = clock.monotonicMs();
  while (!state.isOver && ledger.isHolding) {
    const stepMs = Math.max(STEP_MS, STEP_RATIO * (clock.monotonicMs() - startMs));
    await lend(clock, ledger, stepMs, ended);
    if (!state.isOver) await systemClock.sleep(REACTION_MS, { keepAlive: false });
  }
}

/** Lets a clock that is held go on for some time, or until `over` resolves. */
export async function lend(
  clock: Clock,
  ledger: ClockLedger,
  durationMs: number,
  over: Promise<unknown>,
): Promise<void> {
  const enough = new AbortController();
  const time = clock.sleep(durationMs, { signal: enough.signal, keepAlive: false }).catch(() => undefined);
  await ledger.waiting(Promise.race([time, over]));
  enough.abort();
}
