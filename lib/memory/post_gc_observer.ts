import { PerformanceObserver } from "node:perf_hooks";
import process from "node:process";
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";

/** What was left on the heap after a full collection. */
export interface PostGcReading {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  /** Upper bound: what the process allocated in the turn of the event loop since is part of it. */
  readonly heapUsedBytes: number;
}

/** Options of {@linkcode PostGcObserver}. */
export interface PostGcObserverOptions {
  /** Told of every full collection. */
  readonly onReading?: ((reading: PostGcReading) => void) | undefined;
  /** @default {systemClock} */
  readonly clock?: Clock | undefined;
  /** @default {process.memoryUsage().heapUsed} */
  readonly readHeapUsed?: (() => number) | undefined;
}

// The kinds of `performance.constants.NODE_PERFORMANCE_GC_*`.
const MINOR = 1;
const MAJOR = 4;

interface GcEntry {
  readonly duration: number;
  readonly detail?: { readonly kind?: number };
}

/**
 * Watches V8's garbage collections, by its own timing: reads the heap after each full one, and counts them. Costs nothing
 * that can be measured. Deno and Bun report no collections: {@linkcode PostGcObserver.isSupported} is false there.
 */
export class PostGcObserver implements Disposable {
  static get isSupported(): boolean {
    return PerformanceObserver.supportedEntryTypes.includes("gc");
  }

  readonly #clock: Clock;
  readonly #readHeapUsed: () => number;
  readonly #onReading: (reading: PostGcReading) => void;
  #observer: PerformanceObserver | undefined;
  #last: PostGcReading | undefined;
  #minors = 0;
  #majors = 0;
  #pauseMs = 0;

  constructor(options: PostGcObserverOptions = {}) {
    const { onReading = () => {}, clock = systemClock } = options;
    const { readHeapUsed = () => process.memoryUsage().heapUsed } = options;
    this.#onReading = onReading;
    this.#clock = clock;
    this.#readHeapUsed = readHeapUsed;
  }

  /** The newest reading. */
  get last(): PostGcReading | undefined {
    return this.#last;
  }

  /** Collections of the young generation since the start. */
  get minors(): number {
    return this.#minors;
  }

  /** Full collections since the start. */
  get majors(): number {
    return this.#majors;
  }

  /** Milliseconds that collections took in all. */
  get pauseMs(): number {
    return this.#pauseMs;
  }

  /** Begins to watch. Does nothing when it does already, or where the runtime reports no collections. */
  start(): void {
    if (this.#observer || !PostGcObserver.isSupported) return;
    this.#observer = new PerformanceObserver((list) => this.#take(list.getEntries() as readonly GcEntry[]));
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  stop(): void {
    this.#observer?.disconnect();
    this.#observer = undefined;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #take(entries: readonly GcEntry[]): void {
    let majors = 0;
    for (const { duration, detail } of entries) {
      this.#pauseMs += duration;
      if (detail?.kind === MINOR) this.#minors++;
      if (detail?.kind === MAJOR) majors++;
    }
    if (majors === 0) return;
    this.#majors += majors;
    this.#last = { timestamp: this.#clock.now(), heapUsedBytes: this.#readHeapUsed() };
    this.#onReading(this.#last);
  }
}
