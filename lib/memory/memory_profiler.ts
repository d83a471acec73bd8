import process from "node:process";
import type { Clock, ClockTimer } from "../base/clock.ts";
import { readFileDescriptors, readProcessMemory } from "../base/process_memory.ts";
import { describeRuntime, UnsupportedError } from "../base/unsupported_error.ts";
import type { Report } from "../reports/report.ts";
import { writeReport } from "../reports/write_report.ts";
import { MemoryRecord, type ResidentSample } from "./_memory_record.ts";
import { readOwnDetails, readOwnSizes } from "./_own_process.ts";
import { profilerSettings } from "./_profiler_settings.ts";
import { SAMPLING_LOST, SiteSearch } from "./_site_search.ts";
import { steadyTime } from "./_steady_time.ts";
import type { AllocationProfile } from "./allocation_profile.ts";
import { AllocationProfiler } from "./allocation_profiler.ts";
import type { AllocationSite } from "./compare_profiles.ts";
import { compareSnapshots } from "./compare_snapshots.ts";
import { canForceGc, forceGc } from "./force_gc.ts";
import type { HeapSnapshotSummary } from "./heap_snapshot_summary.ts";
import type { LeakVerdict } from "./leak_verdict.ts";
import type { MemoryEvent } from "./memory_event.ts";
import type { MemoryDifference, MemorySnapshot } from "./memory_snapshot.ts";
import type { ObjectTracker } from "./object_tracker.ts";
import { PostGcObserver } from "./post_gc_observer.ts";
import type { MemorySample } from "./sample.ts";
import { SamplingLostError } from "./sampling_lost_error.ts";
import { takeHeapSnapshotSummary } from "./take_heap_snapshot_summary.ts";

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
  /** Its census goes into the report, and instances of its classes into snapshots of this process. */
  readonly objects?: ObjectTracker | undefined;
  /** @default {systemClock} */
  readonly clock?: Clock | undefined;
  /** Told of failures while sampling: it never throws from a timer. @default {console.error} */
  readonly onError?: ((error: unknown) => void) | undefined;
}

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
  readonly #pid: number;
  readonly #isOwn: boolean;
  readonly #includeDescendants: boolean;
  readonly #intervalMs: number;
  readonly #isForced: boolean;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #record: MemoryRecord;
  readonly #collections: PostGcObserver;
  readonly #allocations: AllocationProfiler | undefined;
  readonly #objects: ObjectTracker | undefined;
  readonly #unsupported = new Set<string>();
  readonly #search: SiteSearch;
  readonly #now: () => number;
  /** The newest two. */
  #heaps: readonly HeapSnapshotSummary[] = [];
  #timer: ClockTimer | undefined;
  #startedAt: number | undefined;
  #stoppedAt: number | undefined;
  /** Why allocation sites are not known, if so. */
  #noSites: string | undefined;
  #newFloor: number | undefined;

  /** @throws {RangeError} If an option is out of range. */
  constructor(options: MemoryProfilerOptions = {}) {
    const { pid = process.pid, includeDescendants = true } = options;
    const settings = profilerSettings(options);
    const { intervalMs, collectGarbage, samplingIntervalBytes, clock, onError } = settings;
    if (!(Number.isSafeInteger(pid) && pid > 0)) {
      throw new RangeError(`Cannot make memory profiler: 'pid' must be a whole number > 0, got ${pid}`);
    }
    this.#pid = pid;
    this.#objects = options.objects;
    this.#isOwn = pid === process.pid;
    this.#includeDescendants = includeDescendants;
    this.#intervalMs = intervalMs;
    this.#isForced = collectGarbage && canForceGc();
    this.#clock = clock;
    this.#onError = onError;
    this.#now = steadyTime(clock);
    this.#search = new SiteSearch(this.#now());
    this.#record = new MemoryRecord(settings);
    this.#collections = new PostGcObserver({
      clock,
      onReading: ({ heapUsedBytes }) => void (this.#newFloor = heapUsedBytes),
    });
    if (this.#isOwn && samplingIntervalBytes !== false) {
      this.#allocations = new AllocationProfiler({ samplingIntervalBytes, clock });
    }
    this.#listUnsupported(collectGarbage);
  }

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  /** What is not measured here, and why, in sentences. */
  get unsupported(): readonly string[] {
    return [...this.#unsupported];
  }

  /** Labelled snapshots, oldest first: the newest hundred. */
  get snapshots(): readonly MemorySnapshot[] {
    return this.#record.snapshots;
  }

  /** Samples for a chart: all of a short run, evenly thinned to about a thousand of a long one. */
  get samples(): readonly MemorySample[] {
    return this.#record.samples;
  }

  /** Takes a first sample at once. Does nothing when it runs already. */
  start(): void {
    if (this.#timer) return;
    this.#startedAt ??= this.#now();
    this.#stoppedAt = undefined;
    if (this.#isOwn) {
      this.#collections.start();
      this.#startAllocations();
    }
    this.#timer = this.#clock.setRepeating(() => this.#tick(), this.#intervalMs, { keepAlive: false });
    this.#tick();
  }

  /**
   * Takes a sample now, beside those of the interval.
   *
   * @throws {NoSuchProcessError} If another process is looked at and has ended.
   */
  sample(): ResidentSample {
    const sample = this.#read();
    this.#record.add(sample);
    return sample;
  }

  /**
   * Everything that is known now, under a label. Where allocations are sampled garbage is collected first: some 10 to
   * 100 ms.
   *
   * @throws {NoSuchProcessError} If another process is looked at and has ended.
   */
  takeSnapshot(label: string): MemorySnapshot {
    const profile = this.#readProfile();
    const details = this.#isOwn
      ? { ...readOwnDetails(), instances: this.#countInstances() }
      : { fileDescriptors: readFileDescriptors(this.#pid) };
    const snapshot = { label, pid: this.#pid, ...this.#read(), ...details, profile };
    this.#record.addSnapshot(snapshot);
    return snapshot;
  }

  /**
   * What is on the heap of this process by class; the report shows the newest, and what grew since the one before. The process
   * is stopped for seconds, and needs some hundred bytes more for each object: on demand only.
   *
   * @throws {TypeError} If it is another process that is looked at.
   * @throws {UnsupportedError} Where the runtime takes no heap snapshots.
   */
  async takeHeapSummary(): Promise<HeapSnapshotSummary> {
    if (!this.#isOwn) {
      throw new TypeError(
        `Cannot take heap summary: 'pid' must be of this process, ${process.pid}, got ${this.#pid}`,
      );
    }
    const summary = await takeHeapSnapshotSummary();
    this.#heaps = [...this.#heaps.slice(-1), summary];
    return summary;
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
    return this.#record.verdict();
  }

  /**
   * Functions that hold more than some time ago, the most first, and where memory outside the heap leaks those that make
   * buffers. Reads a profile: garbage is collected for it. After
   * {@linkcode MemoryProfiler.stop} it is what was found then.
   */
  findSites(): readonly AllocationSite[] {
    const profile = this.#readProfile();
    if (profile) this.#search.take(profile);
    return this.#search.sites(this.verdict().decidedBy) ?? [];
  }

  /** Tells of samples and of crossed limits. @returns Ends it. */
  subscribe(listener: (event: MemoryEvent) => void): () => void {
    return this.#record.subscribe(listener);
  }

  /** Takes a last sample and ends. What was measured stays. Does nothing when it does not run. */
  stop(): void {
    if (!this.#timer) return;
    this.#timer.cancel();
    this.#timer = undefined;
    this.#attempt(() => this.sample());
    this.#attempt(() => this.findSites());
    this.#stoppedAt = this.#now();
    this.#collections.stop();
    this.#allocations?.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** The report as data, to be added to. */
  report(): Report {
    this.#attempt(() => this.findSites());
    const { minors, majors, pauseMs } = this.#collections;
    return this.#record.report({
      pid: this.#pid,
      runtime: this.#isOwn ? describeRuntime() : undefined,
      hasHeap: this.#isOwn,
      startedAt: this.#startedAt,
      endedAt: this.#stoppedAt ?? this.#now(),
      sites: this.#search.sites(this.verdict().decidedBy),
      collections: { minors, majors, pauseMs },
      unsupported: this.unsupported,
      census: this.#objects?.census() ?? [],
      heaps: this.#heaps,
    });
  }

  /**
   * Writes the report: one HTML file that needs nothing else, and the same as text beside it. A path that ends with `.txt`
   * gives the text only. Files are replaced whole.
   *
   * @returns Absolute paths of what was written.
   * @throws {Error} As the file system does.
   */
  generateReport(path: string): Promise<readonly string[]> {
    return writeReport(this.report(), path);
  }

  #listUnsupported(wantsForced: boolean): void {
    const runtime = describeRuntime();
    if (!this.#isOwn) {
      this.#unsupported.add(
        "Of another process only what the operating system tells is known: no heap, no allocation sites.",
      );
      return;
    }
    if (wantsForced && !this.#isForced)
      this.#unsupported.add(`${runtime} lets nobody force garbage collection.`);
    if (!PostGcObserver.isSupported && !this.#isForced) {
      this.#unsupported.add(`${runtime} reports no garbage collections: the floor of the heap is not known.`);
    }
  }

  #startAllocations(): void {
    if (!this.#allocations) return;
    if (this.#noSites !== undefined) this.#unsupported.delete(this.#noSites);
    this.#noSites = undefined;
    this.#search.restart(this.#now());
    try {
      this.#allocations.start();
    } catch (error) {
      // memory is measured all the same; the report says what is missing
      this.#noSites = `Allocation sites are not known: ${error instanceof Error ? error.message : String(error)}.`;
      this.#unsupported.add(this.#noSites);
    }
  }

  #countInstances(): Readonly<Record<string, number>> | undefined {
    if (!this.#objects?.hasClasses) return undefined;
    try {
      return this.#objects.countInstances();
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      this.#unsupported.add(error.message);
      return undefined;
    }
  }

  #readProfile(): AllocationProfile | undefined {
    if (!this.#allocations?.isRunning) return undefined;
    const options = { collectGarbage: canForceGc() };
    try {
      return { ...this.#allocations.read(options), timestamp: this.#now() };
    } catch (error) {
      if (!(error instanceof SamplingLostError)) throw error;
      this.#search.restart(this.#now());
      this.#unsupported.add(SAMPLING_LOST);
      return { ...this.#allocations.read(options), timestamp: this.#now() };
    }
  }

  #tick(): void {
    this.#attempt(() => this.sample());
    if (this.#allocations && this.#search.isDue(this.#now())) this.#attempt(() => this.findSites());
  }

  #attempt(work: () => unknown): void {
    try {
      work();
    } catch (error) {
      this.#onError(error);
    }
  }

  #read(): ResidentSample {
    const timestamp = this.#now();
    if (!this.#isOwn) {
      const includeDescendants = this.#includeDescendants;
      const { rssBytes, pssBytes, uptimeSeconds } = readProcessMemory(this.#pid, { includeDescendants });
      return { timestamp, rssBytes, uptimeSeconds, ...(pssBytes === undefined ? {} : { pssBytes }) };
    }
    if (this.#isForced) forceGc();
    const sizes = readOwnSizes();
    const postGcBytes = this.#isForced ? sizes.heapUsedBytes : this.#newFloor;
    this.#newFloor = undefined;
    return { timestamp, ...sizes, ...(postGcBytes === undefined ? {} : { postGcBytes }) };
  }
}
