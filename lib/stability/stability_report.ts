import { formatBytes, formatDuration } from "../base/format.ts";
import type { Report, ReportTone } from "../reports/report.ts";
import type { StabilityResults } from "./stability_results.ts";
import { readTimeline } from "./_timeline.ts";

const TONES: Readonly<Record<StabilityResults["outcome"], ReportTone>> = {
  healthy: "ok",
  defect: "critical",
  "not-enough-evidence": "unknown",
};

/** The report of a run as data, from its results and the file of its timeline. */
export async function stabilityReport(results: StabilityResults, timelinePath: string): Promise<Report> {
  const rss: { timestamp: number; value: number }[] = [];
  for await (const line of readTimeline(timelinePath)) {
    const { memory } = line as { memory?: { rssBytes?: number } };
    if (memory?.rssBytes !== undefined)
      rss.push({ timestamp: results.startedAt + line.atMs, value: memory.rssBytes });
  }
  const { outcome, summary, requirements } = results;
  return {
    title: `Stability of ${results.name}`,
    subtitle: `${formatDuration(results.elapsedMs)} of ${results.time} time, seed ${results.seed}`,
    generatedAt: results.startedAt + results.elapsedMs,
    verdict: { tone: TONES[outcome], label: outcome, text: summary },
    sections: [
      ...Object.entries(requirements).map(([name, { evidence }]) => ({
        title: name,
        blocks: [{ type: "list" as const, items: evidence }],
      })),
      {
        title: "Memory",
        blocks: [
          {
            type: "chart" as const,
            title: "Resident memory",
            summary: "Resident memory over the run.",
            format: formatBytes,
            series: [{ name: "resident", points: rss }],
          },
        ],
      },
    ],
  };
}
