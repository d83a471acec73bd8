// This module is browser-safe.
import { formatBytes, formatDuration, formatRatio } from "../base/format.ts";
import type { Report, ReportBlock, ReportSection, ReportSeries, ReportTone } from "../reports/report.ts";
import { type AllocationSite, nameOf } from "./compare_profiles.ts";
import { compareHeapSnapshots } from "./compare_heap_snapshots.ts";
import { compareSnapshots } from "./compare_snapshots.ts";
import type { HeapSnapshotSummary } from "./heap_snapshot_summary.ts";
import type { Estimate, LeakState, LeakVerdict, SeriesVerdict } from "./leak_verdict.ts";
import type { MemoryEvent } from "./memory_event.ts";
import type { LabelCensus } from "./object_tracker.ts";
import type { MemoryDifference, MemorySnapshot } from "./memory_snapshot.ts";
import type { MemorySample, MemorySeries } from "./sample.ts";

/** What a report is made of. */
export interface MemoryReportParts {
  readonly pid: number;
  /** Undefined where it is not known. */
  readonly runtime: string | undefined;
  /** Whether its heap is known, and not only what the operating system tells. */
  readonly hasHeap: boolean;
  readonly startedAt: number | undefined;
  readonly endedAt: number;
  /** Warning, critical. */
  readonly limits: readonly number[];
  readonly verdict: LeakVerdict;
  readonly samples: readonly MemorySample[];
  readonly count: number;
  readonly peakRssBytes: number;
  readonly snapshots: readonly MemorySnapshot[];
  readonly crossings: readonly MemoryEvent[];
  /** Undefined where no two profiles could be compared. */
  readonly sites: readonly AllocationSite[] | undefined;
  readonly collections: { readonly minors: number; readonly majors: number; readonly pauseMs: number };
  readonly unsupported: readonly string[];
  readonly census: readonly LabelCensus[];
  /** The newest last. */
  readonly heaps: readonly HeapSnapshotSummary[];
}

const HOUR = 3_600_000;
const TONES: Readonly<Record<LeakState, ReportTone>> = {
  healthy: "ok",
  growing: "info",
  leak: "critical",
  "not-enough-evidence": "unknown",
};
const LABELS: Readonly<Record<LeakState, string>> = {
  healthy: "Healthy: it does not leak",
  growing: "Growing: it may be a warm-up",
  leak: "It leaks",
  "not-enough-evidence": "Not enough evidence yet",
};
const NAMES: Readonly<Record<MemorySeries, string>> = {
  postGc: "heap after collections",
  heapUsed: "heap in use",
  external: "external memory",
  arrayBuffers: "array buffers",
  rss: "resident memory",
};
const FIELDS = {
  rss: "rssBytes",
  heapUsed: "heapUsedBytes",
  external: "externalBytes",
  postGc: "postGcBytes",
} as const satisfies Partial<Record<MemorySeries, keyof MemorySample>>;

/** The report of a profiler. */
export function composeMemoryReport(parts: MemoryReportParts): Report {
  const { verdict, pid, runtime, startedAt = parts.endedAt, endedAt, count } = parts;
  const decisive = verdict.series.find(({ series }) => series === verdict.decidedBy);
  const sections: (ReportSection | undefined)[] = [
    { title: "In short", blocks: [shortFacts(parts, decisive)] },
    { title: "Memory over time", blocks: [courseChart(parts)] },
    decisive && projectionSection(parts, decisive),
    siteSection(parts),
    { title: "Why this verdict", blocks: reasons(verdict) },
    snapshotSection(parts),
    objectSection(parts),
    heapSection(parts),
    detailSection(parts),
    crossingSection(parts),
    parts.unsupported.length > 0
      ? { title: "What was not measured", blocks: [{ type: "list", items: parts.unsupported }] }
      : undefined,
  ];
  const text = [
    verdict.evidence[0],
    verdict.verdict === "leak" || verdict.verdict === "growing" ? culprit(parts) : undefined,
    verdict.needs === "" ? "" : `It needs ${verdict.needs}.`,
  ];
  return {
    title: `Memory of process ${pid}`,
    subtitle: `${runtime === undefined ? "" : `${runtime}, `}${count} samples in ${formatDuration(endedAt - startedAt)}, from ${new Date(startedAt).toISOString()}`,
    generatedAt: endedAt,
    verdict: {
      tone: verdict.verdict === "leak" && verdict.severity === "warning" ? "warning" : TONES[verdict.verdict],
      label: LABELS[verdict.verdict],
      text: [...new Set(text)].filter(Boolean).join(" "),
    },
    sections: sections.filter((section) => section !== undefined),
  };
}

function notable({ sites = [] }: MemoryReportParts): readonly AllocationSite[] {
  return sites.filter(({ share, newSamples }) => share >= 0.01 && newSamples >= 3).slice(0, 10);
}

function culprit(parts: MemoryReportParts): string {
  const [first] = notable(parts);
  if (!first) return "";
  const { functionName, file, line, share } = first;
  return `${formatRatio(share)} of what came to stay was allocated by ${functionName} ${file}:${line}.`;
}

function shortFacts(parts: MemoryReportParts, decisive: SeriesVerdict | undefined): ReportBlock {
  const { samples, peakRssBytes, limits, collections } = parts;
  const last = samples.at(-1);
  const facts = [
    {
      name: "Resident now",
      value: formatBytes(last?.rssBytes ?? NaN),
      note: `peak ${formatBytes(peakRssBytes)}`,
    },
  ];
  if (decisive && decisive.verdict !== "not-enough-evidence") {
    const {
      slopeBytesPerHour: slope,
      slopeRatioPerHour: ratio,
      inSevenDaysBytes,
      hoursUntil,
      series,
    } = decisive;
    facts.push(
      {
        name: `Growth of ${NAMES[series]}`,
        value: `${formatBytes(slope.value)} an hour`,
        note: `95 %: ${between(slope, formatBytes)}; ${formatRatio(ratio.value)} an hour`,
      },
      {
        name: "In seven days",
        value: formatBytes(inSevenDaysBytes.value),
        note: `90 %: ${between(inSevenDaysBytes, formatBytes)}`,
      },
      ...hoursUntil.map(({ limitBytes, hours }) => ({
        name: `Until ${formatBytes(limitBytes)}`,
        value: hours ? formatDuration(hours.value * HOUR) : "not within a year",
        note: hours ? `90 %: ${between(hours, (value) => formatDuration(value * HOUR))}` : "",
      })),
    );
  }
  if (collections.majors > 0) {
    facts.push({
      name: "Full collections",
      value: String(collections.majors),
      note: `${collections.minors} of the young generation; ${formatDuration(collections.pauseMs)} in all`,
    });
  }
  return {
    type: "facts",
    facts: facts.map(({ name, value, note }) => ({
      name,
      value,
      ...(note === "" ? {} : { note }),
      ...(name === "Resident now" ? { tone: toneOfLevel(last?.rssBytes ?? 0, limits) } : {}),
    })),
  };
}

function toneOfLevel(
  bytes: number,
  [warning = Infinity, critical = Infinity]: readonly number[],
): ReportTone {
  return bytes >= critical ? "critical" : bytes >= warning ? "warning" : "ok";
}

function between({ low, high }: Estimate, format: (value: number) => string): string {
  return `${format(low)} to ${high === Infinity ? "without a bound" : format(high)}`;
}

function courseChart({ samples, limits, snapshots }: MemoryReportParts): ReportBlock {
  const series = Object.entries(FIELDS).flatMap(([name, field]): ReportSeries[] => {
    const points = samples.flatMap((sample) => {
      const value = sample[field];
      return value === undefined ? [] : [{ timestamp: sample.timestamp, value }];
    });
    return points.length > 0 ? [{ name: NAMES[name as MemorySeries], points }] : [];
  });
  const changes = series.map(({ name, points }) => {
    return `${name} from ${formatBytes(points[0]!.value)} to ${formatBytes(points.at(-1)!.value)}`;
  });
  return {
    type: "chart",
    title: "Memory",
    summary: changes.length > 0 ? `${capitalize(changes.join(", "))}.` : "No samples.",
    format: formatBytes,
    series,
    limits: limits.map((value) => ({ name: `limit ${formatBytes(value)}`, value })),
    marks: snapshots.map(({ label, timestamp }) => ({ name: label, timestamp })),
  };
}

function projectionSection(
  { limits }: MemoryReportParts,
  decisive: SeriesVerdict,
): ReportSection | undefined {
  const { floor, levelBytes, inSevenDaysBytes: end, series, verdict } = decisive;
  const last = floor.at(-1);
  if (!last || verdict === "not-enough-evidence") return undefined;
  const later = last.timestamp + 168 * HOUR;
  const summary = `From ${formatBytes(levelBytes)} now to ${formatBytes(end.value)} in seven days, 90 % between ${between(end, formatBytes)}.`;
  return {
    title: "Seven days ahead",
    blocks: [
      {
        type: "chart",
        title: `Floor of ${NAMES[series]}, and where it goes`,
        summary,
        format: formatBytes,
        series: [
          { name: "floor", points: floor.map(({ timestamp, bytes }) => ({ timestamp, value: bytes })) },
          {
            name: "projection, with its 90 % interval",
            points: [
              { timestamp: last.timestamp, value: levelBytes },
              { timestamp: later, value: end.value },
            ],
            band: [
              { timestamp: last.timestamp, low: levelBytes, high: levelBytes },
              { timestamp: later, low: end.low, high: end.high },
            ],
          },
        ],
        limits: limits.map((value) => ({ name: `limit ${formatBytes(value)}`, value })),
      },
    ],
  };
}

function siteSection(parts: MemoryReportParts): ReportSection | undefined {
  if (!parts.hasHeap) return undefined;
  const shown = notable(parts);
  if (shown.length === 0) {
    const text = parts.sites
      ? "Of no function it was seen that it holds more than before."
      : "It is not known which functions hold more: no two profiles could be compared.";
    return { title: "Where it grows", blocks: [{ type: "text", text }] };
  }
  const [first] = shown;
  return {
    title: "Where it grows",
    blocks: [
      {
        type: "text",
        text: "Objects that are alive now and were not some time ago, by the function that allocated them: what keeps them is it, or one that called it. V8 samples them; it counts a function that was inlined for its caller.",
      },
      {
        type: "table",
        caption: "Functions whose objects stay",
        columns: [
          { title: "Function" },
          { title: "Where" },
          { title: "Growth", isNumeric: true },
          { title: "Share", isNumeric: true },
          { title: "Sampled objects", isNumeric: true },
          { title: "Called by" },
        ],
        rows: shown.map(({ functionName, file, line, growthBytes, share, newSamples, callers }) => [
          functionName,
          line > 0 ? `${file}:${line}` : file,
          formatBytes(growthBytes),
          formatRatio(share),
          String(newSamples),
          callers
            .slice(0, 2)
            .map((frame) => `${nameOf(frame)} ${frame.file}:${frame.line}`)
            .join(", "),
        ]),
      },
      { type: "text", text: "Who called the first, the innermost first:" },
      {
        type: "list",
        items: first!.stack.slice(0, 8).map(({ functionName, file, line }) => {
          return `${functionName === "" ? "(anonymous)" : functionName} ${file}${line > 0 ? `:${line}` : ""}`;
        }),
      },
    ],
  };
}

function reasons({ series, evidence }: LeakVerdict): readonly ReportBlock[] {
  return [
    ...(evidence.length > 0 ? [{ type: "list" as const, items: evidence }] : []),
    {
      type: "table",
      caption: "Each series on its own",
      columns: [
        { title: "Series" },
        { title: "Verdict" },
        { title: "Growth an hour", isNumeric: true },
        { title: "95 % interval" },
        { title: "Samples", isNumeric: true },
        { title: "Needs" },
      ],
      rows: series.map(({ series: name, verdict, slopeBytesPerHour: slope, looked, needs }) => {
        const isKnown = verdict !== "not-enough-evidence";
        return [
          NAMES[name],
          verdict,
          isKnown ? formatBytes(slope.value) : "–",
          isKnown ? between(slope, formatBytes) : "–",
          String(looked.samples),
          needs === "" ? "–" : needs,
        ];
      }),
    },
  ];
}

function snapshotSection({ snapshots }: MemoryReportParts): ReportSection | undefined {
  if (snapshots.length === 0) return undefined;
  const bytes = (value: number | undefined): string => (value === undefined ? "–" : formatBytes(value));
  const blocks: ReportBlock[] = [
    {
      type: "table",
      caption: "Snapshots",
      columns: [
        { title: "Label" },
        { title: "Time" },
        ...["Resident", "Heap", "External", "Array buffers"].map((title) => ({ title, isNumeric: true })),
      ],
      rows: snapshots.map((each) => [
        each.label,
        new Date(each.timestamp).toISOString(),
        bytes(each.rssBytes),
        bytes(each.heapUsedBytes),
        bytes(each.externalBytes),
        bytes(each.arrayBuffersBytes),
      ]),
    },
  ];
  const [first] = snapshots;
  const last = snapshots.at(-1)!;
  if (first !== last) blocks.push(differenceTable(compareSnapshots(first!, last)));
  return { title: "Snapshots", blocks };
}

function differenceTable(difference: MemoryDifference): ReportBlock {
  const signed = (value: number): string => `${value > 0 ? "+" : ""}${formatBytes(value)}`;
  const count = (value: number): string => `${value > 0 ? "+" : ""}${value}`;
  const sizes = (
    [
      ["resident", difference.rssBytes],
      ["heap in use", difference.heapUsedBytes],
      ["external", difference.externalBytes],
      ["array buffers", difference.arrayBuffersBytes],
    ] as const
  ).flatMap(([name, value]) => (value === undefined ? [] : [[name, signed(value)]]));
  return {
    type: "table",
    caption: `From '${difference.from}' to '${difference.to}'`,
    columns: [{ title: "What" }, { title: "Change", isNumeric: true }],
    rows: [
      ...sizes,
      ...Object.entries(difference.heapSpaces).map(([name, value]) => [`space ${name}`, signed(value)]),
      ...Object.entries(difference.activeResources).map(([name, value]) => [`handle ${name}`, count(value)]),
      ...Object.entries(difference.instances).map(([name, value]) => [`instances of ${name}`, count(value)]),
      ...Object.entries(difference.fileDescriptors).map(([name, value]) => [
        `descriptor ${name}`,
        count(value),
      ]),
    ],
  };
}

function detailSection({ snapshots }: MemoryReportParts): ReportSection | undefined {
  const last = snapshots.at(-1);
  if (!last) return undefined;
  const rows = [
    ...(last.heapLimitBytes === undefined ? [] : [["V8 heap limit", formatBytes(last.heapLimitBytes)]]),
    ...(last.pssBytes === undefined ? [] : [["proportional set", formatBytes(last.pssBytes)]]),
    ...Object.entries(last.heapSpaces ?? {})
      .filter(([, value]) => value > 0)
      .map(([name, value]) => [`space ${name}`, formatBytes(value)]),
    ...Object.entries(last.activeResources ?? {}).map(([name, value]) => [`handle ${name}`, String(value)]),
    ...Object.entries(last.fileDescriptors ?? {}).map(([name, value]) => [
      `descriptor ${name}`,
      String(value),
    ]),
  ];
  if (rows.length === 0) return undefined;
  const columns = [{ title: "What" }, { title: "Value", isNumeric: true }];
  return { title: "In detail", blocks: [{ type: "table", caption: `At '${last.label}'`, columns, rows }] };
}

function objectSection({ census }: MemoryReportParts): ReportSection | undefined {
  if (census.length === 0) return undefined;
  const numeric = ["Tracked", "Collected", "Alive", "Overdue", "Oldest"];
  const columns = [{ title: "Label" }, ...numeric.map((title) => ({ title, isNumeric: true }))];
  const rows = census.map(({ label, tracked, collected, alive, overdue, oldestMs }) => [
    label,
    ...[tracked, collected, alive, overdue].map(String),
    oldestMs === undefined ? "–" : formatDuration(oldestMs),
  ]);
  const text = "Overdue are those that were released and are alive all the same.";
  return {
    title: "Objects",
    blocks: [
      { type: "text", text },
      { type: "table", caption: "Tracked objects", columns, rows },
    ],
  };
}

function heapSection({ heaps }: MemoryReportParts): ReportSection | undefined {
  const newest = heaps.at(-1);
  if (!newest) return undefined;
  const columns = [
    { title: "Class" },
    { title: "Objects", isNumeric: true },
    { title: "Size of their own", isNumeric: true },
  ];
  const blocks: ReportBlock[] = [
    {
      type: "table",
      caption: `Largest classes of ${newest.count} objects, ${formatBytes(newest.selfBytes)}`,
      columns,
      rows: newest.classes
        .slice(0, 20)
        .map(({ name, count, selfBytes }) => [name, String(count), formatBytes(selfBytes)]),
    },
  ];
  const [before] = heaps.length > 1 ? heaps : [];
  if (before) {
    blocks.push({
      type: "table",
      caption: "Growth since the summary before",
      columns,
      rows: compareHeapSnapshots(before, newest).map(({ name, growthCount, growthBytes }) => [
        name,
        `${growthCount > 0 ? "+" : ""}${growthCount}`,
        `+${formatBytes(growthBytes)}`,
      ]),
    });
  }
  return { title: "Heap by class", blocks };
}

function crossingSection({ crossings }: MemoryReportParts): ReportSection | undefined {
  const rows = crossings.flatMap((event) =>
    event.type === "sample"
      ? []
      : [
          [
            event.type,
            formatBytes(event.limitBytes),
            formatBytes(event.rssBytes),
            new Date(event.timestamp).toISOString(),
          ],
        ],
  );
  if (rows.length === 0) return undefined;
  const columns = [{ title: "What" }, { title: "Limit" }, { title: "Resident" }, { title: "Time" }];
  return { title: "Limits crossed", blocks: [{ type: "table", caption: "Limits crossed", columns, rows }] };
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
