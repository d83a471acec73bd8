import { formatBytes, formatDuration } from "../base/format.ts";
import { VirtualClock } from "../base/virtual_clock.ts";
import type { PlatformName } from "../harness/environment.ts";
import { type LatencyQuantiles, LatencySummary } from "../harness/load/latency_summary.ts";
import type { MessageCounts } from "./_run_tallies.ts";
import type { TimelineLine } from "./_timeline.ts";
import type { RunRecord } from "./inspect_run.ts";
import type { FaultResult, RunGap, StabilityFinding, StabilityResults } from "./stability_results.ts";
import {
  checkThresholds,
  DEFAULT_THRESHOLDS,
  type Measurements,
  type Requirement,
  type ThresholdResult,
} from "./stability_thresholds.ts";

interface Tally {
  answered: number;
  failed: number;
  excused: number;
  readonly latency: LatencySummary;
}

interface Seen {
  elapsedMs: number;
  looks: number;
  silences: number;
  emotionLooks: number;
  maxRssBytes: number | undefined;
  readonly all: Tally;
  readonly platforms: Map<PlatformName, Tally>;
  readonly recoveries: LatencySummary;
  readonly findings: StabilityFinding[];
  readonly faults: FaultResult[];
  readonly gaps: RunGap[];
}

type Line = TimelineLine &
  Partial<{
    platform: PlatformName;
    latencyMs: number;
    isExcused: boolean;
    emotions: unknown;
    memory: { rssBytes?: number };
    what: string;
    durationMs: number;
    recoveryMs: number | null;
    requirement: Requirement;
    finding: string;
    message: string;
    cause: RunGap["cause"];
  }>;

const HOUR_MS = 3_600_000;

/**
 * Results of a run that runs yet, or that died: what its timeline tells. No leak verdict, no isolation and no event
 * hash, which only the run itself knows; findings are counted once. It is never `healthy`: that takes a whole run.
 *
 * @param lines Its timeline, in its order.
 * @throws {RangeError} If no run was ever there.
 */
export async function resultsSoFar(
  { directory, status, plan, progress }: RunRecord,
  lines: AsyncIterable<TimelineLine> | Iterable<TimelineLine>,
): Promise<StabilityResults> {
  if (!plan) throw new RangeError(`Cannot read results: there must be a run in ${directory}, got none`);
  const seen = await readAll(lines, plan.seed);
  const plannedMs = progress?.durationMs ?? plan.durationHours * HOUR_MS;
  const thresholds = checkThresholds(DEFAULT_THRESHOLDS, measure(seen), NOTHING_LEFT);
  const far = `after ${formatDuration(seen.elapsedMs)} of ${formatDuration(plannedMs)}`;
  const requirements = judge(seen, thresholds, describeEnd(status, far, progress?.elapsedMs, seen.elapsedMs));
  const failed = Object.entries(requirements).filter(([, { outcome }]) => outcome === "defect");
  const isBad = failed.length > 0;
  return {
    format: 1,
    name: progress?.name ?? "companion",
    seed: plan.seed,
    time: progress?.time ?? plan.time ?? "virtual",
    outcome: isBad ? "defect" : "not-enough-evidence",
    summary: isBad
      ? `Not met ${far}: ${failed.map(([name]) => name).join(", ")}`
      : `Nothing was wrong ${far}`,
    startedAt: progress?.time === "system" ? progress.at - progress.elapsedMs : new VirtualClock().now(),
    elapsedMs: seen.elapsedMs,
    plannedMs,
    end: "stopped",
    resumes: 0,
    continuity: "whole",
    eventHash: "",
    events: 0,
    messages: toCounts(seen.all),
    platforms: Object.fromEntries([...seen.platforms].map(([name, tally]) => [name, toCounts(tally)])),
    recoveries: quantilesOf(seen.recoveries),
    faults: seen.faults,
    memory: { maxRssBytes: seen.maxRssBytes, leak: undefined },
    requirements,
    thresholds,
    properties: [],
    alerts: [],
    findings: seen.findings,
    gaps: seen.gaps,
    brokenCheckpoints: [],
  };
}

// What is still to come is not known: nothing is hopeless.
const NOTHING_LEFT = { messagesLeft: Infinity, messagesCounted: 0, failed: 0 } as const;

async function readAll(
  lines: AsyncIterable<TimelineLine> | Iterable<TimelineLine>,
  seed: string,
): Promise<Seen> {
  const seen: Seen = {
    elapsedMs: 0,
    looks: 0,
    silences: 0,
    emotionLooks: 0,
    maxRssBytes: undefined,
    all: newTally(),
    platforms: new Map(),
    recoveries: new LatencySummary(),
    findings: [],
    faults: [],
    gaps: [],
  };
  for await (const line of lines) {
    seen.elapsedMs = Math.max(seen.elapsedMs, line.atMs);
    READERS[line.kind]?.(seen, line, seed);
  }
  return seen;
}

const READERS: Readonly<Record<string, (seen: Seen, line: Line, seed: string) => void>> = {
  reply: (seen, { platform, latencyMs = 0 }) => {
    for (const tally of talliesOf(seen, platform)) {
      tally.answered++;
      tally.latency.add(latencyMs);
    }
  },
  "no-reply": (seen, { platform, isExcused = false }) => {
    for (const tally of talliesOf(seen, platform)) tally[isExcused ? "excused" : "failed"]++;
  },
  look: (seen, { emotions, memory }) => {
    seen.looks++;
    if (emotions === undefined) seen.silences++;
    else seen.emotionLooks++;
    const { rssBytes } = memory ?? {};
    if (rssBytes !== undefined) seen.maxRssBytes = Math.max(seen.maxRssBytes ?? 0, rssBytes);
  },
  fault: ({ faults }, { atMs, what = "", durationMs = 0 }) => {
    faults.push({ sequence: faults.length, what, atMs, durationMs, recoveryMs: undefined });
  },
  recovery: (seen, { what, recoveryMs }) => {
    const index = seen.faults.findLastIndex((fault) => fault.what === what);
    const fault = seen.faults[index];
    if (!fault || typeof recoveryMs !== "number") return;
    seen.faults[index] = { ...fault, recoveryMs };
    seen.recoveries.add(recoveryMs);
  },
  finding: ({ findings }, { atMs, requirement = "HEALTH-01", finding = "", message = "" }, seed) => {
    const reproduce = `--seed ${seed} --until ${(atMs / HOUR_MS + 1 / 60).toFixed(3)}`;
    findings.push({ requirement, kind: finding, message, atMs, count: 1, reproduce });
  },
  gap: ({ gaps }, { atMs, durationMs = 0, cause = "host slept" }) => {
    gaps.push({ atMs, durationMs, cause });
  },
};

function newTally(): Tally {
  return { answered: 0, failed: 0, excused: 0, latency: new LatencySummary() };
}

function talliesOf({ all, platforms }: Seen, platform: PlatformName | undefined): readonly Tally[] {
  if (platform === undefined) return [all];
  let tally = platforms.get(platform);
  if (!tally) platforms.set(platform, (tally = newTally()));
  return [all, tally];
}

function toCounts({ answered, failed, excused, latency }: Tally): MessageCounts {
  const sent = answered + failed + excused;
  return { sent, answered, failed, excused, withheld: 0, latency: quantilesOf(latency) };
}

function quantilesOf(summary: LatencySummary): LatencyQuantiles | undefined {
  return summary.toQuantiles();
}

function measure({
  all,
  looks,
  silences,
  findings,
  recoveries,
  emotionLooks,
  maxRssBytes,
}: Seen): Measurements {
  const counted = all.answered + all.failed;
  const ofKind = (kind: string): number => findings.filter((finding) => finding.kind === kind).length;
  const emotional = findings.filter(({ requirement }) => requirement === "HEALTH-03").length;
  return {
    p90ResponseMs: all.latency.quantile(0.9),
    p99ResponseMs: all.latency.quantile(0.99),
    errorRate: counted > 0 ? all.failed / counted : undefined,
    maxRssBytes,
    unplannedRestarts: looks > 0 ? ofKind("died") : undefined,
    emotionFindings: emotionLooks > 0 ? emotional : undefined,
    downtimeRatio: looks > 0 ? silences / looks : undefined,
    p50RecoveryMs: recoveries.quantile(0.5),
    p95RecoveryMs: recoveries.quantile(0.95),
    failedRecoveries: looks > 0 ? ofKind("not-recovered") : undefined,
    isolationErrorRate: undefined,
  };
}

function describeEnd(
  status: RunRecord["status"],
  far: string,
  toldMs: number | undefined,
  seenMs: number,
): string {
  const is = status === "running" || status === "starting" ? "It runs yet" : `It has ${status}`;
  // the timeline is written in pieces: what came after the last one is lost with its process
  const lost = toldMs !== undefined && toldMs > seenMs ? `; it had come to ${formatDuration(toldMs)}` : "";
  return `${is}; this is what its timeline tells ${far}${lost}`;
}

function judge(
  seen: Seen,
  thresholds: readonly ThresholdResult[],
  end: string,
): StabilityResults["requirements"] {
  const evidence: Readonly<Record<Requirement, readonly string[]>> = {
    "HEALTH-01": [
      end,
      `${seen.all.answered} messages were answered, ${seen.all.failed} were not; ${seen.all.excused} more were not while a fault explained it`,
      `It came back from ${seen.recoveries.count} of ${seen.faults.length} faults`,
    ],
    "HEALTH-02": [
      ...(seen.maxRssBytes === undefined ? [] : [`At most ${formatBytes(seen.maxRssBytes)} were resident`]),
      "Whether it leaks is told at the end",
    ],
    "HEALTH-03": [`Emotions were looked at ${seen.emotionLooks} times`],
    "HEALTH-04": ["Whether platforms fail alone is told at the end"],
  };
  return Object.fromEntries(
    Object.entries(evidence).map(([name, sentences]) => {
      const broken = thresholds.filter(
        ({ requirement, outcome }) => requirement === name && outcome === "broken",
      );
      const found = seen.findings.filter(({ requirement }) => requirement === name);
      const isBad = broken.length > 0 || found.some(({ kind }) => kind !== "no-reply");
      const bounds = broken.map(({ metric, value, max }) => `${metric}: ${value}, above ${max}`);
      return [
        name,
        {
          outcome: isBad ? "defect" : "not-enough-evidence",
          evidence: [...sentences, ...bounds, ...found.map(({ message }) => message)],
        },
      ];
    }),
  ) as unknown as StabilityResults["requirements"];
}
