// How fast virtual time runs: a hundred loops that sleep, on our clock, on @sinonjs/fake-timers, and on a bare heap.
import { createClock } from "@sinonjs/fake-timers";
import { SeededRandom } from "../../lib/base/random.ts";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { BareHeap } from "./_bare_heap.ts";

/** Events a second of one round. */
export interface ClockSpeeds {
  readonly ours: number;
  readonly sinon: number;
  readonly bareHeap: number;
}

const PENDING = 100;
const LONGEST_SLEEP_MS = 1000;

/** Loops that sleep, over and over, until so many sleeps are over. */
class Sleepers {
  readonly done: Promise<void>;
  readonly #sleep: (delayMs: number) => Promise<void>;
  readonly #delaysMs: Float64Array;
  readonly #finish: () => void;
  left: number;

  constructor(events: number, sleep: (delayMs: number) => Promise<void>) {
    const random = new SeededRandom("sleepers");
    this.#delaysMs = Float64Array.from({ length: 8192 }, () => random.next() * LONGEST_SLEEP_MS);
    this.#sleep = sleep;
    this.left = events;
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.done, this.#finish] = [promise, resolve];
    for (let i = 0; i < PENDING; i++) void this.#loop();
  }

  async #loop(): Promise<void> {
    while (this.left > 0) {
      await this.#sleep(this.#delaysMs[this.left & 8191]!);
      if (--this.left === 0) this.#finish();
    }
  }
}

async function eventsPerSecond(events: number, run: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await run();
  return (events * 1000) / (performance.now() - startMs);
}

async function runOurs(events: number): Promise<void> {
  const clock = new VirtualClock();
  const { done } = new Sleepers(events, (delayMs) => clock.sleep(delayMs));
  await clock.advanceUntil(done, { limitMs: events * LONGEST_SLEEP_MS });
}

async function runSinon(events: number): Promise<void> {
  const clock = createClock();
  const sleepers = new Sleepers(
    events,
    (delayMs) => new Promise((resolve) => void clock.setTimeout(() => resolve(), delayMs)),
  );
  while (sleepers.left > 0) await clock.nextAsync();
}

/** The limit: it waits for two promise callbacks, as many as these loops need, and never lets the event loop turn. */
async function runBareHeap(events: number): Promise<void> {
  const heap = new BareHeap();
  let nowMs = 0;
  const sleepers = new Sleepers(
    events,
    (delayMs) => new Promise((resolve) => heap.push(nowMs + delayMs, resolve)),
  );
  while (sleepers.left > 0) {
    const { due, callback } = heap.pop();
    nowMs = due;
    callback();
    await Promise.resolve();
    await Promise.resolve();
  }
}

/** One round of each. */
export async function measureClocks(): Promise<ClockSpeeds> {
  const [many, few] = [1_000_000, 200_000];
  return {
    ours: await eventsPerSecond(many, () => runOurs(many)),
    sinon: await eventsPerSecond(few, () => runSinon(few)),
    bareHeap: await eventsPerSecond(many, () => runBareHeap(many)),
  };
}
