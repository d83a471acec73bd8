import type { Clock, ClockTimer } from "../base/clock.ts";
import { readFileDescriptors } from "../base/process_memory.ts";
import { systemClock } from "../base/system_clock.ts";
import type { Report } from "../reports/report.ts";
import { writeReport } from "../reports/write_report.ts";
import { MemoryRecord, type ResidentSample } from "./_memory_record.ts";
import { ProfileBaselines } from "./_profile_baselines.ts";
import {
  READ_DETAILS,
  READ_SIZES,
  type RemoteDetails,
  type RemoteSizes,
  UNWATCH_COLLECTIONS,
  WATCH_COLLECTIONS,
} from "./_remote_expressions.ts";
import type { AllocationProfile } from "./allocation_profile.ts";
import type { AllocationSite } from "./compare_profiles.ts";
import { compareSnapshots } from "./compare_snapshots.ts";
import { InspectedProcess, type InspectTarget } from "./inspected_process.ts";
import type { LeakVerdict } from "./leak_verdict.ts";
import type { MemoryEvent } from "./memory_event.ts";
import type { MemoryProfilerOptions } from "./memory_profiler.ts";
import type { MemoryDifference, MemorySnapshot } from "./memory_snapshot.ts";
import type { MemorySample } from "./sample.ts";

/** Options of {@linkcode RemoteMemoryProfiler.attach}: as those of `MemoryProfiler`. */
export type RemoteMemoryProfilerOptions = Omit<
  MemoryProfilerOptions,
  "pid" | "includeDescendants" | "objects"
>;

interface Settings {
  readonly intervalMs: number;
  readonly collectGarbage: boolean;
  readonly samplingIntervalBytes: number | false;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
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
  readonly #baselines: ProfileBaselines;
  readonly #startedAt: number;
  #timer: ClockTimer | undefined;
  #isTicking = false;
  #endedAt: number | undefined;
  #collections = { minors: 0, majors: 0, pauseMs: 0 };
  #sites: readonly AllocationSite[] = [];

  private constructor(
    inspected: InspectedProcess,
    { pid, version }: RemoteDetails,
    settings: Settings,
    record: MemoryRecord,
  ) {
    this.pid = pid;
    this.#process = inspected;
    this.#runtime = `Node ${version.slice(1)}`;
    this.#settings = settings;
    this.#record = record;
    this.#startedAt = settings.clock.now();
    this.#baselines = new ProfileBaselines(this.#startedAt);
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
    const { intervalMs = 10_000, collectGarbage = false, samplingIntervalBytes = 524_288 } = options;
    const { warningBytes = 8e9, criticalBytes = 10e9, minHours = 2 } = options;
    const { clock = systemClock, onError = console.error } = options;
    if (!(intervalMs > 0 && intervalMs < Infinity)) {
      throw new RangeError(
        `Cannot attach memory profiler: 'intervalMs' must be finite and > 0, got ${intervalMs}`,
      );
    }
    const record = new MemoryRecord({ warningBytes, criticalBytes, minHours, onError });
    await using starting = new AsyncDisposableStack();
    const inspected = starting.use(await InspectedProcess.attach(target));
    await inspected.evaluate(WATCH_COLLECTIONS);
    if (samplingIntervalBytes !== false) await inspected.startSampling(samplingIntervalBytes);
    const details = (await inspected.evaluate(READ_DETAILS)) as RemoteDetails;
    starting.move();
    const settings = { intervalMs, collectGarbage, samplingIntervalBytes, clock, onError };
    return new RemoteMemoryProfiler(inspected, details, settings, record);
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
    if (this.#baselines.isDue(this.#settings.clock.now())) {
      const profile = await this.#readProfile();
      if (profile) this.#baselines.add(profile);
    }
    const sample = await this.#read();
    this.#record.add(sample);
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
   * Functions that hold more than some time ago, the most first: garbage is collected for it. Once the process has ended
   * it is what was found last.
   */
  async findSites(): Promise<readonly AllocationSite[]> {
    if (this.#endedAt !== undefined) return this.#sites;
    const profile = await this.#readProfile();
    if (profile) this.#sites = this.#baselines.compare(profile);
    return this.#sites;
  }

  /** Tells of samples and of crossed limits. @returns Ends it. */
  subscribe(listener: (event: MemoryEvent) => void): () => void {
    return this.#record.subscribe(listener);
  }

  /** The report as data, to be added to. */
  async report(): Promise<Report> {
    const sites = await this.findSites().catch(() => this.#sites); // it may have ended
    const hasSites = this.#settings.samplingIntervalBytes !== false;
    return this.#record.report({
      pid: this.pid,
      runtime: this.#runtime,
      hasHeap: true,
      startedAt: this.#startedAt,
      endedAt: this.#endedAt ?? this.#settings.clock.now(),
      sites,
      collections: this.#collections,
      unsupported: hasSites ? [] : ["Allocation sites were not asked for."],
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
      await this.#process.evaluate(UNWATCH_COLLECTIONS);
    } catch {
      // it has ended: what was found before stands
    }
    this.#endedAt = this.#settings.clock.now();
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
    return { ...(await this.#process.readProfile()), timestamp: this.#settings.clock.now() };
  }

  async #read(): Promise<ResidentSample> {
    const { clock, collectGarbage } = this.#settings;
    const timestamp = clock.now();
    if (collectGarbage) await this.#process.collectGarbage();
    const sizes = (await this.#process.evaluate(READ_SIZES)) as RemoteSizes;
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
