import type { PlatformName, TestEnvironment } from "../environment.ts";
import { type LatencyQuantiles, LatencySummary } from "./latency_summary.ts";
import { type Arrival, LoadPlan, type LoadPlanOptions } from "./load_plan.ts";

/** Options of {@linkcode LoadGenerator}. */
export interface LoadGeneratorOptions extends LoadPlanOptions {
  /** How long a reply is waited for, on the clock. @default {60_000} */
  readonly timeoutMs?: number | undefined;
}

/** What a run has done so far. */
export interface LoadProgress {
  readonly elapsedMs: number;
  readonly durationMs: number;
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** Messages whose answer is waited for, or whose user waits for an earlier answer. */
  readonly inFlight: number;
}

/** Options of {@linkcode LoadGenerator.run}. */
export interface LoadRunOptions {
  /** On the environment's clock. */
  readonly durationMs: number;
  /** Ends the run early; it resolves with what was done by then. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each message that was sent, answered or failed. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** Numbers of one platform, or of all. */
export interface LoadCounts {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** From the moment for which a message was scheduled to reading its reply; `undefined` where none came. */
  readonly latency: LatencyQuantiles | undefined;
}

/** What a run did. */
export interface LoadReport extends LoadCounts {
  /** How long it took, on the clock. */
  readonly durationMs: number;
  readonly wasAborted: boolean;
  readonly platforms: Readonly<Partial<Record<PlatformName, LoadCounts>>>;
  /** How often each kind of failure came, by the name of its error; the first twenty names. */
  readonly failures: Readonly<Record<string, number>>;
}

/** A place where messages are sent and answered: a `TestEnvironment`, or as much of it as this needs. */
export type LoadTarget = Pick<TestEnvironment, "clock" | "sendMessage" | "run">;

const MAX_FAILURE_NAMES = 20;

/**
 * Users who write at their own times, whether they are answered or not: an open model. A message that waits because
 * the one before it is not answered yet counts from the moment for which it was scheduled, so that a companion that
 * hangs cannot hide it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { LoadGenerator } from "demi-health/harness";
 *
 * const load = new LoadGenerator({ pattern: "active", seed: 7 });
 * const day = [...load.plan(24 * 3_600_000)];
 * assert.ok(Math.abs(day.length - 960) < 150);
 * assert.equal(load.plan(3_600_000).hash, load.plan(3_600_000).hash);
 * ```
 */
export class LoadGenerator {
  readonly #options: LoadGeneratorOptions;

  /** @throws {RangeError} If a number or a name is out of its range. */
  constructor(options: LoadGeneratorOptions = {}) {
    const { timeoutMs = 60_000 } = options;
    if (!(timeoutMs > 0)) {
      throw new RangeError(`Cannot make load generator: 'timeoutMs' must be > 0, got ${timeoutMs}`);
    }
    this.#options = options;
    this.plan(0); // fails now, and not when it runs
  }

  /** The messages of so many milliseconds, made as they are read: the same for the same options. */
  plan(durationMs: number): LoadPlan {
    return new LoadPlan(durationMs, this.#options);
  }

  /** Sends what is planned, each message at its moment, and resolves when the last is answered or given up. */
  run(target: LoadTarget, options: LoadRunOptions): Promise<LoadReport> {
    const { timeoutMs = 60_000 } = this.#options;
    const running = new LoadRun(target, options, timeoutMs);
    return target.run(running.go(this.plan(options.durationMs)));
  }
}

interface Tally {
  sent: number;
  answered: number;
  failed: number;
  readonly latency: LatencySummary;
}

function newTally(): Tally {
  return { sent: 0, answered: 0, failed: 0, latency: new LatencySummary() };
}

class LoadRun {
  readonly #target: LoadTarget;
  readonly #options: LoadRunOptions;
  readonly #timeoutMs: number;
  readonly #startMs: number;
  readonly #all = newTally();
  readonly #byPlatform = new Map<PlatformName, Tally>();
  readonly #failures = new Map<string, number>();
  /** The last message of each user on each platform: people read an answer before they write again. */
  readonly #lanes = new Map<string, Promise<void>>();
  #inFlight = 0;

  constructor(target: LoadTarget, options: LoadRunOptions, timeoutMs: number) {
    this.#target = target;
    this.#options = options;
    this.#timeoutMs = timeoutMs;
    this.#startMs = target.clock.monotonicMs();
  }

  async go(plan: LoadPlan): Promise<LoadReport> {
    const { signal } = this.#options;
    try {
      for (const arrival of plan) {
        await this.#target.clock.sleep(arrival.atMs - this.#elapsedMs(), { signal });
        this.#enqueue(arrival);
      }
      await this.#target.clock.sleep(plan.durationMs - this.#elapsedMs(), { signal });
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
    await Promise.all(this.#lanes.values());
    return this.#report();
  }

  #enqueue(arrival: Arrival): void {
    const key = `${arrival.platform} ${arrival.user}`;
    const before = this.#lanes.get(key) ?? Promise.resolve();
    this.#inFlight++;
    const lane = before.then(() => this.#send(arrival));
    this.#lanes.set(key, lane);
    const leave = (): void => {
      if (this.#lanes.get(key) === lane) this.#lanes.delete(key);
    };
    lane.then(leave, () => undefined); // one that fails stays, for the run to fail with it
  }

  async #send({ platform, user, text, atMs }: Arrival): Promise<void> {
    const { signal } = this.#options;
    const tallies = [this.#all, this.#tallyOf(platform)];
    try {
      if (signal?.aborted) return;
      for (const tally of tallies) tally.sent++;
      this.#tell();
      await this.#target.sendMessage(platform, user, text, { timeoutMs: this.#timeoutMs, signal });
      const latencyMs = this.#elapsedMs() - atMs;
      for (const tally of tallies) {
        tally.answered++;
        tally.latency.add(Math.max(0, latencyMs));
      }
    } catch (error) {
      if (signal?.aborted) for (const tally of tallies) tally.sent--; // neither answered nor failed
      else this.#fail(tallies, error);
    } finally {
      this.#inFlight--;
      this.#tell();
    }
  }

  #fail(tallies: readonly Tally[], error: unknown): void {
    for (const tally of tallies) tally.failed++;
    const name = error instanceof Error ? error.name : typeof error;
    if (!this.#failures.has(name) && this.#failures.size >= MAX_FAILURE_NAMES) return;
    this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1);
  }

  #tallyOf(platform: PlatformName): Tally {
    let tally = this.#byPlatform.get(platform);
    if (!tally) this.#byPlatform.set(platform, (tally = newTally()));
    return tally;
  }

  #elapsedMs(): number {
    return this.#target.clock.monotonicMs() - this.#startMs;
  }

  #tell(): void {
    const { sent, answered, failed } = this.#all;
    const { durationMs, onProgress } = this.#options;
    onProgress?.({
      elapsedMs: this.#elapsedMs(),
      durationMs,
      sent,
      answered,
      failed,
      inFlight: this.#inFlight,
    });
  }

  #report(): LoadReport {
    return {
      ...toCounts(this.#all),
      durationMs: this.#elapsedMs(),
      wasAborted: this.#options.signal?.aborted ?? false,
      platforms: Object.fromEntries([...this.#byPlatform].map(([name, tally]) => [name, toCounts(tally)])),
      failures: Object.fromEntries(this.#failures),
    };
  }
}

function toCounts({ sent, answered, failed, latency }: Tally): LoadCounts {
  return { sent, answered, failed, latency: latency.toQuantiles() };
}
