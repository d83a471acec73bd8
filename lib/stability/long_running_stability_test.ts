import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultAlertRules } from "../alerts/default_rules.ts";
import { systemClock } from "../base/system_clock.ts";
import type { TestEnvironment } from "../harness/environment.ts";
import { LiveEnvironment } from "../harness/_live_environment.ts";
import { writeReport } from "../reports/write_report.ts";
import { replaceFile } from "../store/_image_file.ts";
import { acquireLock, StoreLockedError } from "../store/lock_file.ts";
import { CheckpointStore, copyDirectory, type LoadedCheckpoint } from "./_checkpoint_store.ts";
import { PhasedLoad } from "./_phased_load.ts";
import { ProgressFile } from "./_progress_file.ts";
import type { RunState } from "./_run_state.ts";
import { composeProgress } from "./_compose_progress.ts";
import { composeResults } from "./_compose_results.ts";
import { StabilityRun } from "./_stability_run.ts";
import { lockPathOf, RESULTS_FILE } from "./inspect_run.ts";
import { readTimeline, Timeline } from "./_timeline.ts";
import { checkStabilityOptions, type ResolvedOptions } from "./_resolve_options.ts";
import { PropertyChecks } from "./property_checks.ts";
import { planFaults } from "./stability_faults.ts";
import type { StabilityProgress, StabilityTestOptions } from "./stability_options.ts";
import { stabilityReport } from "./stability_report.ts";
import type { StabilityResults } from "./stability_results.ts";

const TIMELINE_FILE = "timeline.ndjson";
// What the mocks keep counts as the companion's where both live in one process.
const HISTORY_LIMIT = 100;

/** A run's directory cannot be used: another process runs in it, what is there is of another run, or it cannot be written to. */
export class RunDirectoryError extends Error {
  override readonly name: string = "RunDirectoryError";
  /** Of a run that came to its end, where they could not be written. */
  readonly results: StabilityResults | undefined;

  constructor(message: string, options?: ErrorOptions & { readonly results?: StabilityResults | undefined }) {
    super(message, options);
    this.results = options?.results;
  }
}

interface Prepared {
  readonly env: TestEnvironment;
  readonly run: StabilityRun;
  readonly directory: string;
  readonly timeline: Timeline;
  readonly progress: ProgressFile;
}

/**
 * A companion's week: its users write, its platforms go down, it crashes, and all that it does is watched. In virtual
 * time the week takes minutes, and one seed gives one course of events, which {@linkcode StabilityResults.eventHash}
 * stands for; in earnest it takes a week. Killed at any moment, a run goes on from its last checkpoint.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { LongRunningStabilityTest } from "demi-health/stability";
 * import { pocketDemi } from "./examples/demi/pocket_demi.ts";
 *
 * await using test = new LongRunningStabilityTest({ companion: pocketDemi, durationHours: 2, seed: 7 });
 * await test.setup();
 * const results = await test.run();
 * assert.equal(results.requirements["HEALTH-01"].outcome, "healthy");
 * assert.equal(results.messages.failed, 0);
 * ```
 */
export class LongRunningStabilityTest implements AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #ends = new AsyncDisposableStack();
  readonly #startedMs = systemClock.monotonicMs();
  #prepared: Prepared | undefined;
  #results: StabilityResults | undefined;
  #startElapsedMs = 0;

  /** @throws {RangeError} If a number is out of its range. @throws {TypeError} If the companion is no factory. */
  constructor(options: StabilityTestOptions) {
    this.#options = checkStabilityOptions(options);
  }

  /** What the run proved; undefined until {@linkcode LongRunningStabilityTest.run} has resolved. */
  get results(): StabilityResults | undefined {
    return this.#results;
  }

  /** How far the run is; undefined before {@linkcode LongRunningStabilityTest.setup}. */
  get progress(): StabilityProgress | undefined {
    return this.#prepared && this.#toProgress(this.#prepared, "running");
  }

  /**
   * Starts the mocks and the companion, where it goes on from the newest whole checkpoint.
   *
   * @throws {RunDirectoryError} If another process runs in the directory, or there is a run of other options.
   * @throws What the companion's start threw: one that never ran proves nothing.
   */
  async setup(): Promise<void> {
    if (this.#prepared)
      throw new Error("Cannot set up stability test: it must be new, got one that is set up");
    const { options } = this.#options;
    const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "demi-stability-")));
    if (options.directory === undefined) {
      this.#ends.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
    }
    try {
      await mkdir(directory, { recursive: true });
      await this.#lock(directory);
      this.#prepared = await this.#prepare(directory);
    } catch (error) {
      await this.#ends.disposeAsync();
      throw error;
    }
  }

  /**
   * Runs to the end, or until {@linkcode LongRunningStabilityTest.stop}.
   *
   * @throws {RunDirectoryError} With the results, if they cannot be written.
   * @throws {Error} If it is not set up, or the test itself fails; what a companion does wrong is in the results.
   */
  async run(): Promise<StabilityResults> {
    const prepared = this.#prepared;
    if (!prepared || this.#results) {
      throw new Error(
        "Cannot run stability test: it must be set up, and not have run, got one that is not so",
      );
    }
    const { run, progress, directory, env } = prepared;
    const { signal } = this.#options.options;
    const stop = (): void => run.context.stop();
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) run.context.stop();
    try {
      await run.run();
      this.#results = await composeResults(run, env, this.#options);
    } catch (error) {
      await progress.write(this.#toProgress(prepared, "failed")).catch(() => undefined);
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
    const results = this.#results;
    const state = run.context.end === "stopped" ? "stopped" : "finished";
    try {
      const text = `${JSON.stringify(results, null, 2)}\n`;
      await replaceFile(join(directory, RESULTS_FILE), Buffer.from(text));
      await progress.write(this.#toProgress(prepared, state));
    } catch (cause) {
      const message = `Cannot write results: ${directory} must be writable, got ${reasonOf(cause)}`;
      throw new RunDirectoryError(message, { cause, results });
    }
    return results;
  }

  /** Ends the run soon: {@linkcode LongRunningStabilityTest.run} resolves with what was seen by then. */
  stop(): void {
    this.#prepared?.run.context.stop();
  }

  /**
   * Writes the report, a self-contained page and, beside it, a text.
   *
   * @throws {Error} If it has not run, or the file cannot be written.
   */
  async generateReport(path: string): Promise<void> {
    if (!this.#results || !this.#prepared) {
      throw new Error("Cannot write stability report: the test must have run, got one that has not");
    }
    await this.#prepared.timeline.sync().catch(() => undefined); // a report of what is there is better than none
    const timeline = join(this.#prepared.directory, TIMELINE_FILE);
    await writeReport(await stabilityReport(this.#results, timeline), path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#prepared?.run.context.stop();
    await this.#ends.disposeAsync();
  }

  async #lock(directory: string): Promise<void> {
    try {
      this.#ends.use(await acquireLock(lockPathOf(directory)));
    } catch (error) {
      if (!(error instanceof StoreLockedError)) throw error;
      const message = `Cannot set up stability test: ${directory} must be free, got process ${error.pid} running in it`;
      throw new RunDirectoryError(message, { cause: error });
    }
  }

  async #prepare(directory: string): Promise<Prepared> {
    const { options, durationMs, untilMs, seed, phases, settings, identity } = this.#options;
    const checkpoints = new CheckpointStore(join(directory, "checkpoints"));
    const { from, dataDirectory, broken } = await this.#findStart(directory, checkpoints, identity);
    const faults = planFaults(options.faults ?? [], durationMs, `${seed} faults`);
    const live = join(directory, "data");
    if (dataDirectory !== undefined) await copyDirectory(dataDirectory, live);
    else if (!from) await rm(live, { recursive: true, force: true });
    await mkdir(live, { recursive: true });
    const timeline = this.#ends.use(
      await Timeline.open(join(directory, TIMELINE_FILE), from?.timelineBytes ?? 0),
    );
    const { users } = new PhasedLoad(durationMs, seed, phases);
    const complain: { tell?: (error: unknown) => void } = {};
    const env = await LiveEnvironment.start({
      ...options.environment,
      discord: { historyLimit: HISTORY_LIMIT, ...options.environment?.discord },
      companion: options.companion,
      seed,
      time: options.time,
      dataDirectory: live,
      proxied: faults.flatMap(({ fault }) => (fault.kind === "network" ? [fault.service] : [])),
      onError: (error) => complain.tell?.(error),
      prepare: async (starting) => {
        // in one order and at one moment, so that they have the same ids when the run goes on
        for (const user of users)
          if (starting.platforms.includes("discord")) starting.discord.channelId(undefined, user);
        if (from && starting.virtualClock) await starting.advance(from.elapsedMs);
      },
    });
    this.#ends.use(env);
    const bornAt = env.clock.now() - (env.virtualClock?.monotonicMs() ?? 0);
    const load = new PhasedLoad(durationMs, seed, phases, from?.startedAt ?? Math.round(bornAt));
    let planned = 0;
    for (const _ of load.arrivals(0, untilMs)) planned++;
    const progress = new ProgressFile(directory);
    const holder: { prepared?: Prepared } = {};
    const properties = new PropertyChecks(
      options.properties,
      () => holder.prepared?.run.context.elapsedMs ?? 0,
    );
    const resumes = from === undefined ? 0 : from.resumes + 1;
    const run = new StabilityRun({
      env,
      load,
      faults: faults.filter(({ atMs, durationMs: lastsMs }) => atMs + lastsMs < untilMs),
      timeline,
      checkpoints,
      from: from && { ...from, resumes },
      thresholds: this.#options.thresholds,
      rules: options.alertRules ?? defaultAlertRules,
      emotionProfile: options.emotionProfile,
      properties,
      check: options.check,
      settings: { ...settings, durationMs: untilMs },
      reproduce: (atMs) => this.#options.reproduce(atMs),
      planned,
      onEvent: options.onEvent,
      onChange: () => holder.prepared && this.#tell(holder.prepared),
      onCheckpoint: async () => {
        if (!holder.prepared) return;
        const now = this.#toProgress(holder.prepared, "running");
        await progress.write(now).catch(() => undefined); // a full disk is told by the next checkpoint
      },
      brokenCheckpoints: [...(from?.brokenCheckpoints ?? []), ...broken],
    });
    complain.tell = (error) => {
      const message = error instanceof Error ? error.message : String(error);
      run.context.find("HEALTH-01", "fault", message);
    };
    if (from) await this.#goOn(run, from, directory);
    this.#startElapsedMs = run.context.elapsedMs;
    holder.prepared = { env, run, directory, timeline, progress };
    return holder.prepared;
  }

  /** What a run that was off must know of the time before. */
  async #goOn({ context }: StabilityRun, { elapsedMs, savedAt }: RunState, directory: string): Promise<void> {
    for await (const { kind, atMs, memory } of readTimeline(join(directory, TIMELINE_FILE))) {
      if (kind !== "look" || typeof memory !== "object" || memory === null || atMs > elapsedMs) continue;
      context.memory.add({ ...memory, timestamp: context.startedAt + atMs });
    }
    const durationMs = context.env.virtualClock ? 0 : Math.max(0, systemClock.now() - savedAt);
    if (durationMs > 0) context.gaps.push({ atMs: elapsedMs, durationMs, cause: "run was off" });
    context.write({ kind: "resumed", atMs: elapsedMs, durationMs });
  }

  /** Where the run begins: at a checkpoint, or at its beginning. */
  async #findStart(
    directory: string,
    checkpoints: CheckpointStore,
    identity: string,
  ): Promise<{
    readonly from: RunState | undefined;
    readonly dataDirectory: string | undefined;
    readonly broken: readonly string[];
  }> {
    const path = join(directory, "run.json");
    const known = await readFile(path, "utf8").catch(() => undefined);
    const { resume = false } = this.#options.options;
    await rm(join(directory, RESULTS_FILE), { force: true }); // of a run that was over, or is to go on
    if (resume && known !== undefined && !isJson(known)) {
      throw new RunDirectoryError(
        `Cannot resume stability test: ${path} must say what the run is, got ${known.length} characters that are damaged; ` +
          `put the file back, or begin anew`,
      );
    }
    if (known !== undefined && known.trim() !== identity && resume) {
      throw new RunDirectoryError(
        `Cannot resume stability test: ${directory} must be of the same options, got a run of ${known.trim().slice(0, 300)}`,
      );
    }
    if (!resume || known === undefined) {
      await checkpoints.clear();
      await writeFile(path, `${identity}\n`);
      return { from: undefined, dataDirectory: undefined, broken: [] };
    }
    const { checkpoint, broken } = await checkpoints.load<RunState>();
    const told = broken.map(({ number, reason }) => `Checkpoint ${number} could not be used: ${reason}`);
    const usable: LoadedCheckpoint<RunState> | undefined = checkpoint;
    return { from: usable?.state, dataDirectory: usable?.dataDirectory, broken: told };
  }

  #tell(prepared: Prepared): void {
    const { onProgress } = this.#options.options;
    if (!onProgress && !prepared.progress.isDue) return;
    const progress = this.#toProgress(prepared, "running");
    onProgress?.(progress);
    prepared.progress.offer(progress);
  }

  #toProgress({ run, env }: Prepared, state: StabilityProgress["state"]): StabilityProgress {
    const realMs = systemClock.monotonicMs() - this.#startedMs;
    return composeProgress(run, env, this.#options, { state, realMs, startElapsedMs: this.#startElapsedMs });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}
