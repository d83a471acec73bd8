/** The four questions of a companion's owner: uptime, memory, emotions, platforms that fail alone. */
export type Requirement = "HEALTH-01" | "HEALTH-02" | "HEALTH-03" | "HEALTH-04";

/** What a threshold is about. */
export type ThresholdMetric =
  /** Nine of ten replies come faster; milliseconds. */
  | "p90ResponseMs"
  /** 99 of 100 replies come faster; milliseconds. */
  | "p99ResponseMs"
  /** Share of messages without a reply, those left out that a fault excuses. */
  | "errorRate"
  /** Most that was resident; bytes. */
  | "maxRssBytes"
  /** Starts of the companion that no fault asked for. */
  | "unplannedRestarts"
  /** Findings about the emotional state. */
  | "emotionFindings"
  /** Share of the time in which it was not off by plan and did not answer a look. */
  | "downtimeRatio"
  /** Half of the recoveries from faults are faster; milliseconds. */
  | "p50RecoveryMs"
  /** 95 of 100 recoveries are faster; milliseconds. */
  | "p95RecoveryMs"
  /** Faults from which it did not come back. */
  | "failedRecoveries"
  /** Share of messages on other platforms that failed while one was down. */
  | "isolationErrorRate";

/** A bound that a run must keep to. */
export interface StabilityThreshold {
  readonly metric: ThresholdMetric;
  /** The value must stay at or below it. */
  readonly max: number;
  readonly requirement: Requirement;
}

/** A threshold, and how the run stands to it. */
export interface ThresholdResult extends StabilityThreshold {
  /** `no-data`: nothing was measured; that is not 0. */
  readonly outcome: "met" | "broken" | "no-data";
  readonly value: number | undefined;
  /** Whether the run can no longer meet it, however it goes on. */
  readonly isHopeless: boolean;
}

/** What an owner would ask for. */
export const DEFAULT_THRESHOLDS: readonly StabilityThreshold[] = [
  { metric: "p90ResponseMs", max: 3000, requirement: "HEALTH-01" },
  { metric: "errorRate", max: 0.01, requirement: "HEALTH-01" },
  { metric: "unplannedRestarts", max: 0, requirement: "HEALTH-01" },
  { metric: "downtimeRatio", max: 0.001, requirement: "HEALTH-01" },
  { metric: "failedRecoveries", max: 0, requirement: "HEALTH-01" },
  { metric: "maxRssBytes", max: 10e9, requirement: "HEALTH-02" },
  { metric: "emotionFindings", max: 0, requirement: "HEALTH-03" },
  { metric: "isolationErrorRate", max: 0.01, requirement: "HEALTH-04" },
];

/** What was measured; absent where nothing was. */
export type Measurements = Readonly<Record<ThresholdMetric, number | undefined>>;

/** What of a run is still to come. */
export interface Remaining {
  /** Messages that are still to be sent, and those that are counted. */
  readonly messagesLeft: number;
  readonly messagesCounted: number;
  readonly failed: number;
}

// Values that never fall again; the others can mend.
const NEVER_FALLS: ReadonlySet<ThresholdMetric> = new Set<ThresholdMetric>([
  "maxRssBytes",
  "unplannedRestarts",
  "emotionFindings",
  "failedRecoveries",
]);

/** How a run stands to its thresholds. */
export function checkThresholds(
  thresholds: readonly StabilityThreshold[],
  measured: Measurements,
  { messagesLeft, messagesCounted, failed }: Remaining,
): readonly ThresholdResult[] {
  return thresholds.map((threshold) => {
    const { metric, max } = threshold;
    const value = measured[metric];
    if (value === undefined) return { ...threshold, outcome: "no-data", value, isHopeless: false };
    const isBroken = !(value <= max);
    const atBest = metric === "errorRate" ? failed / Math.max(1, messagesCounted + messagesLeft) : value;
    const canMend = metric === "errorRate" ? atBest <= max : !NEVER_FALLS.has(metric);
    return { ...threshold, outcome: isBroken ? "broken" : "met", value, isHopeless: isBroken && !canMend };
  });
}

/** @throws {RangeError} If a limit is not a number. */
export function checkThresholdOptions(thresholds: readonly StabilityThreshold[]): void {
  for (const { metric, max } of thresholds) {
    if (Number.isNaN(max) || typeof max !== "number") {
      throw new RangeError(
        `Cannot make stability test: 'thresholds.${metric}' must be a number, got ${String(max)}`,
      );
    }
  }
}
