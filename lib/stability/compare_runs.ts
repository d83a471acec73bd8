import { formatBytes, formatDuration, formatRatio } from "../base/format.ts";
import type { Estimate } from "../stats/estimate.ts";
import { compareFindings } from "./_compare_findings.ts";
import { compareMemory } from "./_compare_memory.ts";
import {
  compareEmotions,
  compareLatencies,
  compareRecoveries,
  compareShares,
  type CompareSettings,
} from "./_compare_quantities.ts";
import { readFigures } from "./_run_figures.ts";
import type { TimelineLine } from "./_timeline.ts";
import type { RunPlan } from "./inspect_run.ts";
import type { StabilityResults } from "./stability_results.ts";
import type { Requirement } from "./stability_thresholds.ts";

/** A run to be compared: what it proved, and what it saw. */
export interface ComparableRun {
  readonly results: StabilityResults;
  /** The lines of its timeline, in their order. */
  readonly lines: Iterable<TimelineLine>;
  /** What it was asked to be; without it, plans are taken for the same. */
  readonly plan?: RunPlan | undefined;
}

/** Options of {@linkcode compareRuns}. */
export interface CompareRunsOptions {
  /** Of each interval. About 25 quantities are looked at, each in both directions. @default {0.999} */
  readonly confidence?: number | undefined;
  /** Smallest change of a quantity that matters, as a share of it. @default {0.1} */
  readonly tolerance?: number | undefined;
}

/**
 * - `worse`, `better`: more than chance, and large enough to matter. `changed`: that, where neither is better.
 * - `same`: a change that matters would have shown.
 * - `unclear`: too little was seen to tell.
 */
export type ChangeVerdict = "worse" | "better" | "changed" | "same" | "unclear";

/** Unit of a quantity; `emotion`: from 0 to 1. */
export type ChangeUnit = "ms" | "share" | "bytes" | "bytes per hour" | "emotion";

/** How one quantity changed. */
export interface RunChange {
  /** Such as `p50 of replies`. */
  readonly quantity: string;
  readonly unit: ChangeUnit;
  readonly before: number | undefined;
  readonly after: number | undefined;
  /** After, less before; undefined where it is not known how much of it is chance. */
  readonly difference: Estimate | undefined;
  /** Smallest change that matters. */
  readonly tolerance: number;
  readonly verdict: ChangeVerdict;
}

/** How often something wrong was found; of a threshold or a property, 1 for one that is broken. */
export interface FindingChange {
  readonly requirement: Requirement | undefined;
  readonly kind: string;
  /** What was expected and what was seen. */
  readonly message: string;
  readonly before: number;
  readonly after: number;
  readonly verdict: "worse" | "better" | "same" | "unclear";
  /** What shows it again. */
  readonly reproduce: string | undefined;
}

/** What changed between two runs. Plain data. */
export interface RunComparison {
  /** `not-enough-evidence`: something was found that was not there before, and may have come by chance. */
  readonly outcome: "regression" | "no-regression" | "not-enough-evidence";
  /** In a sentence. */
  readonly summary: string;
  /** Whether both have the same plan and seed in virtual time, so that what differs was not chance. */
  readonly isPaired: boolean;
  /** Whether they went the same way, to the last event. */
  readonly isSameCourse: boolean;
  readonly quantities: readonly RunChange[];
  readonly findings: readonly FindingChange[];
}

/** Two runs that say nothing about each other. */
export class IncomparableRunsError extends Error {
  override readonly name: string = "IncomparableRunsError";
}

const MOST_LONGER = 1.25;
const RECOVERY_MS = 300_000;

/**
 * What changed from one run to another, and what of it is more than chance: latencies, messages without a reply,
 * memory, emotions, recoveries, findings. Each quantity comes with the interval of its change. The unit of chance is a
 * block of time, as what is near in time is alike. The memory of a companion that lives in the harness's process is
 * that of the process: compare runs that had one of their own, as those of `run_stability_test.ts` have.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { compareRuns, LongRunningStabilityTest, type TimelineLine } from "demi-health/stability";
 * import { pocketDemi } from "./examples/demi/pocket_demi.ts";
 *
 * async function observe(seed: number) {
 *   const lines: TimelineLine[] = [];
 *   const onEvent = (line: TimelineLine) => void lines.push(line);
 *   await using test = new LongRunningStabilityTest({ companion: pocketDemi, durationHours: 1, seed, onEvent });
 *   await test.setup();
 *   return { results: await test.run(), lines };
 * }
 * const { outcome } = compareRuns(await observe(7), await observe(8));
 * assert.equal(outcome, "no-regression");
 * ```
 *
 * @throws {IncomparableRunsError} If their time, plans or lengths differ: then the runs differ, not the companions.
 * @throws {RangeError} If an option is out of range.
 */
export function compareRuns(
  before: ComparableRun,
  after: ComparableRun,
  options: CompareRunsOptions = {},
): RunComparison {
  const { confidence = 0.999, tolerance = 0.1 } = options;
  if (!(confidence > 0 && confidence < 1)) refuseOption("confidence", "in (0, 1)", confidence);
  if (!(tolerance >= 0 && tolerance < Infinity)) refuseOption("tolerance", ">= 0 and finite", tolerance);
  refuseOthers(before, after);
  const [was, is] = [before.results, after.results];
  const durationMs = Math.min(was.elapsedMs, is.elapsedMs);
  const [a, b] = [readFigures(before.lines, durationMs), readFigures(after.lines, durationMs)];
  const recoveryLimitMs = after.plan?.recoveryMs ?? RECOVERY_MS;
  const settings: CompareSettings = { confidence, tolerance, durationMs, recoveryLimitMs };
  const quantities = [
    ...compareLatencies(a, b, settings),
    ...compareShares(a, b, settings),
    ...compareMemory(a, b, [was, is], settings),
    ...compareEmotions(a, b, settings),
    ...compareRecoveries(a, b, settings),
  ];
  const isPaired = was.seed === is.seed && was.time === "virtual" && isWhole(was) && isWhole(is);
  const growth = quantities.find(({ unit }) => unit === "bytes per hour")?.verdict;
  const findings = compareFindings(was, is, { isPaired, confidence, growth });
  const isSameCourse = isPaired && was.eventHash === is.eventHash && was.elapsedMs === is.elapsedMs;
  return { ...judge(quantities, findings, isSameCourse), isPaired, isSameCourse, quantities, findings };
}

/** A change as a line: `p50 of replies: 528 ms → 1.5 s, +980 ms (+840 ms to +1.1 s)`. */
export function describeChange({ quantity, unit, before, after, difference }: RunChange): string {
  const by = FORMATS[unit];
  const signed = (value: number): string => `${value < 0 ? "−" : "+"}${by(Math.abs(value))}`;
  const values = [before, after].map((value) => (value === undefined ? "no data" : by(value))).join(" → ");
  if (!difference) return `${quantity}: ${values}`;
  const { value, low, high } = difference;
  return `${quantity}: ${values}, ${signed(value)} (${signed(low)} to ${signed(high)})`;
}

const FORMATS: Readonly<Record<ChangeUnit, (value: number) => string>> = {
  ms: formatDuration,
  share: formatRatio,
  bytes: formatBytes,
  "bytes per hour": (value) => `${formatBytes(value)}/h`,
  emotion: (value) => value.toFixed(3),
};

function isWhole({ continuity }: StabilityResults): boolean {
  return continuity !== "continued, not identical";
}

function refuseOthers(
  { results: was, plan: planned }: ComparableRun,
  { results: is, plan }: ComparableRun,
): void {
  refuseUnlike("time", was.time, is.time);
  if (planned && plan) {
    refuseUnlike("load", describeLoad(planned), describeLoad(plan));
    refuseUnlike("faults", JSON.stringify(planned.faults), JSON.stringify(plan.faults));
    refuseUnlike("time between two looks", formatDuration(planned.sampleMs), formatDuration(plan.sampleMs));
  }
  const isCut = was.end === "hopeless" || is.end === "hopeless"; // that it was so bad is the answer
  const [shorter, longer] = [was.elapsedMs, is.elapsedMs].sort((a, b) => a - b) as [number, number];
  if (isCut || longer <= MOST_LONGER * shorter) return;
  throw new IncomparableRunsError(
    `Cannot compare runs: they must be about as long, got ${formatDuration(was.elapsedMs)} and ${formatDuration(is.elapsedMs)}`,
  );
}

function describeLoad({ phases }: RunPlan): string {
  const [only] = phases;
  // the hours of the only phase are those of the run, which may be a little longer
  const load = phases.length === 1 ? { ...only, hours: undefined } : phases;
  return JSON.stringify(load);
}

function refuseUnlike(what: string, was: string, is: string): void {
  if (was === is) return;
  throw new IncomparableRunsError(
    `Cannot compare runs: their ${what} must be the same, got ${was} and ${is}`,
  );
}

function refuseOption(name: string, rule: string, value: number): never {
  throw new RangeError(`Cannot compare runs: '${name}' must be ${rule}, got ${value}`);
}

function judge(
  quantities: readonly RunChange[],
  findings: readonly FindingChange[],
  isSameCourse: boolean,
): Pick<RunComparison, "outcome" | "summary"> {
  const worse = quantities.filter(({ verdict }) => verdict === "worse").map(describeChange);
  const found = findings
    .filter(({ verdict }) => verdict === "worse")
    .map(({ message }) => message.replace(/\.$/, ""));
  if (worse.length + found.length > 0) {
    return { outcome: "regression", summary: `Worse: ${[...worse, ...found].join("; ")}` };
  }
  const open = findings.filter(({ verdict, before, after }) => verdict === "unclear" && after > before);
  if (open.length > 0) {
    const what = open.map(({ message }) => message.replace(/\.$/, "")).join("; ");
    // a heap is never the same twice, whatever the seed
    const decider = open.every(({ kind }) => kind === "leak") ? "Longer runs" : "Two runs with the same seed";
    return {
      outcome: "not-enough-evidence",
      summary: `New, and perhaps by chance: ${what}. ${decider} would decide it`,
    };
  }
  const course = isSameCourse ? "Both went the same way to the last event. " : "";
  return {
    outcome: "no-regression",
    summary: `${course}Nothing is worse by more than chance${resolution(quantities)}`,
  };
}

/** What could have gone unseen. */
function resolution(quantities: readonly RunChange[]): string {
  const typical = quantities.find(({ quantity }) => quantity === "p50 of replies");
  if (!typical) return "; no replies could be compared";
  if (!typical.difference) return "; too few replies to compare";
  const mostMs = Math.max(0, typical.difference.high);
  return `; a typical reply is slower by ${formatDuration(mostMs)} at most`;
}
