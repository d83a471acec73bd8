import { systemClock } from "../base/system_clock.ts";
import { isPlatformUp } from "../base/platform_health.ts";
import { EMOTION_NAMES, type EmotionalState } from "../emotion/emotional_state.ts";
import type { PlatformName, TestEnvironment } from "../harness/environment.ts";
import { LatencySummary } from "../harness/load/latency_summary.ts";
import type { Arrival } from "../harness/load/load_plan.ts";
import { type LoadOutcome, type LoadProgress, runLoad } from "../harness/load/load_run.ts";
import type { AlertRule } from "../alerts/alert_rule.ts";
import { AlertWatch } from "./_alert_watch.ts";
import type { CheckpointStore } from "./_checkpoint_store.ts";
import { Disturbances } from "./_disturbances.ts";
import { EventLedger } from "./_event_ledger.ts";
import {
  applyFault,
  askSoon,
  connectApps,
  lookAtHealth,
  awaitRecovery,
  type RecoveryWatch,
} from "./_fault_runner.ts";
import { FindingLog } from "./_finding_log.ts";
import { MemoryLook } from "./_memory_look.ts";
import type { PhasedLoad } from "./_phased_load.ts";
import { type RunCounters, NO_COUNTERS, type RunState } from "./_run_state.ts";
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

/** What a {@linkcode StabilityRun} works with. */
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
  readonly properties: PropertyChecks;
  readonly check: ((moment: StabilityMoment, checks: PropertyChecks) => void | Promise<void>) | undefined;
  readonly settings: RunSettings;
  readonly reproduce: (atMs: number) => string;
  /** Number of messages in the whole plan. */
  readonly planned: number;
  readonly onEvent: ((line: TimelineLine) => void) | undefined;
  /** Called after anything happened. */
  readonly onChange: () => void;
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

// Never a moment at which a companion's own minute, hour or five minutes are over: what comes first would be chance.
const SAMPLE_PHASE = 0.47;
const LOOKS_UNTIL_DEAD = 3;
const STARTS_TRIED = 3;
const START_PAUSE_MS = 60_000;
const ROUNDING = 1e6;
const SLEPT_FACTOR = 3;
const FIRST_REPLIES = 10;
const FAULTS_KEPT = 1000;
const GAPS_KEPT = 100;

/** One run, from its beginning or a checkpoint to its end. */
export class StabilityRun {
  readonly env: TestEnvironment;
  readonly tallies: RunTallies;
  readonly counters: RunCounters;
  readonly recoveries: LatencySummary;
  readonly findings: FindingLog;
  readonly ledger: EventLedger;
  readonly memory: MemoryLook;
  readonly alerts: AlertWatch;
  readonly faultResults: FaultResult[];
  readonly gaps: RunGap[];
  readonly properties: PropertyChecks;
  #end: "finished" | "stopped" | "hopeless" = "finished";
  readonly #parts: RunParts;
  readonly #disturbances = new Disturbances();
  readonly #stop = new AbortController();
  readonly #startMs: number;
  readonly #startedAt: number;
  #nextSequence: number;
  #faultsDone: number;
  #samples: number;
  #inFlight = 0;
  #isLooking = false;
  #failedLooks = 0;
  #checkpointDueMs: number;
  #lastCheckpoint: number | undefined;
  #saving: Promise<void> | undefined;
  #lastSeen: { readonly realMs: number; readonly atMs: number };
  #lastRssBytes: number | undefined;
  /** By user and platform. */
  readonly #heldUpUntil = new Map<string, number>();
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: RunParts) {
    const { env, from, settings } = parts;
    this.#parts = parts;
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
    this.#nextSequence = from?.nextSequence ?? 0;
    this.#faultsDone = from?.faultsDone ?? 0;
    this.#samples = from?.samples ?? 0;
    const elapsedMs = from?.elapsedMs ?? 0;
    // a virtual clock was born with the run; of a real one the time before does not count
    this.#startMs = env.virtualClock ? 0 : env.clock.monotonicMs() - elapsedMs;
    this.#startedAt = from?.startedAt ?? env.clock.now() - this.elapsedMs;
    this.#lastSeen = { realMs: env.clock.now(), atMs: elapsedMs };
    this.#checkpointDueMs = nextMultiple(elapsedMs, settings.checkpointMs);
    this.#lastCheckpoint = from === undefined ? undefined : Math.floor(elapsedMs / settings.checkpointMs);
    this.memory = new MemoryLook(env, settings.durationMs);
    this.alerts = new AlertWatch(parts.rules, env.clock, from?.alerts);
  }

  /** Milliseconds since the run began. */
  get elapsedMs(): number {
    return this.env.clock.monotonicMs() - this.#startMs;
  }

  get startedAt(): number {
    return this.#startedAt;
  }

  get end(): "finished" | "stopped" | "hopeless" {
    return this.#end;
  }

  get lastRssBytes(): number | undefined {
    return this.#lastRssBytes;
  }

  /** Goes on after it was off. */
  noteResume({ elapsedMs, savedAt }: RunState): void {
    const durationMs = this.env.virtualClock ? 0 : Math.max(0, systemClock.now() - savedAt);
    if (durationMs > 0) this.gaps.push({ atMs: elapsedMs, durationMs, cause: "run was off" });
    this.#write({ kind: "resumed", atMs: elapsedMs, durationMs });
  }

  get lastCheckpoint(): number | undefined {
    return this.#lastCheckpoint;
  }

  /** What is being done to the companion. */
  get faultsNow(): readonly string[] {
    return this.#disturbances.at(this.elapsedMs).map(describeFault);
  }

  /** Ends the run; what was seen by then is kept. */
  stop(why: "stopped" | "hopeless" = "stopped"): void {
    if (this.#stop.signal.aborted) return;
    this.#end = why;
    this.#stop.abort(new StopSignal());
  }

  async run(): Promise<void> {
    const { env, load, settings } = this.#parts;
    const { durationMs } = settings;
    const guard = async (work: Promise<void>): Promise<void> => {
      try {
        await work;
      } catch (error) {
        if (error instanceof StopSignal) return;
        this.#failure ??= { error };
        this.stop();
      }
    };
    const { signal } = this.#stop;
    await connectApps(env, load.users);
    const sending = runLoad(env, load.arrivals(this.#nextSequence), {
      durationMs,
      elapsedMs: this.elapsedMs,
      timeoutMs: settings.replyMs,
      signal,
      shouldSend: (arrival) => this.#canSend(arrival),
      onOutcome: (outcome) => this.#noteOutcome(outcome),
      onProgress: (progress) => this.#noteProgress(progress),
    });
    const all = Promise.all([
      guard(sending.then(() => undefined)),
      guard(this.#look()),
      guard(this.#disturb()),
    ]);
    await env.run(all, { limitMs: 2 * durationMs + 86_400_000 });
    await this.#saving;
    if (this.#failure) throw this.#failure.error;
    if (this.#end !== "hopeless" && this.#isAtRest()) await this.#checkpoint();
    this.ledger.settle();
  }

  /** How the run stands to its thresholds now. */
  get thresholds(): readonly ThresholdResult[] {
    const { answered, failed, sent } = this.tallies.all;
    const counted = answered + failed;
    const messagesLeft = Math.max(0, this.#parts.planned - sent);
    return checkThresholds(this.#parts.thresholds, this.measurements, {
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
    const faults = this.#parts.faults.length > 0 ? this.faultResults.length : 0;
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
    this.#write({ kind: "finding", atMs: this.elapsedMs, requirement, finding: kind, message });
  }

  /** The state as it would be saved now. */
  get state(): RunState {
    return {
      elapsedMs: this.elapsedMs,
      startedAt: this.#startedAt,
      savedAt: systemClock.now(),
      nextSequence: this.#nextSequence,
      faultsDone: this.#faultsDone,
      samples: this.#samples,
      timelineBytes: this.#parts.timeline.bytes,
      ledger: { hash: this.ledger.hash, count: this.ledger.count },
      tallies: this.tallies.toJSON(),
      recoveries: this.recoveries.toJSON(),
      counters: { ...this.counters },
      findings: this.findings.all,
      faults: this.faultResults,
      properties: this.properties.results,
      gaps: this.gaps,
      resumes: this.#parts.from?.resumes ?? 0,
      alerts: this.alerts.toJSON(),
      brokenCheckpoints: this.#parts.brokenCheckpoints,
    };
  }

  #write(line: TimelineLine): void {
    this.#parts.timeline.add(line);
    this.#parts.onEvent?.(line);
  }

  // --- messages ---

  #canSend({ platform, atMs }: Arrival): boolean {
    this.#noteTime();
    if (this.gaps.some((gap) => atMs >= gap.atMs && atMs < gap.atMs + gap.durationMs)) return false;
    return this.env.platforms.includes(platform) && !this.#disturbances.cutsOff(platform, this.elapsedMs);
  }

  #noteOutcome(outcome: LoadOutcome): void {
    const { kind, arrival } = outcome;
    const { sequence, platform, user, text, atMs } = arrival;
    const nowMs = this.elapsedMs;
    const isExcused = kind === "failed" && this.#disturbances.excuses(platform, atMs, nowMs);
    const lane = `${platform} ${user}`;
    if (isExcused) this.#heldUpUntil.set(lane, nowMs);
    // who waited in vain for a reply that a fault had lost writes late, which is not the companion's doing
    const wasHeldUp = atMs < (this.#heldUpUntil.get(lane) ?? -Infinity);
    const latencyMs =
      outcome.kind !== "answered" ? 0 : wasHeldUp ? outcome.reply.responseTimeMs : outcome.latencyMs;
    this.tallies.add(platform, isExcused ? "excused" : kind, latencyMs);
    const data = kind === "sent" ? [platform, user, text] : kind === "answered" ? outcome.reply.text : null;
    this.ledger.add({ atMs: nowMs, stream: kind, sequence, data });
    if (kind === "sent" || kind === "withheld") return;
    if (this.#disturbances.isAnotherDown(platform, nowMs)) {
      if (kind === "answered") this.counters.isolationAnswered++;
      else if (!isExcused) this.counters.isolationFailed++;
    }
    if (kind === "answered") {
      this.alerts.addReply(latencyMs);
      this.properties.sometimes(`a message is answered on ${platform}`, true);
      this.#write({ kind: "reply", atMs: nowMs, platform, latencyMs: Math.round(latencyMs) });
      return;
    }
    this.#write({ kind: "no-reply", atMs: nowMs, platform, isExcused });
    if (!isExcused) this.#noteNoReply(platform, outcome.error);
  }

  #noteNoReply(platform: PlatformName, error: unknown): void {
    const name = error instanceof Error ? error.name : typeof error;
    const seconds = this.#parts.settings.replyMs / 1000;
    const what = name === "NoReplyError" ? `no reply within ${seconds} s` : `an error: ${name}`;
    const now = this.faultsNow.length > 0 ? ` while ${this.faultsNow.join(", ")}` : "";
    this.find("HEALTH-01", "no-reply", `A message on ${platform} must be answered, got ${what}${now}`);
    const { answered, failed } = this.tallies.all;
    if (answered === 0 && failed >= FIRST_REPLIES) {
      this.find("HEALTH-01", "never-answered", `None of the first ${failed} messages was answered`);
      this.#giveUp();
    }
  }

  #noteProgress({ inFlight }: LoadProgress): void {
    this.#inFlight = inFlight;
    this.#maybeCheckpoint();
    this.#parts.onChange();
  }

  // --- looks ---

  async #look(): Promise<void> {
    const { sampleMs, durationMs } = this.#parts.settings;
    for (;;) {
      const atMs = (this.#samples + SAMPLE_PHASE) * sampleMs;
      if (atMs >= durationMs) return;
      await this.#sleepUntil(atMs);
      this.#samples = Math.max(this.#samples + 1, Math.ceil(this.elapsedMs / sampleMs - SAMPLE_PHASE));
      this.#noteTime();
      if (this.#disturbances.isOff(this.elapsedMs)) continue;
      this.#isLooking = true;
      try {
        await this.#lookOnce();
      } finally {
        this.#isLooking = false;
      }
      this.#maybeCheckpoint();
      this.#parts.onChange();
    }
  }

  async #lookOnce(): Promise<void> {
    const { env } = this;
    const { sampleMs } = this.#parts.settings;
    const atMs = this.elapsedMs;
    const emotions = await askSoon(env, () => env.emotions());
    const health = await lookAtHealth(env);
    const memory = await this.memory.take(atMs);
    const isUp = emotions !== undefined && health !== undefined;
    this.counters[isUp ? "upMs" : "downMs"] += sampleMs;
    if (memory) {
      this.counters.memoryLooks++;
      this.#lastRssBytes = memory.rssBytes;
      this.counters.maxRssBytes = Math.max(this.counters.maxRssBytes, memory.rssBytes);
    }
    if (emotions) this.#noteEmotions(emotions, atMs);
    this.ledger.add({
      atMs,
      stream: "emotions",
      sequence: this.#samples,
      data: emotions ? EMOTION_NAMES.map((name) => Math.round(emotions[name] * ROUNDING) / ROUNDING) : null,
    });
    this.#write({
      kind: "look",
      atMs,
      ...(emotions && { emotions: EMOTION_NAMES.map((name) => Math.round(emotions[name] * 1e4) / 1e4) }),
      ...(health && { up: health.filter(({ status }) => isPlatformUp(status)).map(({ name }) => name) }),
      ...(memory && { memory }),
    });
    const moment: StabilityMoment = {
      atMs,
      timestamp: env.clock.now(),
      emotions,
      health,
      memory,
      faults: this.faultsNow,
      platforms: env.platforms,
    };
    this.#noteAlerts(moment);
    this.properties.always("the companion answers a look", isUp);
    await this.#parts.check?.(moment, this.properties);
    this.#checkHope();
    if (isUp) this.#failedLooks = 0;
    else if (++this.#failedLooks >= LOOKS_UNTIL_DEAD && !this.#disturbances.isAny) await this.#revive();
  }

  #noteAlerts(moment: StabilityMoment): void {
    for (const { alert, previous } of this.alerts.look(moment)) {
      const { id, level, state, message } = alert;
      if (state === previous || (state !== "firing" && state !== "resolved")) continue;
      this.#write({ kind: "alert", atMs: moment.atMs, name: id, level, state, message });
    }
  }

  #noteEmotions(emotions: EmotionalState, atMs: number): void {
    this.counters.emotionLooks++;
    for (const name of EMOTION_NAMES) {
      const value = emotions[name];
      if (value >= 0 && value <= 1) continue;
      const message = `Emotion '${name}' must be a number from 0 to 1, got ${value}`;
      this.find("HEALTH-03", "out-of-bounds", message, { key: name });
    }
    this.properties.always(
      "emotions are within their bounds",
      EMOTION_NAMES.every((name) => emotions[name] >= 0 && emotions[name] <= 1),
      `at ${atMs} ms`,
    );
  }

  /** The companion does not answer any more: it is ended and started again, as its owner would. */
  async #revive(): Promise<void> {
    this.counters.unplannedRestarts++;
    this.#failedLooks = 0;
    const told = this.env.logLines.at(-1)?.slice(0, 200);
    this.find(
      "HEALTH-01",
      "died",
      `The companion must answer, got nothing for ${LOOKS_UNTIL_DEAD} looks${told ? `; it wrote last: ${told}` : ""}`,
      { key: "died" },
    );
    await this.env.crash();
    if (await this.#startAgain()) await connectApps(this.env, this.#parts.load.users);
  }

  async #startAgain(): Promise<boolean> {
    for (let attempt = 1; attempt <= STARTS_TRIED; attempt++) {
      try {
        if (this.env.isRunning) return true;
        await this.env.start();
        return true;
      } catch (error) {
        const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
        this.find("HEALTH-01", "not-started", `The companion must start again, got ${reason}`, {
          key: "start",
        });
        await this.env.clock.sleep(START_PAUSE_MS, { signal: this.#stop.signal });
      }
    }
    this.#giveUp();
    return false;
  }

  #checkHope(): void {
    if (this.thresholds.some(({ isHopeless }) => isHopeless)) this.#giveUp();
  }

  #giveUp(): void {
    if (this.#parts.settings.stopWhenHopeless) this.stop("hopeless");
  }

  // --- faults ---

  async #disturb(): Promise<void> {
    const { faults } = this.#parts;
    for (const planned of faults.slice(this.#faultsDone)) {
      await this.#sleepUntil(planned.atMs);
      await this.#disturbOnce(planned);
      this.#faultsDone = planned.sequence + 1;
      this.#maybeCheckpoint();
    }
  }

  async #disturbOnce({ fault, sequence, durationMs }: PlannedFault): Promise<void> {
    const { env } = this;
    const atMs = this.elapsedMs;
    const what = describeFault(fault);
    const health = await lookAtHealth(env);
    const before = health?.filter(({ status }) => isPlatformUp(status)).map(({ name }) => name) ?? [];
    const running = this.#disturbances.begin(fault, atMs);
    this.ledger.add({ atMs, stream: "fault", sequence, data: what });
    this.#write({ kind: "fault", atMs, what, durationMs });
    await applyFault(env, fault, this.#parts.load.users);
    const overMs = systemClock.monotonicMs();
    if (!env.isRunning) await this.#startAgain();
    await connectApps(env, this.#parts.load.users);
    const recoveryMs = this.#stop.signal.aborted
      ? undefined
      : await this.#recover(what, { before, overMs, isOutage: fault.kind === "outage" });
    running.end(this.elapsedMs);
    this.faultResults.push({ sequence, what, atMs, durationMs, recoveryMs });
    if (this.faultResults.length > FAULTS_KEPT) this.faultResults.shift();
    this.ledger.add({ atMs: this.elapsedMs, stream: "recovered", sequence, data: recoveryMs !== undefined });
    this.#write({ kind: "recovery", atMs: this.elapsedMs, what, recoveryMs: recoveryMs ?? null });
  }

  async #recover(
    what: string,
    watch: Pick<RecoveryWatch, "before" | "overMs" | "isOutage">,
  ): Promise<number | undefined> {
    const { recoveryMs: limitMs } = this.#parts.settings;
    const { recoveryMs } = await awaitRecovery(this.env, { ...watch, limitMs });
    if (recoveryMs !== undefined) {
      this.recoveries.add(recoveryMs);
      return recoveryMs;
    }
    this.counters.failedRecoveries++;
    const platforms = watch.before.join(", ");
    this.find(
      "HEALTH-01",
      "not-recovered",
      `After ${what}, ${platforms} must be up again within ${limitMs / 1000} s, got one that is not`,
      { key: what },
    );
    return undefined;
  }

  // --- time ---

  async #sleepUntil(atMs: number): Promise<void> {
    await this.env.clock.sleep(Math.max(0, atMs - this.elapsedMs), { signal: this.#stop.signal });
  }

  /** A host that slept shows by a jump of its clock. */
  #noteTime(): void {
    if (this.env.virtualClock) return;
    const realMs = this.env.clock.now();
    const atMs = this.elapsedMs;
    const passedMs = realMs - this.#lastSeen.realMs;
    if (passedMs > SLEPT_FACTOR * this.#parts.settings.sampleMs) {
      const gap: RunGap = {
        atMs: this.#lastSeen.atMs,
        durationMs: atMs - this.#lastSeen.atMs,
        cause: "host slept",
      };
      this.gaps.push(gap);
      if (this.gaps.length > GAPS_KEPT) this.gaps.shift();
      this.#write({ kind: "gap", atMs, durationMs: passedMs, cause: gap.cause });
    }
    this.#lastSeen = { realMs, atMs };
  }

  // --- checkpoints ---

  #isAtRest(): boolean {
    return (
      this.#inFlight === 0 &&
      !this.#isLooking &&
      !this.#disturbances.isAny &&
      this.env.isQuiet &&
      this.env.isRunning
    );
  }

  #maybeCheckpoint(): void {
    if (this.elapsedMs < this.#checkpointDueMs || this.#saving || !this.#isAtRest()) return;
    if (this.#stop.signal.aborted) return;
    // the clock stands still, so that nothing happens while the data is copied
    this.#saving = this.env.clock.track(
      this.#checkpoint().finally(() => {
        this.#saving = undefined;
      }),
      "checkpoint",
    );
  }

  async #checkpoint(): Promise<void> {
    const { checkpointMs } = this.#parts.settings;
    const atMs = this.elapsedMs;
    const number = Math.floor(atMs / checkpointMs);
    this.#checkpointDueMs = nextMultiple(atMs, checkpointMs);
    this.#nextSequence = this.#sequenceAfter(atMs);
    this.ledger.settle();
    try {
      await systemClock.sleep(SETTLE_MS);
      await this.#parts.timeline.sync();
      const data = this.env.virtualClock ? this.env.dataDirectory : undefined;
      await this.#parts.checkpoints.save(number, this.state, data);
      this.#lastCheckpoint = number;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#write({ kind: "no-checkpoint", atMs, reason });
    }
  }

  #sequenceAfter(atMs: number): number {
    for (const { sequence, atMs: plannedMs } of this.#parts.load.arrivals(this.#nextSequence)) {
      if (plannedMs > atMs) return sequence;
    }
    return Number.MAX_SAFE_INTEGER;
  }
}

// What a companion writes after its reply was read, such as that it was read, runs on real time.
const SETTLE_MS = 10;

/** Ends the parts of a run. */
class StopSignal extends Error {
  override readonly name: string = "StopSignal";
}

function nextMultiple(value: number, unit: number): number {
  return (Math.floor(value / unit + 1e-9) + 1) * unit;
}
