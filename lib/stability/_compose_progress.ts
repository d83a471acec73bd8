import process from "node:process";
import { systemClock } from "../base/system_clock.ts";
import type { TestEnvironment } from "../harness/environment.ts";
import { PhasedLoad } from "./_phased_load.ts";
import type { ResolvedOptions } from "./_resolve_options.ts";
import type { StabilityRun } from "./_stability_run.ts";
import type { StabilityProgress } from "./stability_options.ts";

const LATEST_FINDINGS = 3;
// The first second and a half are the companion's start: what is left would be far off.
const TELLING_MS = 3000;
const TELLING_SHARE = 0.02;

/** What {@linkcode composeProgress} cannot see by itself. */
export interface ProgressBasis {
  readonly state: StabilityProgress["state"];
  /** Real milliseconds that the run took so far. */
  readonly realMs: number;
  /** Where it went on from. */
  readonly startElapsedMs: number;
}

/** How far a run is. */
export function composeProgress(
  run: StabilityRun,
  env: TestEnvironment,
  { durationMs, untilMs, seed, name, phases }: ResolvedOptions,
  { state, realMs, startElapsedMs }: ProgressBasis,
): StabilityProgress {
  const { context } = run;
  const elapsedMs = Math.min(context.elapsedMs, untilMs);
  const doneMs = elapsedMs - startElapsedMs;
  const isTelling = realMs >= TELLING_MS || doneMs >= TELLING_SHARE * untilMs;
  const speed = isTelling && doneMs > 0 && realMs > 0 ? doneMs / realMs : undefined;
  const { sent, answered, failed, excused, latency } = context.tallies.all;
  const findings = context.findings.all;
  return {
    name,
    seed,
    time: env.virtualClock ? "virtual" : "system",
    phase: new PhasedLoad(durationMs, seed, phases).phaseAt(elapsedMs),
    elapsedMs,
    durationMs: untilMs,
    leftMs: state !== "running" ? 0 : speed === undefined ? undefined : (untilMs - elapsedMs) / speed,
    speed,
    sent,
    answered,
    failed,
    excused,
    p90Ms: latency?.p90Ms,
    rssBytes: run.lastRssBytes,
    findings: findings.length,
    latestFindings: findings.slice(-LATEST_FINDINGS).map(({ message }) => message),
    faults: context.faultsNow,
    checkpoint: run.lastCheckpoint,
    unsaved: run.unsaved,
    state,
    at: systemClock.now(),
    pid: process.pid,
  };
}
