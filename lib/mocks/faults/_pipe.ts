import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import { ClockLedger } from "../_clock_ledger.ts";
import type { FaultSource } from "./fault_log.ts";
import { makeStage, passAll, type Piece, type Stage, type StageOutput } from "./_stages.ts";
import type { Toxic } from "./toxics.ts";

// What may wait before a stage: beyond it the sender is no longer read, so that memory stays bounded.
const MAX_WAITING_BYTES = 1024 * 1024;

/** What the two directions of a connection share. */
export interface PipeBasis {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly source: FaultSource;
  /** Closes the connection, after what was written to `to`. */
  readonly close: (to: Socket) => void;
  readonly reset: () => void;
}

type Item = Piece | "end";

/** One toxic's place in a direction: a queue, and a worker that takes from it. */
class Link {
  readonly toxic: Toxic;
  readonly #basis: PipeBasis;
  readonly #to: Socket;
  readonly #next: (item: Item) => Promise<void>;
  readonly #random: SeededRandom;
  readonly #queue: Item[] = [];
  #stage: Stage;
  #gone = Promise.withResolvers<false>();
  #isGone = false;
  #waitingBytes = 0;
  #isWorking = false;
  #onRoom: (() => void) | undefined;

  constructor(toxic: Toxic, basis: PipeBasis, to: Socket, next: (item: Item) => Promise<void>) {
    this.toxic = toxic;
    this.#basis = basis;
    this.#to = to;
    this.#next = next;
    this.#stage = makeStage(toxic);
    this.#random = basis.random.stream(toxic.name ?? `${toxic.kind} ${toxic.stream ?? "downstream"}`);
  }

  async put(item: Item): Promise<void> {
    this.#queue.push(item);
    if (item !== "end") this.#waitingBytes += item.data.length;
    if (!this.#isWorking) void this.#work();
    if (this.#waitingBytes > MAX_WAITING_BYTES)
      await new Promise<void>((resolve) => (this.#onRoom = resolve));
  }

  /** Takes the toxic away; what waits is passed on at once. */
  remove(): void {
    this.#stage = passAll;
    this.#leave();
  }

  #leave(): void {
    this.#isGone = true;
    this.#gone.resolve(false);
    this.#onRoom?.();
  }

  /** The connection has ended. */
  stop(): void {
    this.#queue.length = 0;
    this.#leave();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    const output = this.#output();
    for (let item = this.#queue.shift(); item !== undefined; item = this.#queue.shift()) {
      if (item === "end") {
        await this.#stage.end?.(output);
        await this.#next("end");
        continue;
      }
      await this.#stage.take(item, output);
      this.#waitingBytes -= item.data.length;
      if (this.#waitingBytes <= MAX_WAITING_BYTES) this.#onRoom?.();
    }
    this.#isWorking = false;
  }

  #output(): StageOutput {
    const { clock, source, close, reset } = this.#basis;
    return {
      clock,
      random: this.#random,
      pass: (data) => this.#next({ data, arrivedMs: clock.monotonicMs() }),
      close: () => close(this.#to),
      reset,
      struck: (detail) => source.record(this.toxic.kind, detail),
      sleep: (delayMs) => this.#sleep(delayMs),
    };
  }

  async #sleep(delayMs: number): Promise<boolean> {
    if (this.#isGone) return false;
    if (delayMs <= 0) return true;
    if (delayMs === Infinity) return await this.#gone.promise;
    const { clock } = this.#basis;
    const ended = new AbortController();
    const slept = clock.sleep(delayMs, { signal: ended.signal, keepAlive: false }).then(
      () => true,
      () => false,
    );
    const isUp = await ClockLedger.of(clock).waiting(Promise.race([slept, this.#gone.promise]));
    ended.abort();
    return isUp;
  }
}

/** One direction of a connection: what is read from one socket goes through the toxics, in order, to the other. */
export class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #basis: PipeBasis;
  readonly #links: Link[] = [];
  #bytes = 0;

  constructor(from: Socket, to: Socket, basis: PipeBasis) {
    this.#from = from;
    this.#to = to;
    this.#basis = basis;
  }

  /** Number of bytes that arrived. */
  get bytes(): number {
    return this.#bytes;
  }

  start(): void {
    const { clock } = this.#basis;
    const taken = async (data: Buffer): Promise<void> => {
      this.#bytes += data.length;
      this.#from.pause();
      await this.#enter(0, { data, arrivedMs: clock.monotonicMs() });
      if (!this.#from.destroyed) this.#from.resume();
    };
    this.#from.on("data", (data: Buffer) => void taken(data));
    this.#from.on("end", () => void this.#enter(0, "end"));
  }

  /** Adds a toxic behind those that are there. */
  add(toxic: Toxic): void {
    const index = this.#links.length;
    this.#links.push(new Link(toxic, this.#basis, this.#to, (item) => this.#enter(index + 1, item)));
  }

  /** Takes a toxic away; it keeps its place, through which all passes. */
  remove(toxic: Toxic): void {
    for (const link of this.#links) if (link.toxic === toxic) link.remove();
  }

  stop(): void {
    for (const link of this.#links) link.stop();
  }

  async #enter(index: number, item: Item): Promise<void> {
    const link = this.#links[index];
    if (link) return await link.put(item);
    if (this.#to.destroyed || this.#to.writableEnded) return;
    if (item === "end") this.#to.end();
    else if (!this.#to.write(item.data)) await drained(this.#to);
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}
