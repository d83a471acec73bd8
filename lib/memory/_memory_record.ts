// This module is browser-safe.
import type { Report } from "../reports/report.ts";
import { MemoryHistory } from "./_memory_history.ts";
import { composeMemoryReport, type MemoryReportParts } from "./_memory_report.ts";
import { LeakDetector } from "./leak_detector.ts";
import type { LeakVerdict } from "./leak_verdict.ts";
import type { MemoryEvent } from "./memory_event.ts";
import type { MemorySnapshot } from "./memory_snapshot.ts";
import type { MemorySample } from "./sample.ts";

/** A sample as profilers take them. */
export type ResidentSample = MemorySample & { readonly rssBytes: number };

/** What is watched for. */
export interface RecordOptions {
  readonly warningBytes: number;
  readonly criticalBytes: number;
  readonly minHours: number;
  readonly onError: (error: unknown) => void;
}

const KEPT = 100;

/** What a profiler has seen: samples, snapshots, crossed limits; and who is told of it. */
export class MemoryRecord {
  readonly #options: RecordOptions;
  readonly #detector: LeakDetector;
  readonly #history = new MemoryHistory();
  readonly #listeners = new Set<(event: MemoryEvent) => void>();
  readonly #snapshots: MemorySnapshot[] = [];
  readonly #crossings: MemoryEvent[] = [];
  #level: "ok" | "warning" | "critical" = "ok";
  #peak = 0;

  constructor(options: RecordOptions) {
    this.#options = options;
    const { warningBytes, criticalBytes, minHours } = options;
    this.#detector = new LeakDetector({ limitsBytes: [warningBytes, criticalBytes], minHours });
  }

  get samples(): readonly MemorySample[] {
    return this.#history.samples;
  }

  get snapshots(): readonly MemorySnapshot[] {
    return this.#snapshots;
  }

  verdict(): LeakVerdict {
    return this.#detector.verdict();
  }

  add(sample: ResidentSample): void {
    this.#detector.add(sample);
    this.#history.add(sample);
    this.#peak = Math.max(this.#peak, sample.rssBytes);
    this.#watchLimits(sample);
    this.#tell({ type: "sample", sample });
  }

  addSnapshot(snapshot: MemorySnapshot): void {
    this.#snapshots.push(snapshot);
    if (this.#snapshots.length > KEPT) this.#snapshots.shift();
  }

  subscribe(listener: (event: MemoryEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  report(
    parts: Pick<
      MemoryReportParts,
      | "pid"
      | "runtime"
      | "hasHeap"
      | "startedAt"
      | "endedAt"
      | "sites"
      | "collections"
      | "unsupported"
      | "census"
      | "heaps"
    >,
  ): Report {
    const { warningBytes, criticalBytes } = this.#options;
    return composeMemoryReport({
      ...parts,
      limits: [warningBytes, criticalBytes],
      verdict: this.verdict(),
      samples: this.samples,
      count: this.#detector.count,
      peakRssBytes: this.#peak,
      snapshots: this.#snapshots,
      crossings: this.#crossings,
    });
  }

  #watchLimits({ rssBytes, timestamp }: ResidentSample): void {
    const { warningBytes, criticalBytes } = this.#options;
    const level = rssBytes >= criticalBytes ? "critical" : rssBytes >= warningBytes ? "warning" : "ok";
    if (level === this.#level) return;
    const before = this.#level;
    this.#level = level;
    const limitBytes = (level === "ok" ? before : level) === "critical" ? criticalBytes : warningBytes;
    const event: MemoryEvent = { type: level === "ok" ? "below" : level, limitBytes, rssBytes, timestamp };
    this.#crossings.push(event);
    if (this.#crossings.length > KEPT) this.#crossings.shift();
    this.#tell(event);
  }

  #tell(event: MemoryEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }
}
