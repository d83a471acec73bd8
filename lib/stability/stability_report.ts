import { formatBytes, formatDuration } from "../base/format.ts";
import { EMOTION_NAMES } from "../emotion/emotional_state.ts";
import type { Report, ReportBlock, ReportChart, ReportSection, ReportTone } from "../reports/report.ts";
import { readRunSeries, type RunPoint, type RunSeries } from "./_run_series.ts";
import type { StabilityResults } from "./stability_results.ts";

const TONES: Readonly<Record<StabilityResults["outcome"], ReportTone>> = {
  healthy: "ok",
  defect: "critical",
  "not-enough-evidence": "unknown",
};

const QUESTIONS: Readonly<Record<string, string>> = {
  "HEALTH-01": "does it stay up?",
  "HEALTH-02": "does it stay below its memory?",
  "HEALTH-03": "do its emotions survive?",
  "HEALTH-04": "does a dead platform stay alone?",
};

/** The report of a run as data, from its results and the file of its timeline, which is read once in bounded memory. */
export async function stabilityReport(results: StabilityResults, timelinePath: string): Promise<Report> {
  const { startedAt, elapsedMs, outcome, summary } = results;
  const series = await readRunSeries(timelinePath, startedAt, elapsedMs);
  return {
    title: `Stability of ${results.name}`,
    subtitle: `${formatDuration(elapsedMs)} of ${results.time} time, seed ${results.seed}`,
    generatedAt: startedAt + elapsedMs,
    verdict: { tone: TONES[outcome], label: outcome, text: summary },
    sections: [
      { title: "The four questions", blocks: [questions(results)] },
      ...(results.findings.length > 0 ? [{ title: "What is wrong", blocks: [findings(results)] }] : []),
      { title: "Timeline", blocks: charts(results, series) },
      ...Object.entries(results.requirements).map(([name, { evidence }]): ReportSection => ({
        title: `${name}: ${QUESTIONS[name] ?? ""}`,
        blocks: [{ type: "list", items: evidence }],
      })),
      { title: "Faults and recoveries", blocks: faults(results) },
      { title: "Bounds", blocks: [thresholds(results)] },
      { title: "Properties", blocks: [properties(results)] },
      { title: "This run", blocks: [facts(results)] },
    ],
  };
}

function questions({ requirements }: StabilityResults): ReportBlock {
  return {
    type: "facts",
    facts: Object.entries(requirements).map(([name, { outcome }]) => ({
      name: `${name}: ${QUESTIONS[name] ?? ""}`,
      value: outcome,
      tone: TONES[outcome],
    })),
  };
}

function findings({ findings: all }: StabilityResults): ReportBlock {
  return {
    type: "table",
    caption: "Findings, each with what shows it again",
    columns: [
      { title: "Requirement" },
      { title: "What" },
      { title: "First after", isNumeric: true },
      { title: "Times", isNumeric: true },
      { title: "To see it again" },
    ],
    rows: all.map(({ requirement, message, atMs, count, reproduce }) => [
      requirement,
      message,
      formatDuration(atMs),
      String(count),
      reproduce,
    ]),
  };
}

function charts(results: StabilityResults, series: RunSeries): readonly ReportBlock[] {
  const { startedAt, elapsedMs } = results;
  const span = { from: startedAt, to: startedAt + Math.max(1000, elapsedMs) };
  const common = { type: "chart", span, marks: series.marks } as const;
  const { stretchMs } = series;
  const each = formatDuration(stretchMs);
  return [
    {
      ...common,
      title: "Load",
      summary: `Answered messages in an hour, by platform, in stretches of ${each}; ${results.messages.answered} in all.`,
      format: (value) => value.toFixed(0),
      series: [...series.load].slice(0, 4).map(([name, points]) => ({ name, points })),
    },
    {
      ...common,
      title: "Response time",
      summary: `Half of the replies, and nine of ten, came within these times, in stretches of ${each}. A gap: nobody was answered.`,
      format: formatDuration,
      series: [
        { name: "half", points: series.p50 },
        { name: "nine of ten", points: series.p90 },
      ],
    },
    memoryChart(results, series, common),
    ...[0, 3, 6].map((first): ReportBlock => ({
      ...common,
      title: `Emotions: ${EMOTION_NAMES.slice(first, first + 3).join(", ")}`,
      summary: `Means in stretches of ${each}, from 0 to 1.`,
      format: (value) => value.toFixed(2),
      series: EMOTION_NAMES.slice(first, first + 3).map((name) => ({
        name,
        points: series.emotions.get(name) ?? [],
      })),
    })),
    ...(series.failures.some(({ value }) => value > 0)
      ? [
          {
            ...common,
            title: "Messages without a reply",
            summary: `In stretches of ${each}; those that a fault explains are left out.`,
            format: (value: number) => value.toFixed(0),
            series: [{ name: "no reply", points: series.failures }],
          },
        ]
      : []),
  ];
}

function memoryChart(
  { memory }: StabilityResults,
  series: RunSeries,
  common: Pick<ReportChart, "span" | "marks"> & { readonly type: "chart" },
): ReportBlock {
  const decided = memory.leak?.series.find((one) => one.series === memory.leak?.decidedBy);
  const projected = decided?.inSevenDaysBytes;
  const inSevenDays =
    projected && memory.leak?.verdict === "leak"
      ? ` In seven days: ${formatBytes(projected.value)} (${formatBytes(projected.low)} to ${formatBytes(projected.high)}).`
      : "";
  const floor: readonly RunPoint[] = (decided?.floor ?? []).map(({ timestamp, bytes }) => ({
    timestamp,
    value: bytes,
  }));
  return {
    ...common,
    title: "Memory",
    summary: `Resident memory, the heap after full collections, and the floor that the verdict goes by: ${memory.leak?.verdict ?? "never seen"}.${inSevenDays}`,
    format: formatBytes,
    series: [
      { name: "resident", points: series.rss },
      { name: "after collections", points: series.postGc },
      { name: `floor (${decided?.series ?? "unknown"})`, points: floor },
    ],
    limits: [
      { name: "8 GB", value: 8e9 },
      { name: "10 GB", value: 10e9 },
    ],
  };
}

function faults({ faults: all, recoveries, alerts, gaps }: StabilityResults): readonly ReportBlock[] {
  const back =
    recoveries === undefined
      ? "No fault was planned, or it came back from none."
      : `It came back from ${recoveries.count} of ${all.length} faults: half of them within ${formatDuration(recoveries.p50Ms)}, nine of ten within ${formatDuration(recoveries.p90Ms)}.`;
  return [
    { type: "text", text: back },
    {
      type: "table",
      caption: "Faults",
      columns: [
        { title: "What" },
        { title: "After", isNumeric: true },
        { title: "Back after", isNumeric: true },
      ],
      rows: all.map(({ what, atMs, recoveryMs }) => [
        what,
        formatDuration(atMs),
        recoveryMs === undefined ? "not in time" : formatDuration(recoveryMs),
      ]),
    },
    {
      type: "table",
      caption: "Alerts that its owner would have had",
      columns: [
        { title: "Alert" },
        { title: "Level" },
        { title: "Fired", isNumeric: true },
        { title: "First after", isNumeric: true },
      ],
      rows: alerts.map(({ id, level, fired, firstAtMs }) => [
        id,
        level,
        String(fired),
        formatDuration(firstAtMs),
      ]),
    },
    ...(gaps.length === 0
      ? []
      : [
          {
            type: "list" as const,
            items: gaps.map(
              ({ atMs, durationMs, cause }) =>
                `${cause} after ${formatDuration(atMs)}, for ${formatDuration(durationMs)}`,
            ),
          },
        ]),
  ];
}

function thresholds({ thresholds: all }: StabilityResults): ReportBlock {
  return {
    type: "table",
    caption: "Bounds that the run had to keep to",
    columns: [
      { title: "Requirement" },
      { title: "Figure" },
      { title: "Seen", isNumeric: true },
      { title: "At most", isNumeric: true },
      { title: "Outcome" },
    ],
    rows: all.map(({ requirement, metric, value, max, outcome }) => {
      const format = metric.endsWith("Bytes") ? formatBytes : metric.endsWith("Ms") ? formatDuration : String;
      return [requirement, metric, value === undefined ? "no data" : format(value), format(max), outcome];
    }),
  };
}

function properties({ properties: all }: StabilityResults): ReportBlock {
  return {
    type: "table",
    caption: "What had to hold always, or once",
    columns: [
      { title: "Property" },
      { title: "Kind" },
      { title: "Outcome" },
      { title: "Looks", isNumeric: true },
      { title: "First" },
    ],
    rows: all.map(({ name, kind, outcome, looks, firstAtMs, details }) => [
      name,
      kind,
      outcome,
      String(looks),
      firstAtMs === undefined
        ? ""
        : `${formatDuration(firstAtMs)}${details === undefined ? "" : `: ${details}`}`,
    ]),
  };
}

function facts(results: StabilityResults): ReportBlock {
  const { eventHash, events, resumes, continuity, end, brokenCheckpoints } = results;
  return {
    type: "facts",
    facts: [
      { name: "End", value: end },
      { name: "Resumed", value: `${resumes} times`, note: continuity },
      { name: "Events", value: String(events), note: `hash ${eventHash}` },
      ...brokenCheckpoints.map((value) => ({ name: "Broken checkpoint", value, tone: "warning" as const })),
    ],
  };
}
