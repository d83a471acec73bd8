import { createHash } from "node:crypto";

/** A thing that happened, without anything that differs from run to run. */
export interface LogicalEvent {
  /** Milliseconds since the run began. */
  readonly atMs: number;
  /** What it is about: events of one moment are ordered by it. */
  readonly stream: string;
  /** Position among the events of its stream. */
  readonly sequence: number;
  readonly data: unknown;
}

const NOTHING = "0".repeat(64);

/**
 * Hash of all that happened, in the order of time, stream and sequence, however it came in. {@linkcode EventLedger.settle}
 * folds in what is known to be over: cutting a run into pieces does not change its hash.
 */
export class EventLedger {
  #hash: string;
  #count: number;
  #pending: LogicalEvent[] = [];

  /** @param from Where a run goes on. */
  constructor(from: { readonly hash: string; readonly count: number } = { hash: NOTHING, count: 0 }) {
    this.#hash = from.hash;
    this.#count = from.count;
  }

  /** 64 hexadecimal digits, of the settled events. */
  get hash(): string {
    return this.#hash;
  }

  /** Number of settled events. */
  get count(): number {
    return this.#count;
  }

  add(event: LogicalEvent): void {
    this.#pending.push(event);
  }

  /** Everything that happened by now has been added: nothing earlier will come. */
  settle(): void {
    this.#pending.sort((a, b) => a.atMs - b.atMs || compare(a.stream, b.stream) || a.sequence - b.sequence);
    for (const { atMs, stream, sequence, data } of this.#pending) {
      // a microsecond: sums of times differ in their last digits when a run is cut
      const line = JSON.stringify([Math.round(atMs * 1000), stream, sequence, data]);
      this.#hash = createHash("sha256").update(`${this.#hash}\n${line}`).digest("hex");
      this.#count++;
    }
    this.#pending = [];
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0; // not by a locale
}
