import type { Clock } from "../../lib/base/clock.ts";
import { systemClock } from "../../lib/base/system_clock.ts";

// Several short looks instead of one long wait: an event loop that was blocked for a while is no stalled peer.
const LOOKS = 5;
const LOOK_MS = 10;

/**
 * Holds a virtual clock until `work` ends, but no longer than 50 ms of real time: enough for a request to arrive at a
 * peer on this machine. From then on the peer says whether time may pass; one that hangs must not stop the deadline
 * that ends the wait for it.
 *
 * @returns `work`.
 */
export function holdBriefly<T>(clock: Clock, work: Promise<T>, label: string): Promise<T> {
  if (clock === systemClock) return work;
  const { promise, resolve } = Promise.withResolvers<void>();
  let looks = 0;
  const timer = systemClock.setRepeating(() => ++looks >= LOOKS && resolve(), LOOK_MS, { keepAlive: false });
  work.then(
    () => resolve(),
    () => resolve(),
  );
  void promise.then(() => timer.cancel());
  void clock.track(promise, label);
  return work;
}
