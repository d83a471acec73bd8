import type { AlertRule } from "../alerts/alert_rule.ts";
import type { EmotionProfile } from "../emotion/emotion_profile.ts";
import type { TestEnvironment } from "../harness/environment.ts";
import { LatencySummary } from "../harness/load/latency_summary.ts";
import { AlertWatch } from "./_alert_watch.ts";
import type { CheckpointStore } from "./_checkpoint_store.ts";
import { Disturbances } from "./_disturbances.ts";
import { EmotionWatch } from "./_emotion_watch.ts";
import { EventLedger } from "./_event_ledger.ts";
import { FindingLog } from "./_finding_log.ts";
import { MemoryLook } from "./_memory_look.ts";
import type { PhasedLoad } from "./_phased_load.ts";
import { NO_COUNTERS, type RunCounters, type RunState } from "./_run_state.ts";
import { RunTallies } from "./_run_tallies.ts";
import type { Timeline, TimelineLine } from "./_timeline.ts";
import type { PropertyChecks } from "./property_checks.ts";
import { describeFault, type PlannedFault } from "./stability_faults.ts";
import type { StabilityMoment } from "./stability_options.ts";
import type { FaultResult, RunGap, StabilityFinding } from "./stability_results.ts";
import {
  checkThresholds,
  type Measurements,
  type StabilityThreshold,
  type ThresholdResult,
} from "./stability_thresholds.ts";

/** What a run works with. */
export interface RunParts {
  readonly env: TestEnvironment;
  readonly load: PhasedLoad;
  readonly faults: readonly PlannedFault[];
  readonly timeline: Timeline;
  readonly checkpoints: CheckpointStore;
  /** Undefined at the beginning of a run. */
  readonly from: RunState | undefined;
  readonly thresholds: readonly StabilityThreshold[];
  readonly rules: readonly AlertRule[];
  readonly emotionProfile: EmotionProfile | undefined;
  readonly properties: PropertyChecks;
  readonly check: ((moment: StabilityMoment, checks: PropertyChecks) => void | Promise<void>) | undefined;
  readonly settings: RunSettings;
  readonly reproduce: (atMs: number) => string;
  /** Number of messages in the whole plan. */
  readonly planned: number;
  readonly onEvent: ((line: TimelineLine) => void) | undefined;
  /** Called after anything happened. */
  readonly onChange: () => void;
  /** A checkpoint is there: what a run that is killed now goes on from. */
  readonly onCheckpoint: () => Promise<void>;
  readonly brokenCheckpoints: readonly string[];
}

/** Milliseconds, of the run's clock. */
export interface RunSettings {
  readonly durationMs: number;
  readonly checkpointMs: number;
  readonly sampleMs: number;
  readonly replyMs: number;
  readonly recoveryMs: number;
  readonly stopWhenHopeless: boolean;
}

const SLEPT_FACTOR = 3;
const GAPS_KEPT = 100;

/** Ends the parts of a run. */
export class StopSignal extends Error {
  override readonly name: string = "StopSignal";
}

/** What the parts of one run share: what was seen so far, the time, and the way to say that something is wrong. */
export class RunContext {
  readonly parts: RunParts;
  readonly env: TestEnvironment;
  readonly tallies: RunTallies;
  readonly counters: RunCounters;
  readonly recoveries: LatencySummary;
  readonly findings: FindingLog;
  readonly ledger: EventLedger;
  readonly memory: MemoryLook;
  readonly alerts: AlertWatch;
  readonly emotions: EmotionWatch;
  readonly faultResults: FaultResult[];
  readonly gaps: RunGap[];
  readonly properties: PropertyChecks;
  readonly disturbances: Disturbances = new Disturbances();
  readonly startedAt: number;
  #end: "finished" | "stopped" | "hopeless" = "finished";
  readonly #stop = new AbortController();
  readonly #startMs: number;
  #lastSeen: { readonly realMs: number; readonly atMs: number };

  constructor(parts: RunParts) {
    const { env, from, settings } = parts;
    this.parts = parts;
    this.env = env;
    this.tallies = new RunTallies(from?.tallies);
    this.counters = { ...NO_COUNTERS, ...from?.counters };
    this.recoveries = new LatencySummary(from?.recoveries);
    this.findings = new FindingLog(parts.reproduce, from?.findings);
    this.ledger = new EventLedger(from?.ledger);
    this.faultResults = [...(from?.faults ?? [])];
    this.gaps = [...(from?.gaps ?? [])];
    this.properties = parts.properties;
    if (from) this.properties.restore(from.properties);
    const elapsedMs = from?.elapsedMs ?? 0;
    // a virtual clock was born with the run; of a real one the time before does not count
    this.#startMs = env.virtualClock ? 0 : env.clock.monotonicMs() - elapsedMs;
    this.startedAt = from?.startedAt ?? env.clock.now() - this.elapsedMs;
    this.#lastSeen = { realMs: env.clock.now(), atMs: elapsedMs };
    this.memory = new MemoryLook(env, settings.durationMs);
    this.alerts = new AlertWatch(parts.rules, env.clock, from?.alerts);
    this.emotions = new EmotionWatch(parts.emotionProfile, env.clock, from?.emotions);
  }

  /** Milliseconds since the run began. */
  get elapsedMs(): number {
    return this.env.clock.monotonicMs() - this.#startMs;
  }

  get end(): "finished" | "stopped" | "hopeless" {
    return this.#end;
  }

  /** Aborts when the run ends before its time. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** What is being done to the companion. */
  get faultsNow(): readonly string[] {
    return this.disturbances.at(this.elapsedMs).map(describeFault);
  }

  /** Ends the run; what was seen by then is kept. */
  stop(why: "stopped" | "hopeless" = "stopped"): void {
    if (this.signal.aborted) return;
    this.#end = why;
    this.#stop.abort(new StopSignal());
  }

  /** The run can no longer pass. */
  giveUp(): void {
    if (this.parts.settings.stopWhenHopeless) this.stop("hopeless");
  }

  /** How the run stands to its thresholds now. */
  get thresholds(): readonly ThresholdResult[] {
    const { answered, failed, sent } = this.tallies.all;
    const counted = answered + failed;
    const messagesLeft = Math.max(0, this.parts.planned - sent);
    return checkThresholds(this.parts.thresholds, this.measurements, {
      messagesLeft,
      messagesCounted: counted,
      failed,
    });
  }

  get measurements(): Measurements {
    const { counters, recoveries } = this;
    const { latency, answered, failed } = this.tallies.all;
    const share = (part: number, whole: number): number | undefined => (whole > 0 ? part / whole : undefined);
    const looks = counters.upMs + counters.downMs;
    const faults = this.parts.faults.length > 0 ? this.faultResults.length : 0;
    return {
      p90ResponseMs: latency?.p90Ms,
      p99ResponseMs: latency?.p99Ms,
      errorRate: share(failed, answered + failed),
      maxRssBytes: counters.memoryLooks > 0 ? counters.maxRssBytes : undefined,
      unplannedRestarts: looks > 0 ? counters.unplannedRestarts : undefined,
      emotionFindings: counters.emotionLooks > 0 ? this.findings.of("HEALTH-03").length : undefined,
      downtimeRatio: share(counters.downMs, looks),
      p50RecoveryMs: recoveries.quantile(0.5),
      p95RecoveryMs: recoveries.quantile(0.95),
      failedRecoveries: faults > 0 ? counters.failedRecoveries : undefined,
      isolationErrorRate: share(
        counters.isolationFailed,
        counters.isolationAnswered + counters.isolationFailed,
      ),
    };
  }

  /** Notes something wrong, and writes it into the timeline the first time. */
  find(
    requirement: StabilityFinding["requirement"],
    kind: string,
    message: string,
    options: { readonly key?: string; readonly count?: number } = {},
  ): void {
    if (!this.findings.add(requirement, kind, message, this.elapsedMs, options)) return;
    this.write({ kind: "finding", atMs: this.elapsedMs, requirement, finding: kind, message });
  }

  write(line: TimelineLine): void {
    this.parts.timeline.add(line);
    this.parts.onEvent?.(line);
  }

  async sleepUntil(atMs: number): Promise<void> {
    await this.env.clock.sleep(Math.max(0, atMs - this.elapsedMs), { signal: this.signal });
  }

  /** A host that slept shows by a jump of its clock. */
  noteTime(): void {
    if (this.env.virtualClock) return;
    const realMs = this.env.clock.now();
    const atMs = this.elapsedMs;
    const passedMs = realMs - this.#lastSeen.realMs;
    if (passedMs > SLEPT_FACTOR * this.parts.settings.sampleMs) {
      const gap: RunGap = {
        atMs: this.#lastSeen.atMs,
        durationMs: atMs - this.#lastSeen.atMs,
        cause: "host slept",
      };
      this.gaps.push(gap);
      if (this.gaps.length > GAPS_KEPT) this.gaps.shift();
      this.write({ kind: "gap", atMs, durationMs: passedMs, cause: gap.cause });
    }
    this.#lastSeen = { realMs, atMs };
  }
}
