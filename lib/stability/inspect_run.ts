import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findLockHolder } from "../store/lock_file.ts";
import { PROGRESS_FILE } from "./_progress_file.ts";
import type { StabilityPhase } from "./_phased_load.ts";
import type { StabilityFault } from "./stability_faults.ts";
import type { StabilityProgress } from "./stability_options.ts";
import type { StabilityResults } from "./stability_results.ts";

/** Name of the file in a run's directory that holds its results, when it is over. */
export const RESULTS_FILE = "results.json";

/** Where the lock of a run's directory is: a name that no directory within it has, as they are locked beside themselves. */
export function lockPathOf(directory: string): string {
  return join(directory, ".stability-run");
}

/** What a run was asked to be, as its directory keeps it. */
export interface RunPlan {
  readonly seed: string;
  readonly durationHours: number;
  readonly phases: readonly StabilityPhase[];
  readonly faults: readonly StabilityFault[];
  readonly time?: "virtual" | "system" | undefined;
  readonly sampleMs: number;
  readonly recoveryMs: number;
}

/**
 * - `nothing`: no run was ever here.
 * - `starting`: its process lives, and has not told yet how far it is.
 * - `running`: its process lives.
 * - `died`: its process is gone, and did not end it; it can go on from its last checkpoint.
 * - `failed`: the test itself could not go on.
 * - `stopped`: on demand; it can go on. `finished`: it is over.
 */
export type RunStatus = "nothing" | "starting" | "running" | "died" | "failed" | "stopped" | "finished";

/** What is known of a run from its directory. */
export interface RunRecord {
  readonly directory: string;
  readonly status: RunStatus;
  /** Of the process that it runs in. */
  readonly pid: number | undefined;
  readonly plan: RunPlan | undefined;
  /** The newest that it told: when it died, no older than a second of real time, nor than its newest checkpoint. */
  readonly progress: StabilityProgress | undefined;
  /** Of a run that came to an end; never those of an earlier one in the same directory. */
  readonly results: StabilityResults | undefined;
  /** Files of it that are there and cannot be read: cut short, or overwritten. */
  readonly damaged: readonly string[];
}

/**
 * How a run stands, from what is in its directory: while it runs in another process, after it died, and after its end.
 *
 * @throws {Error} If a file is there and cannot be read.
 */
export async function inspectRun(directory: string): Promise<RunRecord> {
  const damaged: string[] = [];
  const read = <T>(name: string): Promise<T | undefined> => readJson<T>(directory, name, damaged);
  const pid = await findLockHolder(lockPathOf(directory));
  const plan = await read<RunPlan>("run.json");
  const told = await read<StabilityProgress>(PROGRESS_FILE);
  const written = pid === undefined ? await read<StabilityResults>(RESULTS_FILE) : undefined;
  const progress = pid === undefined || told?.pid === pid ? told : undefined;
  const status = statusOf({ pid, plan, progress, results: written, damaged });
  const hasEnded = status === "finished" || status === "stopped";
  return { directory, status, pid, plan, progress, results: hasEnded ? written : undefined, damaged };
}

function statusOf({
  pid,
  plan,
  progress,
  results,
  damaged,
}: Pick<RunRecord, "pid" | "plan" | "progress" | "results" | "damaged">): RunStatus {
  if (pid !== undefined && progress === undefined) return "starting";
  if (progress === undefined) {
    if (results !== undefined) return results.end === "stopped" ? "stopped" : "finished";
    return plan === undefined && damaged.length === 0 ? "nothing" : "died";
  }
  if (progress.state !== "running") return progress.state;
  return pid === undefined ? "died" : "running";
}

/** Undefined where there is none, or only a part of one, which is noted. */
async function readJson<T>(directory: string, name: string, damaged: string[]): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, name), "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    damaged.push(name);
    return undefined;
  }
}
