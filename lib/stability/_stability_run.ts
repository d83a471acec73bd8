import { systemClock } from "../base/system_clock.ts";
import type { Arrival } from "../harness/load/load_plan.ts";
import { runLoad } from "../harness/load/load_run.ts";
import { connectApps } from "./_fault_runner.ts";
import { FaultWatch } from "./_fault_watch.ts";
import { LookWatch } from "./_look_watch.ts";
import { MessageWatch } from "./_message_watch.ts";
import { RunContext, type RunParts, StopSignal } from "./_run_context.ts";
import type { RunState } from "./_run_state.ts";

// What a companion writes after its reply was read, such as that it was read, runs on real time.
const SETTLE_MS = 10;
const DAY_MS = 86_400_000;

/** One run, from its beginning or a checkpoint to its end. */
export class StabilityRun {
  readonly context: RunContext;
  readonly #messages: MessageWatch;
  readonly #looks: LookWatch;
  readonly #faults: FaultWatch;
  #nextSequence: number;
  #inFlight = 0;
  readonly #upcoming: Iterator<Arrival, void, undefined>;
  #next: Arrival | undefined;
  #lastOutcomeMs = -Infinity;
  #checkpointDueMs: number;
  #lastCheckpoint: number | undefined;
  #unsaved: string | undefined;
  #saving: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: RunParts) {
    const { from, settings } = parts;
    const context = new RunContext(parts);
    const onOver = (): void => this.#maybeCheckpoint();
    this.context = context;
    this.#messages = new MessageWatch(context);
    this.#looks = new LookWatch(context, () => {
      this.#maybeCheckpoint();
      parts.onChange();
    });
    this.#faults = new FaultWatch(context, { startAgain: () => this.#looks.startAgain(), onOver });
    this.#nextSequence = from?.nextSequence ?? 0;
    this.#upcoming = parts.load.arrivals(this.#nextSequence);
    this.#next = this.#upcoming.next().value ?? undefined;
    this.#checkpointDueMs = nextMultiple(from?.elapsedMs ?? 0, settings.checkpointMs);
    this.#lastCheckpoint = from && Math.floor(from.elapsedMs / settings.checkpointMs);
  }

  /** Why the newest checkpoint could not be saved; undefined where it could. */
  get unsaved(): string | undefined {
    return this.#unsaved;
  }

  /** Number of the newest checkpoint. */
  get lastCheckpoint(): number | undefined {
    return this.#lastCheckpoint;
  }

  get lastRssBytes(): number | undefined {
    return this.#looks.lastRssBytes;
  }

  /** Resolves when the time is up, or the run was stopped. */
  async run(): Promise<void> {
    const { context } = this;
    const { env, load, settings } = context.parts;
    const { durationMs } = settings;
    await connectApps(env, load.users);
    const sending = runLoad(env, load.arrivals(this.#nextSequence, durationMs), {
      durationMs,
      elapsedMs: context.elapsedMs,
      timeoutMs: settings.replyMs,
      signal: context.signal,
      shouldSend: (arrival) => this.#messages.canSend(arrival),
      onOutcome: (outcome) => {
        if (outcome.kind !== "withheld") this.#lastOutcomeMs = systemClock.monotonicMs();
        this.#messages.note(outcome);
      },
      onProgress: ({ inFlight }) => {
        this.#inFlight = inFlight;
        this.#maybeCheckpoint();
        context.parts.onChange();
      },
    });
    const parts = [sending.then(() => undefined), this.#looks.run(), this.#faults.run()];
    await env.run(Promise.all(parts.map((part) => this.#guard(part))), { limitMs: 2 * durationMs + DAY_MS });
    await this.#saving;
    if (this.#failure) throw this.#failure.error;
    if (context.end !== "hopeless" && this.#isAtRest()) await this.#checkpoint();
    context.ledger.settle();
  }

  /** The state as it would be saved now. */
  get state(): RunState {
    const { context } = this;
    const { parts } = context;
    return {
      elapsedMs: context.elapsedMs,
      startedAt: context.startedAt,
      savedAt: systemClock.now(),
      nextSequence: this.#nextSequence,
      faultsDone: this.#faults.done,
      samples: this.#looks.samples,
      timelineBytes: parts.timeline.bytes,
      ledger: { hash: context.ledger.hash, count: context.ledger.count },
      tallies: context.tallies.toJSON(),
      recoveries: context.recoveries.toJSON(),
      counters: { ...context.counters },
      findings: context.findings.all,
      faults: context.faultResults,
      properties: context.properties.results,
      gaps: context.gaps,
      resumes: parts.from?.resumes ?? 0,
      alerts: context.alerts.toJSON(),
      emotions: context.emotions.toJSON(),
      brokenCheckpoints: parts.brokenCheckpoints,
    };
  }

  async #guard(part: Promise<void>): Promise<void> {
    try {
      await part;
    } catch (error) {
      if (error instanceof StopSignal) return;
      this.#failure ??= { error };
      this.context.stop();
    }
  }

  #isAtRest(): boolean {
    const { env, disturbances } = this.context;
    const isBusy = this.#inFlight > 0 || this.#looks.isLooking || disturbances.isAny;
    return !isBusy && env.isRunning && env.isQuiet;
  }

  #maybeCheckpoint(): void {
    const { context } = this;
    if (context.elapsedMs < this.#checkpointDueMs || this.#saving || context.signal.aborted) return;
    if (!this.#isAtRest()) return;
    const saved = this.#checkpoint().finally(() => {
      this.#saving = undefined;
    });
    // the clock stands still, so that nothing happens while the data is copied
    this.#saving = context.env.clock.track(saved, "checkpoint");
  }

  async #checkpoint(): Promise<void> {
    const { context } = this;
    const { settings, timeline, checkpoints } = context.parts;
    const atMs = context.elapsedMs;
    const number = Math.floor(atMs / settings.checkpointMs);
    this.#checkpointDueMs = nextMultiple(atMs, settings.checkpointMs);
    this.#nextSequence = this.#sequenceAfter(atMs);
    context.ledger.settle();
    try {
      await systemClock.sleep(Math.max(0, this.#lastOutcomeMs + SETTLE_MS - systemClock.monotonicMs()));
      await timeline.sync();
      const { virtualClock, dataDirectory } = context.env;
      await checkpoints.save(number, this.state, virtualClock ? dataDirectory : undefined);
      this.#lastCheckpoint = number;
      this.#unsaved = undefined;
      await context.parts.onCheckpoint();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#unsaved = reason;
      context.write({ kind: "no-checkpoint", atMs, reason });
    }
  }

  /** Number of the first arrival after that moment, which is later each time. */
  #sequenceAfter(atMs: number): number {
    while (this.#next && this.#next.atMs <= atMs) this.#next = this.#upcoming.next().value ?? undefined;
    return this.#next?.sequence ?? Number.MAX_SAFE_INTEGER;
  }
}

function nextMultiple(value: number, unit: number): number {
  return (Math.floor(value / unit + 1e-9) + 1) * unit;
}
