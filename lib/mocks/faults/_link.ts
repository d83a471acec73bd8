import type { Clock, ClockTimer } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import { systemClock } from "../../base/system_clock.ts";
import { ClockLedger } from "../_clock_ledger.ts";
import { makeStage } from "./_make_stage.ts";
import { PASS, type Piece, type Stage, type StageOutput } from "./_stage.ts";
import type { Toxic } from "./toxics.ts";

// What may wait before a delay: beyond it the sender is no longer read, so that memory stays bounded. The number of
// chunks is Toxiproxy's.
const MAX_WAITING_CHUNKS = 1024;
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

// Real time: the server's own waits are over by then, so that they lend no more of a virtual clock.
const SEEN_MS = 15;

/** What is passed from link to link: data, or the end after so many bytes. */
export type Item = Piece | { readonly endsAt: number };

/** What a {@linkcode Link} works with. */
export interface LinkBasis {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Aborts when nobody waits for the connection any more. */
  readonly abandoned: AbortSignal;
  readonly pass: (item: Item) => Promise<void>;
  readonly close: () => void;
  readonly reset: () => void;
  readonly record: (toxic: Toxic, offset: number) => void;
  /** It was retired, and what had entered has left it. */
  readonly onEmpty: () => void;
}

/** One toxic's place in a direction of a connection: a queue, and a worker that takes from it. */
export class Link {
  readonly #basis: LinkBasis;
  readonly #queue: Item[] = [];
  #stage: Stage = PASS;
  #output: StageOutput;
  #over = new AbortController();
  #isWorking = false;
  #isRetired = false;
  #waitingBytes = 0;
  #transmitted = 0;
  #endsAt = 0;
  #onRoom: (() => void) | undefined;

  constructor(basis: LinkBasis) {
    this.#basis = basis;
    this.#output = this.#makeOutput(undefined);
  }

  /** Puts a toxic at work; what the one before held back is passed at once. */
  set(toxic: Toxic): void {
    this.#isRetired = false;
    this.#change(toxic, makeStage(toxic));
  }

  /** Ends the toxic. All passes from now on, until the link is empty and can be taken out. */
  retire(): void {
    this.#stage.removed?.(this.#output);
    this.#isRetired = true;
    this.#change(undefined, PASS);
    if (!this.#isWorking) this.#basis.onEmpty();
  }

  /** The connection has ended. */
  stop(): void {
    this.#queue.length = 0;
    this.#over.abort();
    this.#onRoom?.();
  }

  /** Resolves when there is room for more. */
  async put(item: Item): Promise<void> {
    this.#queue.push(item);
    if ("data" in item) this.#waitingBytes += item.data.length;
    if (!this.#isWorking) void this.#work();
    if (!this.#isFull()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onRoom = resolve;
    await promise;
  }

  #isFull(): boolean {
    const most = this.#stage.isBuffered ? MAX_WAITING_CHUNKS : 0;
    return this.#queue.length > most || this.#waitingBytes > MAX_WAITING_BYTES;
  }

  #change(toxic: Toxic | undefined, stage: Stage): void {
    const before = this.#over;
    this.#over = new AbortController();
    this.#stage = stage;
    this.#output = this.#makeOutput(toxic);
    before.abort();
    stage.start?.(this.#output);
    if (!this.#isFull()) this.#onRoom?.();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let item = this.#queue.shift(); item !== undefined; item = this.#queue.shift()) {
      if ("data" in item) this.#waitingBytes -= item.data.length;
      if (!this.#isFull()) this.#onRoom?.();
      if ("data" in item) await this.#stage.take(item, this.#output);
      else await this.#end(item.endsAt);
    }
    this.#isWorking = false;
    if (this.#isRetired) this.#basis.onEmpty();
  }

  async #end(endsAt: number): Promise<void> {
    this.#endsAt = endsAt;
    if (this.#stage.end) await this.#stage.end(endsAt, this.#output);
    else await this.#output.end();
  }

  #makeOutput(toxic: Toxic | undefined): StageOutput {
    const { clock, random, abandoned, pass, close, reset, record } = this.#basis;
    const over = this.#over.signal;
    const count = (bytes = 0): number => (this.#transmitted += bytes);
    let hasStruck = false;
    return {
      clock,
      random,
      get transmitted() {
        return count();
      },
      async pass(piece) {
        count(piece.data.length);
        await pass(piece);
      },
      end: () => pass({ endsAt: this.#endsAt }),
      close: () => (over.aborted ? undefined : endSeen(clock, close)),
      reset: () => (over.aborted ? undefined : endSeen(clock, reset)),
      struck(offset) {
        if (toxic && !hasStruck) record(toxic, offset);
        hasStruck = true;
      },
      sleep: (delayMs) => sleep(clock, delayMs, over),
      stall: () => stall(clock, over, abandoned),
      setTimer: (callback, delayMs) => setTimer(clock, callback, delayMs, over),
    };
  }
}

/** Ends a connection. A clock that can stand still does so until both peers had the time to see it. */
function endSeen(clock: Clock, end: () => void): void {
  end();
  if (clock !== systemClock) void clock.track(systemClock.sleep(SEEN_MS, { keepAlive: false }), "a cut");
}

async function sleep(clock: Clock, delayMs: number, over: AbortSignal): Promise<boolean> {
  if (over.aborted || delayMs <= 0) return !over.aborted;
  const slept = clock.sleep(delayMs, { signal: over, keepAlive: false }).then(
    () => true,
    () => false,
  );
  return await ClockLedger.of(clock).waiting(slept);
}

async function stall(clock: Clock, over: AbortSignal, abandoned: AbortSignal): Promise<void> {
  const isOver = aborts(over);
  void ClockLedger.of(clock).waiting(Promise.race([isOver, aborts(abandoned)]));
  await isOver;
}

function aborts(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function setTimer(clock: Clock, callback: () => void, delayMs: number, over: AbortSignal): ClockTimer {
  const timer = clock.setTimer(callback, delayMs, { keepAlive: false });
  over.addEventListener("abort", () => timer.cancel(), { once: true });
  return timer;
}
