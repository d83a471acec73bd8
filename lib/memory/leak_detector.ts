// This module is browser-safe.
import { normalQuantile, normalTail } from "../stats/_distributions.ts";
import type { Judgement } from "./_judge_series.ts";
import { projectGrowth } from "./_projection.ts";
import { explainJudgement } from "./_evidence.ts";
import type { Estimate, LeakSeverity, LeakState, LeakVerdict, SeriesVerdict } from "./leak_verdict.ts";
import type { MemorySample, MemorySeries } from "./sample.ts";
import { SeriesRecord } from "./_series_record.ts";

/** Options of {@linkcode LeakDetector}. */
export interface LeakDetectorOptions {
  /** Sizes that the way to is foretold for, bytes. @default {[8e9, 10e9]} */
  readonly limitsBytes?: readonly number[] | undefined;
  /**
   * How often it is asked. `once`: at the end of a test or a recording. `repeatedly`: by a monitor that acts on the first
   * leak it is told of. Each look is one more chance of a false alarm, so a monitor is told of a leak only when it is surer,
   * and, unless it is its first look, when the growth has looked like one for a fifth as long as it was looked at before;
   * until then it is told `growing`.
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

const FIGURES = [...Object.values(FIELDS), "uptimeSeconds"] as const;
/** No process lives without: a figure of 0 is none that was read. */
const NEVER_EMPTY: ReadonlySet<MemorySeries> = new Set(["rss", "heapUsed", "postGc"]);
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
const CONFIRMATION = 0.2;
const RESTARTS_KEPT = 512;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LONG_GAP = 10;

/**
 * Says whether a process leaks, from its figures alone. Samples go in one by one, at any distance; they are kept in
 * cells of bounded number, less than 1 MB for all series. A sample costs O(1), a verdict some milliseconds.
 *
 * Of each series the floor is taken, over the whole life and, once there are more, over the last days: what is left when
 * garbage and bursts are gone. Models of bounded growth (constant,
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
  /** By series: when growth began to look like a leak; undefined where the last look saw none. */
  readonly #suspectedAt = new Map<MemorySeries, Suspicion | undefined>();
  readonly #records = new Map<MemorySeries, SeriesRecord>();
  readonly #restarts: number[] = [];
  #knowsUptime = false;
  #uptime: number | undefined;
  #first = 0;
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
   * Takes a sample in. Several at one time all count. What the sample leaves out is not looked at; nor is a heap or a resident
   * set of 0 bytes, which no process has. After a gap of ten times all that was seen before, and of ten days at least, such as
   * when a clock is set for the first time, it begins anew.
   *
   * @throws {RangeError} If a figure is no number, negative or not finite, or the time is before the last one's; nothing
   * was taken in then.
   */
  add(sample: MemorySample): void {
    const { timestamp, uptimeSeconds } = sample;
    if (!Number.isFinite(timestamp)) refuse("timestamp", "finite", timestamp);
    if (this.#count > 0 && timestamp < this.#last) {
      refuse("timestamp", `at or after the last one, ${this.#last}`, timestamp);
    }
    for (const name of FIGURES) {
      const value = sample[name];
      if (value !== undefined && !(Number.isFinite(value) && value >= 0))
        refuse(name, "finite and >= 0", value);
    }
    if (this.#isAfterGap(timestamp)) this.#forget();
    if (uptimeSeconds !== undefined) this.#noteUptime(uptimeSeconds, timestamp);
    for (const series of SERIES) {
      const bytes = sample[FIELDS[series]];
      if (bytes === undefined || (bytes === 0 && NEVER_EMPTY.has(series))) continue;
      let record = this.#records.get(series);
      if (!record) this.#records.set(series, (record = new SeriesRecord()));
      record.add(timestamp, bytes);
    }
    if (this.#count === 0) this.#first = timestamp;
    this.#last = timestamp;
    this.#count++;
  }

  /** The answer over all samples so far. Time: some milliseconds a series, whatever their number. */
  verdict(): LeakVerdict {
    const series = SERIES.filter((name) => this.#records.has(name)).map((name) => {
      const { verdict, hours } = this.#judge(name);
      return this.#isRepeated ? this.#confirm(verdict, hours) : verdict;
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

  /** Whether so much time was not looked at that what was before says nothing of now: a clock that was set, or a long sleep. */
  #isAfterGap(timestamp: number): boolean {
    if (this.#count === 0) return false;
    return timestamp - this.#last > LONG_GAP * Math.max(DAY_MS, this.#last - this.#first);
  }

  #forget(): void {
    this.#records.clear();
    this.#suspectedAt.clear();
    this.#restarts.length = 0;
    this.#uptime = undefined;
    this.#count = 0;
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
  #confirm(verdict: SeriesVerdict, hoursOfWindow: number): SeriesVerdict {
    const { series } = verdict;
    if (verdict.verdict !== "leak") {
      this.#suspectedAt.set(series, undefined);
      return verdict;
    }
    const isFirstLook = !this.#suspectedAt.has(series);
    const since = this.#suspectedAt.get(series) ?? {
      timestamp: this.#last,
      waitHours: isFirstLook ? 0 : CONFIRMATION * hoursOfWindow,
    };
    this.#suspectedAt.set(series, since);
    const hours = since.waitHours - (this.#last - since.timestamp) / HOUR_MS;
    if (hours <= 0) return verdict;
    const needs = `${Math.ceil(hours * 60)} more minutes: it must look like a leak for so long`;
    return { ...verdict, verdict: "growing", needs, evidence: [...verdict.evidence, `It needs ${needs}.`] };
  }

  /**
   * What was taken right after a full collection holds no garbage, and need never fall. Who gives that series alone may
   * have meant the heap as it is: then it is held to the same doubts.
   */
  #holdsGarbage(series: MemorySeries): boolean {
    if (series === "postGc") return !this.#records.has("heapUsed");
    return series === "heapUsed" || series === "rss";
  }

  #minGrowthOf(series: MemorySeries): number {
    if (series === "rss") return MIN_RESIDENT_GROWTH_BYTES;
    const isYoung = this.#uptime !== undefined && this.#uptime < YOUNG_SECONDS;
    return isYoung ? MIN_YOUNG_GROWTH_BYTES : MIN_GROWTH_BYTES;
  }

  #judge(series: MemorySeries): { readonly verdict: SeriesVerdict; readonly hours: number } {
    const record = this.#records.get(series)!;
    const cells = record.life;
    const judgement = record.judge({
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
    const judged: SeriesVerdict = {
      series,
      verdict,
      confidence,
      slopeBytesPerHour: slope,
      slopeRatioPerHour: scale(slope, 1 / Math.max(1, level)),
      effectRatio: growthRatio,
      levelBytes: level,
      floor: toFloorPoints(judgement, judgement.startMs),
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
    return { verdict: judged, hours: judgement.hours };
  }
}

interface Suspicion {
  readonly timestamp: number;
  /** How long it must last. */
  readonly waitHours: number;
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
  const high = slope + reach;
  if (verdict !== "leak") return { value: slope, low: slope - reach, high, confidence: 0.95 };
  // of what grows without an end the slope is above 0: the normal distribution without what is below
  const above = normalTail(-slope / slopeDeviation);
  const low = slope + slopeDeviation * normalQuantile(0.975 * above);
  return {
    value: slope,
    low,
    high: slope + slopeDeviation * normalQuantile(0.025 * above),
    confidence: 0.95,
  };
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
  throw new RangeError(
    `Cannot take memory sample: '${name}' must be ${rule}, got ${typeof got === "string" ? JSON.stringify(got) : String(got)}`,
  );
}
