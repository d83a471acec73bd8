import { formatBytes, formatDuration, formatRatio } from "../base/format.ts";
import type { RunContext } from "./_run_context.ts";
import type { RequirementResult, StabilityResults } from "./stability_results.ts";
import type { Requirement, ThresholdMetric, ThresholdResult } from "./stability_thresholds.ts";

const REQUIREMENTS: readonly Requirement[] = ["HEALTH-01", "HEALTH-02", "HEALTH-03", "HEALTH-04"];

/** Answers to the four questions, each with its evidence. */
export function judgeRun(run: RunContext, plannedMs: number): StabilityResults["requirements"] {
  const thresholds = run.thresholds;
  return Object.fromEntries(
    REQUIREMENTS.map((requirement) => [requirement, judgeOne(requirement, run, thresholds, plannedMs)]),
  ) as StabilityResults["requirements"];
}

/** The whole answer, from those to the four questions and the properties. */
export function judgeAll(
  requirements: StabilityResults["requirements"],
  properties: StabilityResults["properties"],
): { readonly outcome: StabilityResults["outcome"]; readonly summary: string } {
  const failed = REQUIREMENTS.filter((name) => requirements[name].outcome === "defect");
  const broken = properties.filter(({ outcome }) => outcome === "failed").map(({ name }) => `"${name}"`);
  if (failed.length + broken.length > 0) {
    return { outcome: "defect", summary: `Not met: ${[...failed, ...broken].join(", ")}` };
  }
  const open = REQUIREMENTS.filter((name) => requirements[name].outcome === "not-enough-evidence");
  const never = properties
    .filter(({ outcome }) => outcome === "never-reached")
    .map(({ name }) => `"${name}"`);
  if (open.length + never.length === 0)
    return { outcome: "healthy", summary: "All four requirements are met" };
  const what = [...open, ...never.map((name) => `${name} never happened`)].join(", ");
  return { outcome: "not-enough-evidence", summary: `Nothing is wrong, and too little was seen of: ${what}` };
}

function judgeOne(
  requirement: Requirement,
  run: RunContext,
  thresholds: readonly ThresholdResult[],
  plannedMs: number,
): RequirementResult {
  const own = thresholds.filter((each) => each.requirement === requirement);
  const findings = run.findings.of(requirement);
  const evidence = [...EVIDENCE[requirement](run, plannedMs), ...own.map(describeThreshold)];
  // what a threshold counts is judged by it: one message of ten thousand without a reply is no broken promise
  const blamed = findings.filter(({ kind }) => !COUNTED.has(kind));
  evidence.push(
    ...findings.map(({ message, count }) => (count > 1 ? `${message} (${count} times)` : message)),
  );
  if (blamed.length > 0 || own.some(({ outcome }) => outcome === "broken"))
    return { outcome: "defect", evidence };
  const missing = missingEvidence(requirement, run);
  if (missing === undefined) return { outcome: "healthy", evidence };
  return { outcome: "not-enough-evidence", evidence: [...evidence, missing] };
}

const COUNTED: ReadonlySet<string> = new Set(["no-reply"]);

const EVIDENCE: Readonly<Record<Requirement, (run: RunContext, plannedMs: number) => readonly string[]>> = {
  "HEALTH-01": (run, plannedMs) => {
    const { answered, failed, excused, withheld } = run.tallies.all;
    const share = plannedMs === run.elapsedMs ? "" : ` of ${formatDuration(plannedMs)}`;
    return [
      `It ran for ${formatDuration(run.elapsedMs)}${share}`,
      `${answered} messages were answered, ${failed} were not; of further ones ${excused} went unanswered by a fault of the run, and ${withheld} could not be sent`,
      ...(run.faultResults.length === 0 ? [] : [describeRecoveries(run)]),
    ];
  },
  "HEALTH-02": (run) => {
    const { maxRssBytes, memoryLooks } = run.counters;
    if (memoryLooks === 0) return [];
    return [`At most ${formatBytes(maxRssBytes)} were resident`, ...leakEvidence(run)];
  },
  "HEALTH-03": (run) => [`Emotions were looked at ${run.counters.emotionLooks} times`],
  "HEALTH-04": (run) => {
    const { isolationAnswered, isolationFailed } = run.counters;
    const seen = isolationAnswered + isolationFailed;
    return [
      `While a platform was down, ${isolationAnswered} of ${seen} messages on the others were answered`,
    ];
  },
};

function leakEvidence(run: RunContext): readonly string[] {
  const leak = run.memory.verdict();
  return [`Leak verdict: ${leak.verdict}`, ...leak.evidence];
}

function describeRecoveries(run: RunContext): string {
  const { p50Ms, p95Ms } = { p50Ms: run.recoveries.quantile(0.5), p95Ms: run.recoveries.quantile(0.95) };
  if (p50Ms === undefined || p95Ms === undefined)
    return `It came back from none of ${run.faultResults.length} faults`;
  return `It came back from ${run.recoveries.count} of ${run.faultResults.length} faults, half of them within ${formatDuration(p50Ms)}, 95 % within ${formatDuration(p95Ms)}`;
}

function describeThreshold({ metric, max, outcome, value }: ThresholdResult): string {
  const [name, format] = WORDS[metric];
  const most = `at most ${format(max)}`;
  if (value === undefined) return `${name}: no data (${most})`;
  return `${name}: ${format(value)}, ${outcome === "met" ? most : `which is more than ${format(max)}`}`;
}

const WORDS: Readonly<Record<ThresholdMetric, readonly [name: string, format: (value: number) => string]>> = {
  p90ResponseMs: ["Response time of nine messages of ten", formatDuration],
  p99ResponseMs: ["Response time of 99 messages of 100", formatDuration],
  errorRate: ["Messages without a reply", formatRatio],
  maxRssBytes: ["Resident memory", formatBytes],
  unplannedRestarts: ["Restarts that nobody planned", String],
  emotionFindings: ["Findings about emotions", String],
  downtimeRatio: ["Time in which it did not answer a look", formatRatio],
  p50RecoveryMs: ["Time to come back, half of the faults", formatDuration],
  p95RecoveryMs: ["Time to come back, 95 faults of 100", formatDuration],
  failedRecoveries: ["Faults from which it did not come back", String],
  isolationErrorRate: ["Messages without a reply while another platform was down", formatRatio],
};

function missingEvidence(requirement: Requirement, run: RunContext): string | undefined {
  const { counters } = run;
  const { answered } = run.tallies.all;
  if (requirement === "HEALTH-01") return answered > 0 ? undefined : "No message was answered yet";
  if (requirement === "HEALTH-02") {
    if (counters.memoryLooks === 0) return "Its memory was never seen";
    const { verdict, needs } = run.memory.verdict();
    if (verdict === "leak" || verdict === "healthy") return undefined;
    return needs === "" ? `The leak verdict is ${verdict}` : `The leak verdict needs ${needs}`;
  }
  if (requirement === "HEALTH-03")
    return counters.emotionLooks > 0 ? undefined : "Its emotions were never seen";
  return counters.isolationAnswered + counters.isolationFailed > 0
    ? undefined
    : "No message came on one platform while another was down";
}
