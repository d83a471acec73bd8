import { formatDuration } from "../base/format.ts";
import { checkPhases, type StabilityLoad, type StabilityPhase } from "./_phased_load.ts";
import type { RunSettings } from "./_run_context.ts";
import { checkOnVirtualClock } from "./_network_fault.ts";
import { planFaults } from "./stability_faults.ts";
import type { StabilityTestOptions } from "./stability_options.ts";
import {
  checkThresholdOptions,
  DEFAULT_THRESHOLDS,
  type StabilityThreshold,
} from "./stability_thresholds.ts";

/** Options with everything there, and in milliseconds. */
export interface ResolvedOptions {
  readonly options: StabilityTestOptions;
  readonly name: string;
  readonly seed: string;
  readonly durationMs: number;
  readonly untilMs: number;
  readonly phases: readonly StabilityPhase[];
  readonly thresholds: readonly StabilityThreshold[];
  readonly settings: Omit<RunSettings, "durationMs">;
  /** What makes a run the one that it is: two of the same go the same way. */
  readonly identity: string;
  readonly reproduce: (atMs: number) => string;
}

const HOUR_MS = 3_600_000;
const AFTER_MS = 60_000;

/** @throws {RangeError} If a number is out of its range. @throws {TypeError} If the companion is no factory. */
export function checkStabilityOptions(options: StabilityTestOptions): ResolvedOptions {
  const { durationHours = 168, untilHours = durationHours, seed: givenSeed = "stability" } = options;
  const { checkpointMinutes = 60, sampleSeconds = 60, replySeconds = 60, recoverySeconds = 300 } = options;
  if (typeof options.companion !== "function") {
    throw new TypeError(
      `Cannot make stability test: 'companion' must be a function that makes one, got ${typeof options.companion}`,
    );
  }
  for (const [name, value] of Object.entries({
    durationHours,
    untilHours,
    checkpointMinutes,
    sampleSeconds,
    replySeconds,
    recoverySeconds,
  })) {
    if (!(value > 0 && value < Infinity)) {
      throw new RangeError(`Cannot make stability test: '${name}' must be finite and > 0, got ${value}`);
    }
  }
  const { thresholds = DEFAULT_THRESHOLDS, reproduceWith = "" } = options;
  const { phases = [{ name: "run", hours: durationHours, ...pickLoad(options) }], faults = [] } = options;
  const seed = String(givenSeed);
  const durationMs = Math.round(durationHours * HOUR_MS);
  checkPhases(phases);
  planFaults(faults, durationMs, seed);
  if (options.time !== "system")
    for (const fault of faults) if (fault.kind === "network") checkOnVirtualClock(fault);
  checkThresholdOptions(thresholds);
  const settings = {
    checkpointMs: Math.round(checkpointMinutes * 60_000),
    sampleMs: Math.round(sampleSeconds * 1000),
    replyMs: Math.round(replySeconds * 1000),
    recoveryMs: Math.round(recoverySeconds * 1000),
    stopWhenHopeless: options.stopWhenHopeless ?? true,
  };
  const prefix = reproduceWith === "" ? "" : `${reproduceWith} `;
  return {
    options,
    name: options.name ?? "companion",
    seed,
    durationMs,
    untilMs: Math.min(durationMs, Math.round(untilHours * HOUR_MS)),
    phases,
    thresholds,
    settings,
    identity: JSON.stringify({ seed, durationHours, phases, faults, time: options.time, ...settings }),
    reproduce: (atMs) =>
      `${prefix}--seed ${seed} --until ${((atMs + AFTER_MS) / HOUR_MS).toFixed(3)} # ${formatDuration(atMs)} after the beginning`,
  };
}

// Every option of a load: the compiler misses one that is not here.
const LOAD_OPTIONS: Readonly<Record<keyof StabilityLoad, true>> = {
  mix: true,
  pattern: true,
  rate: true,
  users: true,
  platforms: true,
  kinds: true,
};

function pickLoad(options: StabilityTestOptions): StabilityLoad {
  const names = Object.keys(LOAD_OPTIONS) as (keyof StabilityLoad)[];
  const given = names.filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, options[name]]));
}
