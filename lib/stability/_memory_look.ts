import process from "node:process";
import type { CompanionMemory } from "../harness/companion.ts";
import type { TestEnvironment } from "../harness/environment.ts";
import { formatBytes } from "../base/format.ts";
import { canForceGc, forceGc } from "../memory/force_gc.ts";
import { LeakDetector } from "../memory/leak_detector.ts";
import type { LeakVerdict } from "../memory/leak_verdict.ts";
import { PostGcObserver } from "../memory/post_gc_observer.ts";
import type { MemorySample } from "../memory/sample.ts";
import { askSoon } from "./_fault_runner.ts";

/** Memory of the companion at one moment, with what this process knows of itself. */
export interface MemoryFigures extends CompanionMemory {
  readonly postGcBytes?: number | undefined;
  readonly arrayBuffersBytes?: number | undefined;
  readonly uptimeSeconds?: number | undefined;
}

const COLLECTIONS = 60;
const LEAST_BETWEEN_MS = 300_000;
// What V8 compiles in the first minute of its life is spread over the first hours of a virtual week: a sixth of it.
const WARM_UP_SHARE = 1 / 6;
// Healthy pocket Demis grew by up to 4.3 MB in 8 to 168 virtual hours: code, and what mocks and clients keep.
const LEAST_VIRTUAL_GROWTH_BYTES = 8e6;
const HOUR_MS = 3_600_000;

/**
 * Looks at a companion's memory, and judges it. Of one in this process on a virtual clock, days of life are seconds of
 * the heap's: V8 hardly collects, so that what is left is looked at after collections that are asked for, sixty in
 * the run, and resident memory says nothing.
 */
export class MemoryLook implements Disposable {
  readonly #env: TestEnvironment;
  readonly #detector: LeakDetector;
  readonly #collections: PostGcObserver | undefined;
  readonly #betweenMs: number;
  readonly #isForced: boolean;
  #nextMs = 0;

  constructor(env: TestEnvironment, durationMs: number) {
    this.#env = env;
    const isOwn = env.companion.memory === undefined;
    this.#isForced = isOwn && env.virtualClock !== undefined && canForceGc();
    this.#betweenMs = Math.max(LEAST_BETWEEN_MS, durationMs / COLLECTIONS);
    const warmUpHours = (durationMs * WARM_UP_SHARE) / HOUR_MS;
    this.#detector = new LeakDetector(this.#isForced ? { minHours: Math.max(2, warmUpHours) } : {});
    if (!isOwn || this.#isForced || !PostGcObserver.isSupported) return;
    this.#collections = new PostGcObserver();
    this.#collections.start();
  }

  /** Figures of this moment, and whether they are of a moment that the verdict goes by. */
  async take(atMs: number): Promise<MemoryFigures | undefined> {
    const { companion, clock } = this.#env;
    if (companion.memory) {
      const figures = await askSoon(this.#env, () => companion.memory!());
      if (figures) this.add({ timestamp: clock.now(), ...figures });
      return figures;
    }
    const isDue = this.#isForced && atMs >= this.#nextMs;
    if (this.#isForced && !isDue) return { rssBytes: process.memoryUsage.rss() }; // a tenth of the time of all figures
    if (isDue) {
      this.#nextMs = atMs + this.#betweenMs;
      forceGc();
    }
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const postGcBytes = isDue ? heapUsed : this.#collections?.last?.heapUsedBytes;
    const figures: MemoryFigures = {
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      ...(postGcBytes !== undefined && { postGcBytes }),
      externalBytes: external,
      arrayBuffersBytes: arrayBuffers,
      uptimeSeconds: process.uptime(),
    };
    this.add({ timestamp: clock.now(), ...figures });
    return figures;
  }

  /** Takes figures of this run that were seen before it was cut. */
  add(sample: MemorySample): void {
    if (!this.#isForced) return this.#detector.add(sample);
    const { timestamp, postGcBytes, uptimeSeconds } = sample;
    if (postGcBytes !== undefined) this.#detector.add({ timestamp, postGcBytes, uptimeSeconds });
  }

  verdict(): LeakVerdict {
    const verdict = this.#detector.verdict();
    const decided = verdict.series.find(({ series }) => series === verdict.decidedBy);
    if (!this.#isForced || verdict.verdict !== "leak" || !decided) return verdict;
    const growthBytes = decided.effectRatio * decided.levelBytes;
    if (growthBytes >= LEAST_VIRTUAL_GROWTH_BYTES) return verdict;
    const needs = `growth of ${formatBytes(LEAST_VIRTUAL_GROWTH_BYTES)}, as V8's own comes to several MB in a virtual week`;
    return { ...verdict, verdict: "growing", severity: "info", needs };
  }

  [Symbol.dispose](): void {
    this.#collections?.[Symbol.dispose]();
  }
}
