// `report` and `compare`: what a run shows, and what changed from one to another.
import { relative, resolve } from "node:path";
import {
  type ComparableRun,
  compareRuns,
  describeChange,
  inspectRun,
  readTimeline,
  resultsSoFar,
  type RunComparison,
  stabilityReport,
  type TimelineLine,
} from "demi-health/stability";
import { writeReport } from "demi-health/reports";

const EXIT_CODES = { "no-regression": 0, regression: 2, "not-enough-evidence": 3 } as const;

/** Writes the report of a run, of what there is of it. */
export async function reportRun(directory: string, path: string, json: boolean): Promise<number> {
  const record = await inspectRun(directory);
  if (record.status === "nothing") {
    throw new Error(`Cannot write report: there must be a run in ${directory}, got none`);
  }
  const timeline = resolve(directory, "timeline.ndjson");
  const results = record.results ?? (await resultsSoFar(record, readTimeline(timeline)));
  const reports = await writeReport(await stabilityReport(results, timeline), path);
  const { outcome, summary } = results;
  if (!record.results) {
    console.log(
      `It has no result yet (${record.status}): what its timeline tells; no leak verdict, no event hash`,
    );
  }
  console.log(`${outcome}: ${summary}`);
  console.log(`Report: ${reports.map((each) => relative("", each)).join(", ")}`);
  const isWhole = record.results !== undefined;
  if (json)
    console.log(JSON.stringify({ ok: true, status: record.status, isWhole, outcome, summary, reports }));
  return 0;
}

/** Says what changed from the first to the second, and returns the exit code. */
export async function compareDirectories(
  directories: readonly string[],
  options: { readonly json: boolean; readonly all: boolean },
): Promise<number> {
  const [before, after, ...others] = directories;
  if (before === undefined || after === undefined || others.length > 0) {
    throw new TypeError(
      `Cannot compare runs: there must be two directories, got ${directories.length > 0 ? directories.join(", ") : "none"}`,
    );
  }
  const comparison = compareRuns(await readRun(before), await readRun(after));
  console.log(toText(comparison, options.all).join("\n"));
  const code = EXIT_CODES[comparison.outcome];
  if (options.json) console.log(JSON.stringify({ ok: code === 0, before, after, ...comparison }));
  return code;
}

async function readRun(directory: string): Promise<ComparableRun> {
  const { results, plan, status } = await inspectRun(resolve(directory));
  if (!results) {
    const is = status === "nothing" ? "no run" : `one that is not over (${status})`;
    throw new Error(`Cannot compare runs: ${directory} must have one with a result, got ${is}`);
  }
  const lines: TimelineLine[] = [];
  for await (const line of readTimeline(resolve(directory, "timeline.ndjson"))) lines.push(line);
  return { results, plan, lines };
}

function toText(comparison: RunComparison, all: boolean): readonly string[] {
  const { quantities, findings, outcome, summary } = comparison;
  const isTold = ({ verdict }: { readonly verdict: string }): boolean => all || verdict !== "unclear";
  const lines = quantities.filter(isTold).map((each) => `${each.verdict.padEnd(8)} ${describeChange(each)}`);
  const unclear = quantities.length - lines.length;
  if (unclear > 0) lines.push(`unclear  ${unclear} more, of which too little was seen (--all shows them)`);
  for (const { requirement, kind, message, before, after, verdict, reproduce } of findings) {
    const subject = [requirement, kind].filter(Boolean).join(" ");
    lines.push(`${verdict.padEnd(8)} ${subject}, ${before} → ${after} times: ${message}`);
    if (reproduce !== undefined && after > before) lines.push(`         ${reproduce}`);
  }
  return [...lines, `${outcome}: ${summary}`];
}
