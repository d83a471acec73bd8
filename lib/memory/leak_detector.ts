// This module is browser-safe.
import { FloorCells } from "./_floor_cells.ts";
import { type Judgement, judgeSeries } from "./_judge_series.ts";
import { projectGrowth } from "./_projection.ts";
import { explainJudgement } from "./_evidence.ts";
import type { Estimate, LeakSeverity, LeakState, LeakVerdict, SeriesVerdict } from "./leak_verdict.ts";
import type { MemorySample, MemorySeries } from "./sample.ts";

/** Options of {@linkcode LeakDetector}. */
export interface LeakDetectorOptions {
  /** Sizes that the way to is foretold for, bytes. @default {[8e9, 10e9]} */
  readonly limitsBytes?: readonly number[] | undefined;
  /**
   * How often it is asked. `once`: at the end of a test or a recording. `repeatedly`: by a monitor that acts on the first
   * leak it is told of. Each look is one more chance of a false alarm, so a monitor is told of a leak only when it is surer,
   * and, unless it is its first look, when the growth has looked like one since the window was a sixth shorter; until then
   * it is told `growing`.
   *
   * @default {"once"}
   */
  readonly looks?: "once" | "repeatedly" | undefined;
  /**
   * Hours below which nothing is called a leak. Two, as real processes warm up; less where a test presses the life of days
   * into minutes.
   *
   * @default {2}
   */
  readonly minHours?: number | undefined;
}

const FIELDS = {
  postGc: "postGcBytes",
  heapUsed: "heapUsedBytes",
  external: "externalBytes",
  arrayBuffers: "arrayBuffersBytes",
  rss: "rssBytes",
} as const satisfies Record<MemorySeries, keyof MemorySample>;

const SERIES = Object.keys(FIELDS) as readonly MemorySeries[];
/** Of two series that say the same the weightier speaks: what JavaScript holds before what the system counts. */
const WEIGHT: Readonly<Record<LeakState, number>> = {
  leak: 3,
  growing: 2,
  healthy: 1,
  "not-enough-evidence": 0,
};
const SEVERITY: Readonly<Record<MemorySeries, LeakSeverity>> = {
  postGc: "critical",
  heapUsed: "critical",
  external: "critical",
  arrayBuffers: "critical",
  rss: "warning",
};
// What V8 itself comes to hold while code is compiled and watched, however little a program does: up to 2 MB in the first
// minutes of pocket Demi's process, whatever her clock says. Resident memory wanders by more: allocators give back late, and
// not all.
const MIN_GROWTH_BYTES = 1.6e6;
const MIN_YOUNG_GROWTH_BYTES = 3e6;
const YOUNG_SECONDS = 600;
const MIN_RESIDENT_GROWTH_BYTES = 16e6;
const NORMAL_95 = 1.96;
// Of 200 healthy synthetic traces looked at 60 times 9.5 % alarmed, without it 19.5 %; half of what it holds back never comes.
const CONFIRMATION = 1.2;
const RESTARTS_KEPT = 64;

/**
 * Says whether a process leaks, from its figures alone. Samples go in one by one, at any distance; they are kept in
 * cells of bounded number, less than 1 MB for all series. A sample costs O(1), a verdict some milliseconds.
 *
 * Of each series the floor is taken: what is left when garbage and bursts are gone. Models of bounded growth (constant,
 * saturating, logarithmic, in steps, a ramp that ends, the hours of a day, runs between restarts) and of growth
 * without an end are fitted to it with correlated residuals; the Bayesian information criterion, the size of the slope and
 * its course make the odds.
 *
 * @example A heap that grows by 1 % an hour
 * ```ts
 * import assert from "node:assert/strict";
 * import { LeakDetector } from "demi-health/memory";
 *
 * const detector = new LeakDetector();
 * for (let minute = 0; minute < 1200; minute++) {
 *   const noise = 1e6 * ((minute * 7919) % 13);
 *   detector.add({ timestamp: minute * 60_000, postGcBytes: 500e6 * (1 + (0.01 * minute) / 60) + noise });
 * }
 * assert.equal(detector.verdict().verdict, "leak");
 * ```
 */
export class LeakDetector {
  readonly #limits: readonly number[];
  readonly #isRepeated: boolean;
  readonly #minHours: number;
  /** By series: the window's hours at which growth began to look like a leak; undefined where the last look saw none. */
  readonly #suspectedAt = new Map<MemorySeries, number | undefined>();
  readonly #cells = new Map<MemorySeries, FloorCells>();
  readonly #restarts: number[] = [];
  #knowsUptime = false;
  #uptime: number | undefined;
  #last = 0;
  #count = 0;

  /** @throws {RangeError} If a limit is not a positive number. */
  constructor(options: LeakDetectorOptions = {}) {
    const { limitsBytes = [8e9, 10e9], looks = "once", minHours = 2 } = options;
    const wrong = limitsBytes.find((limit) => !(limit > 0 && limit < Infinity));
    if (wrong !== undefined) {
      throw new RangeError(`Cannot make leak detector: 'limitsBytes' must be finite and > 0, got ${wrong}`);
    }
    if (looks !== "once" && looks !== "repeatedly") {
      throw new RangeError(
        `Cannot make leak detector: 'looks' must be 'once' or 'repeatedly', got ${String(looks)}`,
      );
    }
    if (!(minHours >= 0 && minHours < Infinity)) {
      throw new RangeError(`Cannot make leak detector: 'minHours' must be finite and >= 0, got ${minHours}`);
    }
    this.#minHours = minHours;
    this.#limits = [...limitsBytes];
    this.#isRepeated = looks === "repeatedly";
  }

  /** Samples taken in. */
  get count(): number {
    return this.#count;
  }

  /**
   * Takes a sample in. Several at one time all count. What the sample leaves out is not looked at.
   *
   * @throws {RangeError} If a figure is negative or not finite, or the time is before the last one's; nothing was
   * taken in then.
   */
  add(sample: MemorySample): void {
    const { timestamp, uptimeSeconds } = sample;
    if (!Number.isFinite(timestamp)) refuse("timestamp", "finite", timestamp);
    if (this.#count > 0 && timestamp < this.#last) {
      refuse("timestamp", `at or after the last one, ${this.#last}`, timestamp);
    }
    for (const name of [...Object.values(FIELDS), "uptimeSeconds"] as const) {
      const value = sample[name];
      if (value !== undefined && !(value >= 0 && value < Infinity)) refuse(name, "finite and >= 0", value);
    }
    if (uptimeSeconds !== undefined) this.#noteUptime(uptimeSeconds, timestamp);
    for (const series of SERIES) {
      const bytes = sample[FIELDS[series]];
      if (bytes === undefined) continue;
      let cells = this.#cells.get(series);
      if (!cells) this.#cells.set(series, (cells = new FloorCells()));
      cells.add(timestamp, bytes);
    }
    this.#last = timestamp;
    this.#count++;
  }

  /** The answer over all samples so far. Time: some milliseconds a series, whatever their number. */
  verdict(): LeakVerdict {
    const series = SERIES.filter((name) => this.#cells.has(name)).map((name) => {
      const verdict = this.#judge(name);
      return this.#isRepeated ? this.#confirm(verdict) : verdict;
    });
    const decisive = decide(series);
    if (!decisive) {
      const needs = "samples with a size in bytes";
      return {
        verdict: "not-enough-evidence",
        severity: "none",
        timestamp: 0,
        decidedBy: undefined,
        series,
        needs,
        evidence: [],
      };
    }
    const { verdict, needs, evidence } = decisive;
    const severity = verdict === "leak" ? SEVERITY[decisive.series] : verdict === "growing" ? "info" : "none";
    return { verdict, severity, timestamp: this.#last, decidedBy: decisive.series, series, needs, evidence };
  }

  #noteUptime(uptime: number, timestamp: number): void {
    this.#knowsUptime = true;
    if (this.#uptime !== undefined && uptime < this.#uptime) {
      this.#restarts.push(timestamp);
      if (this.#restarts.length > RESTARTS_KEPT) this.#restarts.shift();
    }
    this.#uptime = uptime;
  }

  /** Holds a leak back until it has lasted; see {@linkcode LeakDetectorOptions.looks}. */
  #confirm(verdict: SeriesVerdict): SeriesVerdict {
    const { series, looked } = verdict;
    if (verdict.verdict !== "leak") {
      this.#suspectedAt.set(series, undefined);
      return verdict;
    }
    const since = this.#suspectedAt.get(series) ?? (this.#suspectedAt.has(series) ? looked.hours : 0);
    this.#suspectedAt.set(series, since);
    const hours = CONFIRMATION * since - looked.hours;
    if (hours <= 0) return verdict;
    const needs = `${Math.ceil(hours * 60)} more minutes: it must look like a leak for so long`;
    return { ...verdict, verdict: "growing", needs, evidence: [...verdict.evidence, `It needs ${needs}.`] };
  }

  /**
   * What was taken right after a full collection holds no garbage, and need never fall. Who gives that series alone may
   * have meant the heap as it is: then it is held to the same doubts.
   */
  #holdsGarbage(series: MemorySeries): boolean {
    if (series === "postGc") return !this.#cells.has("heapUsed");
    return series === "heapUsed" || series === "rss";
  }

  #minGrowthOf(series: MemorySeries): number {
    if (series === "rss") return MIN_RESIDENT_GROWTH_BYTES;
    const isYoung = this.#uptime !== undefined && this.#uptime < YOUNG_SECONDS;
    return isYoung ? MIN_YOUNG_GROWTH_BYTES : MIN_GROWTH_BYTES;
  }

  #judge(series: MemorySeries): SeriesVerdict {
    const cells = this.#cells.get(series)!;
    const judgement = judgeSeries(cells, {
      restarts: this.#knowsUptime ? this.#restarts : undefined,
      isCollected: this.#holdsGarbage(series),
      isRepeated: this.#isRepeated,
      minHours: this.#minHours,
      minGrowthBytes: this.#minGrowthOf(series),
    });
    const { verdict, confidence, floor, needs, growthRatio } = judgement;
    const level = floor ? floor.level * floor.depth * (floor.values.at(-1) ?? 1) : cells.lastBytes;
    const slope = slopeEstimate(judgement);
    const projection = projectGrowth(judgement, level, this.#limits);
    return {
      series,
      verdict,
      confidence,
      slopeBytesPerHour: slope,
      slopeRatioPerHour: scale(slope, 1 / Math.max(1, level)),
      effectRatio: growthRatio,
      levelBytes: level,
      floor: toFloorPoints(judgement, cells.startMs),
      ...projection,
      looked: {
        samples: cells.samples,
        hours: (cells.lastMs - cells.startMs) / 3_600_000,
        collections: floor?.sawtooth?.count ?? 0,
        restarts: this.#knowsUptime ? this.#restarts.length : (floor?.cuts.length ?? 0),
      },
      needs,
      evidence: explainJudgement(judgement),
    };
  }
}

/** The series that speaks for all: external memory that stands still says nothing of a heap that is not known. */
function decide(series: readonly SeriesVerdict[]): SeriesVerdict | undefined {
  const hasHeap = series.some((each) => isHeap(each));
  let decisive: SeriesVerdict | undefined;
  for (const each of series) {
    if (hasHeap && !isHeap(each) && each.verdict === "healthy") continue;
    if (!decisive || WEIGHT[each.verdict] > WEIGHT[decisive.verdict]) decisive = each;
  }
  return decisive;
}

function isHeap({ series }: SeriesVerdict): boolean {
  return series !== "external" && series !== "arrayBuffers";
}

function slopeEstimate({ verdict, slope, slopeDeviation }: Judgement): Estimate {
  if (verdict === "not-enough-evidence")
    return { value: 0, low: -Infinity, high: Infinity, confidence: 0.95 };
  const reach = NORMAL_95 * slopeDeviation;
  return { value: slope, low: slope - reach, high: slope + reach, confidence: 0.95 };
}

function scale({ value, low, high, confidence }: Estimate, factor: number): Estimate {
  return { value: value * factor, low: low * factor, high: high * factor, confidence };
}

function toFloorPoints({ floor }: Judgement, startMs: number): SeriesVerdict["floor"] {
  if (!floor) return [];
  return [...floor.hours].map((hours, index) => ({
    timestamp: startMs + hours * 3_600_000,
    bytes: floor.values[index]! * floor.level * floor.depth,
  }));
}

function refuse(name: string, rule: string, got: unknown): never {
  throw new RangeError(`Cannot take memory sample: '${name}' must be ${rule}, got ${String(got)}`);
}
