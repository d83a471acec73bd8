import { createHash } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import { RingBuffer } from "../../base/ring_buffer.ts";
import { systemClock } from "../../base/system_clock.ts";

/** A fault that struck. */
export interface FaultEntry {
  /** Who did it, such as `ollama` or `proxy api connection 3 downstream`. */
  readonly source: string;
  /** Position among the strikes of its source, from 0. */
  readonly sequence: number;
  /** Kind of the fault, such as `stall` or `latency`. */
  readonly kind: string;
  /** Where and how: numbers and names that are the same in every run of one seed, such as `after token 5`. */
  readonly detail: string;
  /** Epoch milliseconds on the log's clock. Not part of the hash. */
  readonly at: number;
}

/** Options of {@linkcode FaultLog}. */
export interface FaultLogOptions {
  /** @default {systemClock} */
  readonly clock?: Clock | undefined;
  /** How many entries are kept; the hash covers the forgotten ones, too. @default {1000} */
  readonly capacity?: number | undefined;
}

/** Notes the faults of one maker. */
export interface FaultSource {
  /** @param detail Where and how; the same in every run of one seed. */
  record(kind: string, detail?: string): void;
}

const MODULUS = 1n << 256n;

/**
 * All faults that struck, whoever made them. {@linkcode FaultLog.hash} is the same for the same strikes, in whatever
 * order sources that run side by side came to them: two runs of one seed show the same hash, or differ in what
 * happened.
 */
export class FaultLog implements Iterable<FaultEntry> {
  readonly #clock: Clock;
  readonly #entries: RingBuffer<FaultEntry>;
  #sum = 0n;
  #total = 0;

  constructor(options: FaultLogOptions = {}) {
    const { clock = systemClock, capacity = 1000 } = options;
    this.#clock = clock;
    this.#entries = new RingBuffer(capacity);
  }

  /** Number of faults that ever struck. */
  get total(): number {
    return this.#total;
  }

  /** 64 hexadecimal digits: the sum of the SHA-256 hashes of all entries, modulo 2^256. */
  get hash(): string {
    return this.#sum.toString(16).padStart(64, "0");
  }

  /** Where one maker of faults notes its own, in their order. */
  source(name: string): FaultSource {
    let sequence = 0;
    return { record: (kind, detail = "") => this.#record(name, sequence++, kind, detail) };
  }

  [Symbol.iterator](): Iterator<FaultEntry, void, undefined> {
    return this.#entries[Symbol.iterator]();
  }

  #record(source: string, sequence: number, kind: string, detail: string): void {
    this.#total++;
    this.#entries.push({ source, sequence, kind, detail, at: this.#clock.now() });
    const digest = createHash("sha256")
      .update(JSON.stringify([source, sequence, kind, detail]))
      .digest("hex");
    this.#sum = (this.#sum + BigInt(`0x${digest}`)) % MODULUS;
  }
}
