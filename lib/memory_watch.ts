import process from "node:process";
import { getHeapStatistics } from "node:v8";
import type { Clock } from "./base/clock.ts";
import { systemClock } from "./base/system_clock.ts";
import type { FeedMemory } from "./feed/messages.ts";
import { toFeedMemory } from "./feed/to_feed_memory.ts";
import { LeakGauges, type NamedLimit } from "./_leak_gauges.ts";
import type { AllocationSite } from "./memory/compare_profiles.ts";
import { LeakDetector } from "./memory/leak_detector.ts";
import type { LeakVerdict } from "./memory/leak_verdict.ts";
import { PostGcObserver } from "./memory/post_gc_observer.ts";
import type { MemorySample } from "./memory/sample.ts";
import { SampleHistory } from "./_sample_history.ts";
import type { Collector } from "./metrics/collector.ts";
import type { MetricsRegistry } from "./metrics/registry.ts";

/** What is known of a process's memory now. */
export type MemoryReading = Omit<MemorySample, "timestamp">;

/** Options of {@linkcode MemoryWatch}. */
export interface MemoryWatchOptions {
  /** The companion's clock: growth per hour is growth per hour of its life. @default {systemClock} */
  readonly clock?: Clock | undefined;
  /**
   * How often a sample is taken, in milliseconds.
   *
   * @default {4000}
   */
  readonly sampleIntervalMs?: number | undefined;
  /**
   * How often it is judged at most, in milliseconds. A verdict costs some 25 ms once there is a day of samples.
   *
   * @default {60_000}
   */
  readonly judgeIntervalMs?: number | undefined;
  /**
   * Hours below which nothing is called a leak; see `LeakDetectorOptions`. Below two each verdict is that of a single look:
   * for demonstrations and tests, not for a watch that wakes people.
   *
   * @default {2}
   */
  readonly minHours?: number | undefined;
  /** Reads the memory. Default: this process's, with its heap after each full collection where the runtime tells. */
  readonly read?: (() => MemoryReading | undefined) | undefined;
  /** Heap size at which the process ends. Default: V8's limit, where it is this process that is read. */
  readonly heapLimitBytes?: number | undefined;
  /**
   * Functions whose objects come to stay, such as `MemoryProfiler.findSites`. Asked while memory leaks, every ten minutes at
   * most, as it may stop the process for 0.1 s.
   */
  readonly growingSites?: (() => readonly AllocationSite[]) | undefined;
  /** Told of every verdict. */
  readonly onVerdict?: ((memory: FeedMemory) => void) | undefined;
  /** Told when sites could not be had. @default {console.error} */
  readonly onError?: ((error: unknown) => void) | undefined;
}

const SITES_INTERVAL_MS = 600_000;
const LIMITS_BYTES = [8e9, 10e9] as const;

/**
 * Watches the memory of a companion for leaks: samples go into a {@linkcode LeakDetector}, which is asked once a minute; what
 * it says becomes gauges and the feed's `memory` message. Disposing it stops the watch over collections.
 *
 * The gauges are `demi_memory_leak_verdict{verdict}`, `demi_memory_growth_per_hour_bytes{series}`,
 * `demi_memory_leak_per_hour_bytes{series}` and `demi_memory_time_to_limit_seconds{limit}`.
 */
export class MemoryWatch implements Collector, Disposable {
  readonly name = "memory_watch";
  readonly #clock: Clock;
  readonly #sampleIntervalMs: number;
  readonly #judgeIntervalMs: number;
  readonly #read: () => MemoryReading | undefined;
  readonly #growingSites: (() => readonly AllocationSite[]) | undefined;
  readonly #onVerdict: (memory: FeedMemory) => void;
  readonly #onError: (error: unknown) => void;
  readonly #heapLimitBytes: number | undefined;
  readonly #detector: LeakDetector;
  readonly #gauges: LeakGauges;
  readonly #history = new SampleHistory();
  readonly #collections: PostGcObserver | undefined;
  readonly #start: { readonly epochMs: number; readonly monotonicMs: number };
  #postGcBytes: number | undefined;
  #sites: readonly AllocationSite[] | undefined;
  #sampledAt = -Infinity;
  #judgedAt = -Infinity;
  #sitesAt = -Infinity;

  /** @throws {RangeError} If an interval or `heapLimitBytes` is not a positive number. */
  constructor(registry: MetricsRegistry, options: MemoryWatchOptions = {}) {
    const { clock = systemClock, sampleIntervalMs = 4000, judgeIntervalMs = 60_000 } = options;
    const { read, growingSites, minHours = 2 } = options;
    const { onVerdict = () => {}, onError = console.error } = options;
    const { heapLimitBytes = read ? undefined : ownHeapLimit() } = options;
    for (const [name, value] of Object.entries({ sampleIntervalMs, judgeIntervalMs })) {
      if (!(value > 0)) throw new RangeError(`Cannot watch memory: '${name}' must be > 0, got ${value}`);
    }
    this.#clock = clock;
    this.#sampleIntervalMs = sampleIntervalMs;
    this.#judgeIntervalMs = judgeIntervalMs;
    this.#read = read ?? (() => this.#readOwn());
    this.#growingSites = growingSites;
    this.#onVerdict = onVerdict;
    this.#onError = onError;
    this.#heapLimitBytes = heapLimitBytes;
    const limits = namedLimits(heapLimitBytes);
    this.#detector = new LeakDetector({
      // who asks for an answer before two hours takes a warm-up for a leak now and then
      looks: minHours < 2 ? "once" : "repeatedly",
      limitsBytes: limits.map(({ bytes }) => bytes),
      minHours,
    });
    this.#gauges = new LeakGauges(registry, limits);
    this.#start = { epochMs: clock.now(), monotonicMs: clock.monotonicMs() };
    if (read) return;
    this.#collections = new PostGcObserver({
      clock,
      onReading: ({ heapUsedBytes }) => this.#note(heapUsedBytes),
    });
    this.#collections.start();
  }

  /** Takes a sample if one is due, and judges if that is. */
  collect(): void {
    const now = this.#clock.monotonicMs();
    if (now - this.#sampledAt < this.#sampleIntervalMs) return;
    this.#sampledAt = now;
    const reading = this.#read();
    if (!reading) return;
    // not the time of day, which can be set back: growth needs durations
    const sample = { ...reading, timestamp: this.#start.epochMs + now - this.#start.monotonicMs };
    this.#detector.add(sample);
    this.#history.add(sample);
    if (now - this.#judgedAt < this.#judgeIntervalMs) return;
    this.#judgedAt = now;
    this.#judge(now);
  }

  [Symbol.dispose](): void {
    this.#collections?.stop();
  }

  #judge(now: number): void {
    const verdict = this.#detector.verdict();
    this.#gauges.update(verdict);
    const sites = this.#findSites(verdict, now);
    const heapLimitBytes = this.#heapLimitBytes;
    this.#onVerdict(toFeedMemory(verdict, this.#history.samples, { sites, heapLimitBytes }));
  }

  #findSites({ verdict }: LeakVerdict, now: number): readonly AllocationSite[] | undefined {
    if (verdict !== "leak" || !this.#growingSites) return undefined;
    if (now - this.#sitesAt < SITES_INTERVAL_MS) return this.#sites;
    this.#sitesAt = now;
    try {
      this.#sites = this.#growingSites();
    } catch (error) {
      this.#onError(error);
    }
    return this.#sites;
  }

  #readOwn(): MemoryReading {
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const postGcBytes = this.#postGcBytes;
    this.#postGcBytes = undefined;
    return {
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      externalBytes: external,
      arrayBuffersBytes: arrayBuffers,
      uptimeSeconds: process.uptime(),
      ...(postGcBytes !== undefined && { postGcBytes }),
    };
  }

  // of several collections between two samples the lowest is the nearest to what is really held
  #note(heapUsedBytes: number): void {
    this.#postGcBytes = Math.min(heapUsedBytes, this.#postGcBytes ?? Infinity);
  }
}

function namedLimits(heapLimitBytes: number | undefined): readonly NamedLimit[] {
  const limits = LIMITS_BYTES.map((bytes) => ({ bytes, label: `${bytes / 1e9} GB`, isOfHeap: false }));
  return heapLimitBytes === undefined
    ? limits
    : [{ bytes: heapLimitBytes, label: "V8 heap", isOfHeap: true }, ...limits];
}

// Deno and Bun have no such figure, or one that means nothing.
function ownHeapLimit(): number | undefined {
  try {
    const { heap_size_limit: bytes } = getHeapStatistics();
    return bytes > 0 && Number.isFinite(bytes) ? bytes : undefined;
  } catch {
    return undefined;
  }
}
