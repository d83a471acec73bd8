import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import type { Clock, ClockTimer } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";
import { renderHtmlReport } from "../reports/html_report.ts";
import type { Report } from "../reports/report.ts";
import { renderTextReport } from "../reports/text_report.ts";
import { MemoryHistory } from "./_memory_history.ts";
import { composeMemoryReport } from "./_memory_report.ts";
import { readOwnDetails, readOwnSizes } from "./_own_process.ts";
import { SiteFinder } from "./_site_finder.ts";
import type { AllocationSite } from "./compare_profiles.ts";
import { compareSnapshots } from "./compare_snapshots.ts";
import { canForceGc, forceGc } from "./force_gc.ts";
import { LeakDetector } from "./leak_detector.ts";
import type { LeakVerdict } from "./leak_verdict.ts";
import type { MemoryEvent } from "./memory_event.ts";
import type { MemoryDifference, MemorySnapshot } from "./memory_snapshot.ts";
import { PostGcObserver } from "./post_gc_observer.ts";
import { readFileDescriptors, readProcessMemory } from "../base/process_memory.ts";
import type { MemorySample } from "./sample.ts";
import { describeRuntime } from "../base/unsupported_error.ts";

/** Options of {@linkcode MemoryProfiler}. */
export interface MemoryProfilerOptions {
  /** Process to look at. Of another one only what the operating system tells is known. @default {process.pid} */
  readonly pid?: number | undefined;
  /** Whether the descendants of another process count as well. @default {true} */
  readonly includeDescendants?: boolean | undefined;
  /** Time between two samples. @default {10_000} */
  readonly intervalMs?: number | undefined;
  /** Collects all garbage before each sample: evidence comes sooner, and each takes some 10 ms. @default {false} */
  readonly collectGarbage?: boolean | undefined;
  /**
   * Bytes between two sampled allocations, to name the functions that leak; `false` names none. The default costs less
   * than 1 % of a process that does anything else than to allocate.
   *
   * @default {524_288}
   */
  readonly samplingIntervalBytes?: number | false | undefined;
  /** Resident bytes that are told as a warning. @default {8e9} */
  readonly warningBytes?: number | undefined;
  /** Resident bytes that are told as critical. @default {10e9} */
  readonly criticalBytes?: number | undefined;
  /** Hours below which nothing is called a leak; see `LeakDetectorOptions`. @default {2} */
  readonly minHours?: number | undefined;
  /** @default {systemClock} */
  readonly clock?: Clock | undefined;
  /** Told of failures while sampling: it never throws from a timer. @default {console.error} */
  readonly onError?: ((error: unknown) => void) | undefined;
}

interface Settings {
  readonly intervalMs: number;
  readonly collectGarbage: boolean;
  readonly warningBytes: number;
  readonly criticalBytes: number;
  readonly includeDescendants: boolean;
}

const SNAPSHOTS_KEPT = 100;

/**
 * Watches the memory of this process, or of another: samples at an interval, snapshots on demand, a verdict whether it
 * leaks, the functions that hold more and more, and a report of it all.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { MemoryProfiler } from "demi-health/memory";
 *
 * using profiler = new MemoryProfiler({ intervalMs: 1000 });
 * profiler.start();
 * const before = profiler.takeSnapshot("before");
 * const cache = Array.from({ length: 200_000 }, (_, i) => ({ i }));
 * const { heapUsedBytes = 0 } = profiler.compare(before, profiler.takeSnapshot("after"));
 * assert.ok(heapUsedBytes > 2e6 && cache.length > 0);
 * assert.equal(profiler.verdict().verdict, "not-enough-evidence");
 * ```
 */
export class MemoryProfiler implements Disposable {
  /** What is not measured here, and why, in sentences. */
  readonly unsupported: readonly string[];
  readonly #pid: number;
  readonly #isOwn: boolean;
  readonly #options: Settings;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #detector: LeakDetector;
  readonly #history = new MemoryHistory();
  readonly #collections: PostGcObserver;
  readonly #sites: SiteFinder | undefined;
  readonly #listeners = new Set<(event: MemoryEvent) => void>();
  readonly #snapshots: MemorySnapshot[] = [];
  readonly #crossings: MemoryEvent[] = [];
  #timer: ClockTimer | undefined;
  #startedAt: number | undefined;
  #stoppedAt: number | undefined;
  #newFloor: number | undefined;
  #level: "ok" | "warning" | "critical" = "ok";
  #peak = 0;
  #lastSites: readonly AllocationSite[] = [];
  #hasSites = false;

  /** @throws {RangeError} If an option is out of range. */
  constructor(options: MemoryProfilerOptions = {}) {
    const { pid = process.pid, includeDescendants = true, intervalMs = 10_000 } = options;
    const { collectGarbage = false, samplingIntervalBytes = 524_288 } = options;
    const { warningBytes = 8e9, criticalBytes = 10e9, minHours = 2 } = options;
    const { clock = systemClock, onError = console.error } = options;
    requirePositive({ pid, intervalMs, warningBytes, criticalBytes });
    this.#pid = pid;
    this.#isOwn = pid === process.pid;
    this.#options = { intervalMs, collectGarbage, warningBytes, criticalBytes, includeDescendants };
    this.#clock = clock;
    this.#onError = onError;
    this.#detector = new LeakDetector({ limitsBytes: [warningBytes, criticalBytes], minHours });
    this.#collections = new PostGcObserver({
      clock,
      onReading: ({ heapUsedBytes }) => void (this.#newFloor = heapUsedBytes),
    });
    if (this.#isOwn && samplingIntervalBytes !== false) {
      this.#sites = new SiteFinder({ samplingIntervalBytes, clock });
    }
    this.unsupported = this.#listUnsupported();
  }

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  /** Labelled snapshots, oldest first: the newest {@linkcode SNAPSHOTS_KEPT | hundred}. */
  get snapshots(): readonly MemorySnapshot[] {
    return this.#snapshots;
  }

  /** Samples for a chart: all of a short run, evenly thinned to about a thousand of a long one. */
  get samples(): readonly MemorySample[] {
    return this.#history.samples;
  }

  /** Takes a first sample at once. Does nothing when it runs already. */
  start(): void {
    if (this.#timer) return;
    if (this.#isOwn) {
      this.#collections.start();
      this.#startSites();
    }
    this.#startedAt ??= this.#clock.now();
    this.#stoppedAt = undefined;
    this.#timer = this.#clock.setRepeating(() => this.#tick(), this.#options.intervalMs, {
      keepAlive: false,
    });
    this.#tick();
  }

  /**
   * Takes a sample now, beside those of the interval.
   *
   * @throws {NoSuchProcessError} If another process is looked at and has ended.
   */
  sample(): MemorySample & { readonly rssBytes: number } {
    const sample = this.#read();
    this.#detector.add(sample);
    this.#history.add(sample);
    this.#watchLimits(sample);
    this.#tell({ type: "sample", sample });
    return sample;
  }

  /**
   * Everything that is known now, under a label. Where allocations are sampled garbage is collected first: some 10 to
   * 100 ms.
   *
   * @throws {NoSuchProcessError} If another process is looked at and has ended.
   */
  takeSnapshot(label: string): MemorySnapshot {
    const profile = this.#sites && this.#hasSites ? this.#sites.read() : undefined;
    const details = this.#isOwn ? readOwnDetails() : { fileDescriptors: readFileDescriptors(this.#pid) };
    const snapshot = { label, pid: this.#pid, ...this.#read(), ...details, profile };
    this.#snapshots.push(snapshot);
    if (this.#snapshots.length > SNAPSHOTS_KEPT) this.#snapshots.shift();
    return snapshot;
  }

  /**
   * What came and went between two snapshots.
   *
   * @throws {RangeError} If they are of different processes, or in the wrong order.
   */
  compare(before: MemorySnapshot, after: MemorySnapshot): MemoryDifference {
    return compareSnapshots(before, after);
  }

  /** Whether it leaks, from all samples so far. */
  verdict(): LeakVerdict {
    return this.#detector.verdict();
  }

  /**
   * Functions that hold more than some time ago, the most first. Reads a profile: garbage is collected for it. After
   * {@linkcode MemoryProfiler.stop} it is what was found then.
   */
  findSites(): readonly AllocationSite[] {
    if (this.#sites && this.#hasSites) this.#lastSites = this.#sites.find();
    return this.#lastSites;
  }

  /** Tells of samples and of crossed limits. @returns Ends it. */
  subscribe(listener: (event: MemoryEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes a last sample and ends. What was measured stays. Does nothing when it does not run. */
  stop(): void {
    if (!this.#timer) return;
    this.#tick();
    this.findSites();
    this.#hasSites = false;
    this.#timer.cancel();
    this.#timer = undefined;
    this.#stoppedAt = this.#clock.now();
    this.#collections.stop();
    this.#sites?.[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** The report as data, to be added to. */
  report(): Report {
    return composeMemoryReport({
      pid: this.#pid,
      runtime: describeRuntime(),
      isOwn: this.#isOwn,
      startedAt: this.#startedAt,
      endedAt: this.#stoppedAt ?? this.#clock.now(),
      intervalMs: this.#options.intervalMs,
      limits: [this.#options.warningBytes, this.#options.criticalBytes],
      verdict: this.verdict(),
      samples: this.samples,
      count: this.#detector.count,
      peakRssBytes: this.#peak,
      snapshots: this.#snapshots,
      crossings: this.#crossings,
      sites: this.findSites(),
      collections: {
        minors: this.#collections.minors,
        majors: this.#collections.majors,
        pauseMs: this.#collections.pauseMs,
      },
      unsupported: this.unsupported,
    });
  }

  /**
   * Writes the report: one HTML file that needs nothing else, and the same as text beside it. A path that ends with `.txt`
   * gives the text only. Files are replaced whole: a reader never sees half of one.
   *
   * @returns Absolute paths of what was written.
   * @throws {Error} As the file system does.
   */
  async generateReport(path: string): Promise<readonly string[]> {
    const report = this.report();
    const target = resolve(path);
    const isText = target.endsWith(".txt");
    const textPath = isText ? target : `${target.replace(/\.html?$/i, "")}.txt`;
    await mkdir(dirname(target), { recursive: true });
    if (!isText) await replaceFile(target, renderHtmlReport(report));
    await replaceFile(textPath, renderTextReport(report));
    return isText ? [textPath] : [target, textPath];
  }

  #listUnsupported(): readonly string[] {
    const runtime = describeRuntime();
    if (!this.#isOwn) {
      return [
        "Of another process only what the operating system tells is known: no heap, no allocation sites.",
      ];
    }
    const missing: string[] = [];
    if (!PostGcObserver.isSupported && !(this.#options.collectGarbage && canForceGc())) {
      missing.push(`${runtime} reports no garbage collections: the floor of the heap is not known.`);
    }
    if (this.#options.collectGarbage && !canForceGc()) {
      missing.push(`${runtime} lets nobody force garbage collection.`);
    }
    return missing;
  }

  #startSites(): void {
    if (!this.#sites) return;
    try {
      this.#sites.start();
      this.#hasSites = true;
    } catch (error) {
      // memory is measured all the same; the report says what is missing
      (this.unsupported as string[]).push(
        `Allocation sites are not known: ${error instanceof Error ? error.message : String(error)}.`,
      );
    }
  }

  #tick(): void {
    try {
      if (this.#hasSites) this.#sites?.look();
      this.sample();
    } catch (error) {
      this.#onError(error);
    }
  }

  #read(): MemorySample & { readonly rssBytes: number } {
    const timestamp = this.#clock.now();
    if (!this.#isOwn) {
      const { includeDescendants } = this.#options;
      const { rssBytes, pssBytes, uptimeSeconds } = readProcessMemory(this.#pid, { includeDescendants });
      return { timestamp, rssBytes, uptimeSeconds, ...(pssBytes === undefined ? {} : { pssBytes }) };
    }
    const isForced = this.#options.collectGarbage && canForceGc();
    if (isForced) forceGc();
    const sizes = readOwnSizes();
    const postGcBytes = isForced ? sizes.heapUsedBytes : this.#newFloor;
    this.#newFloor = undefined;
    return { timestamp, ...sizes, ...(postGcBytes === undefined ? {} : { postGcBytes }) };
  }

  #watchLimits({ rssBytes, timestamp }: MemorySample & { readonly rssBytes: number }): void {
    this.#peak = Math.max(this.#peak, rssBytes);
    const { warningBytes, criticalBytes } = this.#options;
    const level = rssBytes >= criticalBytes ? "critical" : rssBytes >= warningBytes ? "warning" : "ok";
    if (level === this.#level) return;
    const before = this.#level;
    this.#level = level;
    const limitBytes = (level === "ok" ? before : level) === "critical" ? criticalBytes : warningBytes;
    const event: MemoryEvent = { type: level === "ok" ? "below" : level, limitBytes, rssBytes, timestamp };
    this.#crossings.push(event);
    if (this.#crossings.length > SNAPSHOTS_KEPT) this.#crossings.shift();
    this.#tell(event);
  }

  #tell(event: MemoryEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}

function requirePositive(options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!(value > 0 && value < Infinity)) {
      throw new RangeError(`Cannot make memory profiler: '${name}' must be finite and > 0, got ${value}`);
    }
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}
