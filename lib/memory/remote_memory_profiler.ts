import process from "node:process";
import type { ClockTimer } from "../base/clock.ts";
import { readFileDescriptors } from "../base/process_memory.ts";
import type { Report } from "../reports/report.ts";
import { writeReport } from "../reports/write_report.ts";
import { MemoryRecord, type ResidentSample } from "./_memory_record.ts";
import { type ProfilerSettings, profilerSettings } from "./_profiler_settings.ts";
import {
  type CollectionExpressions,
  collectionExpressions,
  INLINE_AGAIN,
  INLINE_NOTHING,
  READ_DETAILS,
  type RemoteDetails,
  type RemoteSizes,
} from "./_remote_expressions.ts";
import { SAMPLING_LOST, SiteSearch } from "./_site_search.ts";
import { steadyTime } from "./_steady_time.ts";
import type { AllocationProfile } from "./allocation_profile.ts";
import type { AllocationSite } from "./compare_profiles.ts";
import { compareSnapshots } from "./compare_snapshots.ts";
import { InspectedProcess, type InspectTarget } from "./inspected_process.ts";
import type { LeakVerdict } from "./leak_verdict.ts";
import type { MemoryEvent } from "./memory_event.ts";
import type { MemoryProfilerOptions } from "./memory_profiler.ts";
import type { MemoryDifference, MemorySnapshot } from "./memory_snapshot.ts";
import type { MemorySample } from "./sample.ts";
import { SamplingLostError } from "./sampling_lost_error.ts";

/** Options of {@linkcode RemoteMemoryProfiler.attach}: as those of `MemoryProfiler`. */
export interface RemoteMemoryProfilerOptions extends Omit<
  MemoryProfilerOptions,
  "pid" | "includeDescendants" | "objects"
> {
  /**
   * Has V8 inline no function that it optimizes from now on, until the profiler leaves: an inlined one allocates for its caller,
   * which may be in another file. Some code is slower meanwhile. For a process that was started to be profiled.
   *
   * @default {false}
   */
  readonly withoutInlining?: boolean | undefined;
}

interface Settings extends ProfilerSettings {
  readonly withoutInlining: boolean;
}

let watchers = 0;

interface Watch {
  readonly settings: Settings;
  readonly record: MemoryRecord;
  readonly collecting: CollectionExpressions;
}

/**
 * What `MemoryProfiler` is for its own process, for another one of Node, through its inspector: heap, floor and the
 * functions that leak, without a line of code in it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { spawn } from "node:child_process";
 * import { once } from "node:events";
 * import process from "node:process";
 * import { RemoteMemoryProfiler } from "demi-health/memory";
 *
 * const child = spawn(process.execPath, ["--inspect=0", "-e", "setInterval(() => {}, 1000)"]);
 * const [line] = await once(child.stderr, "data");
 * const [url = ""] = /ws:\S+/.exec(String(line)) ?? [];
 * const profiler = await RemoteMemoryProfiler.attach({ url });
 * const { heapUsedBytes = 0 } = await profiler.sample();
 * assert.ok(heapUsedBytes > 1e6);
 * await profiler[Symbol.asyncDispose]();
 * child.kill();
 * ```
 */
export class RemoteMemoryProfiler implements AsyncDisposable {
  /** Its process number. */
  readonly pid: number;
  readonly #process: InspectedProcess;
  readonly #runtime: string;
  readonly #settings: Settings;
  readonly #record: MemoryRecord;
  readonly #collecting: CollectionExpressions;
  readonly #search: SiteSearch;
  readonly #now: () => number;
  readonly #startedAt: number;
  #timer: ClockTimer | undefined;
  #isTicking = false;
  #endedAt: number | undefined;
  #collections = { minors: 0, majors: 0, pauseMs: 0 };
  #wasSamplingLost = false;

  private constructor(
    inspected: InspectedProcess,
    { pid, version }: RemoteDetails,
    { settings, record, collecting }: Watch,
  ) {
    this.pid = pid;
    this.#process = inspected;
    this.#runtime = `Node ${version.slice(1)}`;
    this.#settings = settings;
    this.#record = record;
    this.#collecting = collecting;
    this.#now = steadyTime(settings.clock);
    this.#startedAt = this.#now();
    this.#search = new SiteSearch(this.#startedAt);
  }

  /**
   * Begins to watch collections and to sample allocations in the process.
   *
   * @throws {NoSuchProcessError} If no such process lives.
   * @throws {TypeError} If it is not Node, or has no inspector at that address.
   * @throws {UnsupportedError} By process number, on other systems than Linux.
   */
  static async attach(
    target: InspectTarget,
    options: RemoteMemoryProfilerOptions = {},
  ): Promise<RemoteMemoryProfiler> {
    const { withoutInlining = false, ...others } = options;
    const settings: Settings = { ...profilerSettings(others), withoutInlining };
    const { samplingIntervalBytes } = settings;
    const record = new MemoryRecord(settings);
    const collecting = collectionExpressions(`${process.pid}.${++watchers}`);
    await using starting = new AsyncDisposableStack();
    const inspected = starting.use(await InspectedProcess.attach(target));
    if (withoutInlining) await inspected.evaluate(INLINE_NOTHING);
    await inspected.evaluate(collecting.watch);
    if (samplingIntervalBytes !== false) await inspected.startSampling(samplingIntervalBytes);
    const details = (await inspected.evaluate(READ_DETAILS)) as RemoteDetails;
    starting.move();
    return new RemoteMemoryProfiler(inspected, details, { settings, record, collecting });
  }

  /** What is not measured, and why, in sentences. */
  get unsupported(): readonly string[] {
    return [
      ...(this.#settings.samplingIntervalBytes === false ? ["Allocation sites were not asked for."] : []),
      ...(this.#wasSamplingLost ? [SAMPLING_LOST] : []),
    ];
  }

  /** Labelled snapshots, oldest first: the newest hundred. */
  get snapshots(): readonly MemorySnapshot[] {
    return this.#record.snapshots;
  }

  /** Samples for a chart: all of a short run, evenly thinned to about a thousand of a long one. */
  get samples(): readonly MemorySample[] {
    return this.#record.samples;
  }

  /** Samples at the interval from now on. A first one is taken at once. */
  start(): void {
    const { clock, intervalMs } = this.#settings;
    this.#timer ??= clock.setRepeating(() => void this.#tick(), intervalMs, { keepAlive: false });
    void this.#tick();
  }

  /** Takes a sample now. @throws {InspectorError} If the process ended. */
  async sample(): Promise<ResidentSample> {
    const sample = await this.#read();
    this.#record.add(sample);
    if (this.#search.isDue(this.#now())) await this.findSites();
    return sample;
  }

  /** Everything that is known now, under a label. @throws {InspectorError} If the process ended. */
  async takeSnapshot(label: string): Promise<MemorySnapshot> {
    const profile = await this.#readProfile();
    const sample = await this.#read();
    const { heapLimitBytes, heapSpaces, activeResources } = (await this.#process.evaluate(
      READ_DETAILS,
    )) as RemoteDetails;
    const fileDescriptors = readFileDescriptors(this.pid);
    const snapshot: MemorySnapshot = {
      ...sample,
      label,
      pid: this.pid,
      heapLimitBytes,
      heapSpaces,
      activeResources,
      fileDescriptors,
      profile,
    };
    this.#record.addSnapshot(snapshot);
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
    return this.#record.verdict();
  }

  /**
   * Functions that hold more than some time ago, the most first, and where memory outside the heap leaks those that
   * make buffers: garbage is collected for it. Once the process has ended
   * it is what was found last.
   */
  async findSites(): Promise<readonly AllocationSite[]> {
    if (this.#endedAt === undefined) {
      const profile = await this.#readProfile();
      if (profile) this.#search.take(profile);
    }
    return this.#search.sites(this.verdict().decidedBy) ?? [];
  }

  /** Tells of samples and of crossed limits. @returns Ends it. */
  subscribe(listener: (event: MemoryEvent) => void): () => void {
    return this.#record.subscribe(listener);
  }

  /** The report as data, to be added to. */
  async report(): Promise<Report> {
    await this.findSites().catch(() => undefined); // it may have ended
    return this.#record.report({
      pid: this.pid,
      runtime: this.#runtime,
      hasHeap: true,
      startedAt: this.#startedAt,
      endedAt: this.#endedAt ?? this.#now(),
      sites: this.#search.sites(this.verdict().decidedBy),
      collections: this.#collections,
      unsupported: this.unsupported,
      census: [],
      heaps: [],
    });
  }

  /** Writes the report as `MemoryProfiler.generateReport` does. */
  async generateReport(path: string): Promise<readonly string[]> {
    return writeReport(await this.report(), path);
  }

  /** Looks for the sites a last time and lets go of the process. What was measured stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#endedAt !== undefined) return;
    this.#timer?.cancel();
    try {
      await this.findSites();
      await this.#process.evaluate(this.#collecting.unwatch);
      if (this.#settings.withoutInlining) await this.#process.evaluate(INLINE_AGAIN);
    } catch {
      // it has ended: what was found before stands
    }
    this.#endedAt = this.#now();
    await this.#process[Symbol.asyncDispose]();
  }

  async #tick(): Promise<void> {
    if (this.#isTicking) return; // the process is slow: it is not asked twice at a time
    this.#isTicking = true;
    try {
      await this.sample();
    } catch (error) {
      if (this.#endedAt === undefined) this.#settings.onError(error);
    } finally {
      this.#isTicking = false;
    }
  }

  async #readProfile(): Promise<AllocationProfile | undefined> {
    if (this.#settings.samplingIntervalBytes === false) return undefined;
    await this.#process.collectGarbage();
    try {
      return { ...(await this.#process.readProfile()), timestamp: this.#now() };
    } catch (error) {
      if (!(error instanceof SamplingLostError)) throw error;
      this.#wasSamplingLost = true;
      this.#search.restart(this.#now());
      return { ...(await this.#process.readProfile()), timestamp: this.#now() };
    }
  }

  async #read(): Promise<ResidentSample> {
    const { collectGarbage } = this.#settings;
    const timestamp = this.#now();
    if (collectGarbage) await this.#process.collectGarbage();
    const sizes = (await this.#process.evaluate(this.#collecting.readSizes)) as RemoteSizes;
    const { minors, majors, pauseMs } = sizes;
    this.#collections = { minors, majors, pauseMs };
    const floor = collectGarbage ? sizes.heapUsed : sizes.floor;
    return {
      timestamp,
      rssBytes: sizes.rss,
      heapUsedBytes: sizes.heapUsed,
      externalBytes: sizes.external,
      arrayBuffersBytes: sizes.arrayBuffers,
      uptimeSeconds: sizes.uptime,
      ...(floor === undefined ? {} : { postGcBytes: floor }),
    };
  }
}
