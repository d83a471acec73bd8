// This module is browser-safe.
import type { AllocationSite } from "../memory/compare_profiles.ts";
import type { Estimate, LeakVerdict, SeriesVerdict } from "../memory/leak_verdict.ts";
import type { MemorySample, MemorySeries } from "../memory/sample.ts";
import { thinToExtremes, thinToLowest } from "./_thin_points.ts";
import type { FeedEstimate, FeedMemory, FeedMemorySeries, FeedMemorySite, FeedPoint } from "./messages.ts";

/** What {@linkcode toFeedMemory} is told besides the verdict. */
export interface ToFeedMemoryOptions {
  /** Where memory comes to stay, the most growing first. The first 10 are told. */
  readonly sites?: readonly AllocationSite[] | undefined;
  /**
   * Size at which V8 ends the process. One of the detector's limits may be this: it then is told by name where the heap
   * decided, and left out elsewhere, as it binds the heap only.
   */
  readonly heapLimitBytes?: number | undefined;
}

const MAX_FLOOR_POINTS = 64;
const MAX_SAMPLE_POINTS = 240;
const MAX_SITES = 10;
const MAX_EVIDENCE = 12;
const MAX_TEXT = 500;

const FIELDS = {
  postGc: "postGcBytes",
  heapUsed: "heapUsedBytes",
  external: "externalBytes",
  arrayBuffers: "arrayBuffersBytes",
  rss: "rssBytes",
} as const satisfies Record<MemorySeries, keyof MemorySample>;

/**
 * The feed's `memory` message of a verdict: the series that decided, bounded in size (about 10 kB), and with nothing in
 * it that JSON cannot say.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { toFeedMemory } from "demi-health/feed";
 * import { LeakDetector } from "demi-health/memory";
 *
 * const samples = [{ timestamp: 1000, heapUsedBytes: 5e7 }];
 * const detector = new LeakDetector();
 * for (const sample of samples) detector.add(sample);
 * const message = toFeedMemory(detector.verdict(), samples);
 * assert.equal(message.verdict, "not-enough-evidence");
 * assert.deepEqual(message.series?.samples, [[1000, 5e7]]);
 * ```
 *
 * @param samples Some of those that the verdict is of, oldest first: what a chart draws behind the floor.
 */
export function toFeedMemory(
  verdict: LeakVerdict,
  samples: readonly MemorySample[],
  options: ToFeedMemoryOptions = {},
): FeedMemory {
  const { sites, heapLimitBytes } = options;
  const decisive = verdict.series.find(({ series }) => series === verdict.decidedBy);
  return {
    time: verdict.timestamp,
    verdict: verdict.verdict,
    severity: verdict.severity,
    ...(decisive && {
      decidedBy: decisive.series,
      series: toSeries(decisive, samples, heapLimitBytes),
    }),
    needs: cut(verdict.needs),
    evidence: verdict.evidence.slice(0, MAX_EVIDENCE).map(cut),
    ...(sites && { sites: sites.slice(0, MAX_SITES).map(toSite) }),
  };
}

function toSeries(
  decisive: SeriesVerdict,
  samples: readonly MemorySample[],
  heapLimitBytes: number | undefined,
): FeedMemorySeries {
  const { series, confidence, levelBytes, looked } = decisive;
  const field = FIELDS[series];
  const isHeap = series === "postGc" || series === "heapUsed";
  return {
    confidence,
    levelBytes: Math.round(levelBytes),
    slopeBytesPerHour: toEstimate(decisive.slopeBytesPerHour, Math.round),
    slopeRatioPerHour: toEstimate(decisive.slopeRatioPerHour),
    inSevenDaysBytes: toEstimate(decisive.inSevenDaysBytes, Math.round),
    hoursUntil: decisive.hoursUntil
      .filter(({ limitBytes }) => isHeap || limitBytes !== heapLimitBytes)
      .map(({ limitBytes, hours }) => ({
        limitBytes,
        ...(limitBytes === heapLimitBytes && { label: "V8 heap" }),
        hours: hours && toEstimate(hours),
      })),
    looked,
    floor: thinToLowest(
      decisive.floor.map(({ timestamp, bytes }) => toPoint(timestamp, bytes)),
      MAX_FLOOR_POINTS,
    ),
    samples: thinToExtremes(
      samples.flatMap((sample) => {
        const bytes = sample[field];
        return bytes === undefined ? [] : [toPoint(sample.timestamp, bytes)];
      }),
      MAX_SAMPLE_POINTS,
    ),
  };
}

/** JSON has no infinity: an end that nothing bounds is left out, and so is an estimate that is none. */
function toEstimate(
  { value, low, high, confidence }: Estimate,
  round: (number: number) => number = (number) => number,
): FeedEstimate | undefined {
  if (!Number.isFinite(value)) return undefined;
  return {
    value: round(value),
    ...(Number.isFinite(low) && { low: round(low) }),
    ...(Number.isFinite(high) && { high: round(high) }),
    confidence,
  };
}

function toPoint(timestamp: number, bytes: number): FeedPoint {
  return [Math.round(timestamp), Math.round(bytes)];
}

function toSite({ functionName, file, line, growthBytes, share }: AllocationSite): FeedMemorySite {
  return { functionName: cut(functionName), file: cut(file), line, bytes: Math.round(growthBytes), share };
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}
