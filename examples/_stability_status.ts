// `status`: how a run stands, while it runs and after it died.
import { relative } from "node:path";
import { formatDuration, systemClock } from "demi-health/base";
import { inspectRun, type RunRecord, type StabilityProgress } from "demi-health/stability";
import { describeFindings, describeRates, describeTime, progressBar } from "./_stability_progress.ts";

// Looks are made once a minute of the run's clock; what is older than this says that it hangs, or that the host slept.
const SILENT_MS = 180_000;

/** Prints it, and returns the exit code. */
export async function showStatus(directory: string, json: boolean): Promise<number> {
  const record = await inspectRun(directory);
  const { progress, results, status, pid } = record;
  if (status === "nothing") {
    throw new Error(`Cannot show status: there must be a run in ${directory}, got none`);
  }
  console.log(describe(record).join("\n"));
  const code = exitCodeOf(record);
  if (json) {
    const { outcome, findings, eventHash } = results ?? {};
    console.log(
      JSON.stringify({ ok: code === 0, status, pid, directory, outcome, findings, eventHash, progress }),
    );
  }
  return code;
}

function exitCodeOf({ status, progress, results }: RunRecord): number {
  if (results)
    return results.outcome === "defect" ? 2 : results.outcome === "healthy" && status === "finished" ? 0 : 3;
  if ((progress?.findings ?? 0) > 0) return 2;
  return status === "starting" || status === "running" ? 0 : 1;
}

function describe(record: RunRecord): readonly string[] {
  const { progress, results, damaged } = record;
  const unreadable = damaged.map((name) => `${name} is damaged and cannot be read`);
  if (!progress) {
    return [
      describeState(record),
      ...unreadable,
      ...(results ? [`${results.outcome}: ${results.summary}`] : []),
    ];
  }
  const { name, seed, time, phase, faults, checkpoint, unsaved, latestFindings } = progress;
  const now = [...(phase === "run" ? [] : [`phase ${phase}`]), ...faults];
  const found = results?.findings.map(({ message }) => message) ?? latestFindings;
  const count = results?.findings.length ?? progress.findings;
  return [
    `${name}, seed ${seed}, ${time} time: ${describeState(record)}`,
    `${progressBar(progress)}  ${describeTime(record.status === "running" ? progress : { ...progress, leftMs: undefined })}${describeSpeed(record, progress)}`,
    describeRates(progress),
    `${checkpoint === undefined ? "no checkpoint yet" : `checkpoint ${checkpoint}`}${unsaved === undefined ? "" : `; the next cannot be saved: ${unsaved}`}`,
    ...(now.length > 0 && record.status === "running" ? [`now: ${now.join(", ")}`] : []),
    `${describeFindings(count)}${count > found.length ? ", the last of them:" : count > 0 ? ":" : ""}`,
    ...found.map((message) => `    ${message}`),
    ...unreadable,
    ...(results ? [`${results.outcome}: ${results.summary}`] : []),
  ];
}

function describeSpeed({ status }: RunRecord, { speed, time }: StabilityProgress): string {
  if (status !== "running" || speed === undefined || time === "system") return "";
  return `, ${formatDuration(speed * 1000)} in a second`;
}

function describeState({ status, pid, progress, directory }: RunRecord): string {
  const goOn = `resume with: node examples/run_stability_test.ts run --resume --dir ${relative("", directory) || "."}`;
  const at = progress === undefined ? "" : ` at ${new Date(progress.at).toISOString()}`;
  switch (status) {
    case "nothing":
      return "there is no run";
    case "starting":
      return `being set up (process ${pid})`;
    case "running": {
      const silentMs = systemClock.now() - (progress?.at ?? 0);
      const silent = silentMs > SILENT_MS ? `, silent for ${formatDuration(silentMs)}` : "";
      return `running (process ${pid})${silent}`;
    }
    case "died":
      return `died${at === "" ? " while it was set up" : at}; ${goOn}`;
    case "failed":
      return `could not go on${at}, see its output; ${goOn}`;
    case "stopped":
      return `stopped${at}; ${goOn}`;
    case "finished":
      return `finished${at}`;
  }
}
