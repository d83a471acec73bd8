import { formatDuration } from "../../base/format.ts";
import type { Report, ReportBlock, ReportTone } from "../../reports/report.ts";
import type { RecoveryCaseResult, RecoveryReport, RecoveryTimes } from "./recovery_report.ts";

const TONES: Readonly<Record<RecoveryReport["outcome"], ReportTone>> = {
  healthy: "ok",
  defect: "critical",
  "not-enough-evidence": "unknown",
};

/**
 * A recovery report as one that {@linkcode renderTextReport} and {@linkcode renderHtmlReport} write out: the verdict, a
 * table of all cases, and each round that failed with what was done and how to see it again.
 *
 * @param generatedAt Epoch milliseconds.
 */
export function describeRecovery(report: RecoveryReport, generatedAt: number): Report {
  const { cases, outcome, seed, roundsPerCase, timeToRecoverMs } = report;
  const count = (wanted: RecoveryCaseResult["outcome"]): number =>
    cases.filter((each) => each.outcome === wanted).length;
  const text = `${count("passed")} of ${cases.length} cases passed, ${count("failed")} failed, ${count("not-possible")} not possible here, ${count("not-enough-evidence")} without evidence`;
  const failed = cases.filter((each) => each.outcome === "failed");
  return {
    title: "Recovery",
    subtitle: `Seed ${seed}, ${roundsPerCase} rounds a case, back after ${describeTimes(timeToRecoverMs)}`,
    generatedAt,
    verdict: { tone: TONES[outcome], label: outcome.replaceAll("-", " "), text },
    sections: [
      { title: "Cases", blocks: [toTable(cases)] },
      ...failed.map((each) => ({ title: `Failed: ${each.name}`, blocks: toBlocks(each, report) })),
    ],
  };
}

function toTable(cases: readonly RecoveryCaseResult[]): ReportBlock {
  return {
    type: "table",
    caption: "What was done to the companion, and how it came back",
    columns: [{ title: "Case" }, { title: "Outcome" }, { title: "Back after" }, { title: "What was seen" }],
    rows: cases.map(({ name, outcome, sentence, timeToRecoverMs }) => [
      name,
      outcome,
      describeTimes(timeToRecoverMs),
      sentence,
    ]),
  };
}

function toBlocks(
  { name, proves, rounds }: RecoveryCaseResult,
  { seed }: RecoveryReport,
): readonly ReportBlock[] {
  const failed = rounds.filter(({ outcome }) => outcome === "failed");
  const upTo = failed[0]!.round + 1;
  return [
    { type: "text", text: `It has to be so: ${proves}` },
    {
      type: "list",
      items: failed.map(({ round, did, sentences }) => `Round ${round + 1}, ${did}: ${sentences.join("; ")}`),
    },
    {
      type: "text",
      text: `See it again: new RecoveryTest({ companion, cases: ["${name}"], seed: "${seed}", rounds: ${upTo} })`,
    },
  ];
}

function describeTimes(times: RecoveryTimes | undefined): string {
  if (!times) return "no data";
  return `${formatDuration(times.p50)} (p50), ${formatDuration(times.p95)} (p95)`;
}
