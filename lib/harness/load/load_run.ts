import type { PlatformName, Reply, TestEnvironment } from "../environment.ts";
import { type LatencyQuantiles, LatencySummary } from "./latency_summary.ts";
import type { Arrival } from "./load_plan.ts";

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

/** Something that became of one message. */
export type LoadOutcome =
  | { readonly kind: "sent"; readonly arrival: Arrival }
  | {
      readonly kind: "answered";
      readonly arrival: Arrival;
      readonly reply: Reply;
      /** From the moment for which it was scheduled. */
      readonly latencyMs: number;
    }
  | { readonly kind: "failed"; readonly arrival: Arrival; readonly error: unknown }
  /** Nobody sent it, as `shouldSend` said. */
  | { readonly kind: "withheld"; readonly arrival: Arrival };

/** Options of {@linkcode LoadGenerator.run}. */
export interface LoadRunOptions {
  /** On the environment's clock. */
  readonly durationMs: number;
  /** Ends the run early; it resolves with what was done by then. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each message that was sent, answered or failed. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Told what became of each message, before `onProgress`. */
  readonly onOutcome?: ((outcome: LoadOutcome) => void) | undefined;
  /** Asked when a message's turn has come: false where its user could not send it. @default all are sent */
  readonly shouldSend?: ((arrival: Arrival) => boolean) | undefined;
  /** How much of the plan's time was over before: a run that goes on. @default {0} */
  readonly elapsedMs?: number | undefined;
}

/** Options of {@linkcode runLoad}. */
export interface RunLoadOptions extends LoadRunOptions {
  /** How long a reply is waited for, on the clock. */
  readonly timeoutMs: number;
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
const DAY_MS = 24 * 3_600_000;

interface Tally {
  sent: number;
  answered: number;
  failed: number;
  readonly latency: LatencySummary;
}

function newTally(): Tally {
  return { sent: 0, answered: 0, failed: 0, latency: new LatencySummary() };
}

/**
 * Sends messages, each at its moment, and resolves when the last is answered or given up.
 *
 * @param plan In the order of their times.
 */
export function runLoad(
  target: LoadTarget,
  plan: Iterable<Arrival>,
  options: RunLoadOptions,
): Promise<LoadReport> {
  const limitMs = 2 * (options.durationMs + DAY_MS); // for what hangs, not for what is slow
  return target.run(new LoadRun(target, options).go(plan), { limitMs });
}

class LoadRun {
  readonly #target: LoadTarget;
  readonly #options: RunLoadOptions;
  readonly #startMs: number;
  readonly #all = newTally();
  readonly #byPlatform = new Map<PlatformName, Tally>();
  readonly #failures = new Map<string, number>();
  /** The last message of each user on each platform: people read an answer before they write again. */
  readonly #lanes = new Map<string, Promise<void>>();
  #inFlight = 0;

  constructor(target: LoadTarget, options: RunLoadOptions) {
    const { elapsedMs = 0 } = options;
    this.#target = target;
    this.#options = options;
    this.#startMs = target.clock.monotonicMs() - elapsedMs;
  }

  async go(plan: Iterable<Arrival>): Promise<LoadReport> {
    const { signal, durationMs } = this.#options;
    try {
      for (const arrival of plan) {
        await this.#target.clock.sleep(arrival.atMs - this.#elapsedMs(), { signal });
        this.#enqueue(arrival);
      }
      await this.#target.clock.sleep(durationMs - this.#elapsedMs(), { signal });
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

  async #send(arrival: Arrival): Promise<void> {
    const { platform, user, text, atMs } = arrival;
    const { signal, shouldSend, onOutcome, timeoutMs } = this.#options;
    const tallies = [this.#all, this.#tallyOf(platform)];
    let outcome: LoadOutcome | undefined;
    try {
      if (signal?.aborted) return;
      if (shouldSend && !shouldSend(arrival)) {
        outcome = { kind: "withheld", arrival };
        return;
      }
      for (const tally of tallies) tally.sent++;
      onOutcome?.({ kind: "sent", arrival });
      this.#tell();
      const reply = await this.#target.sendMessage(platform, user, text, { timeoutMs, signal });
      const latencyMs = Math.max(0, this.#elapsedMs() - atMs);
      for (const tally of tallies) {
        tally.answered++;
        tally.latency.add(latencyMs);
      }
      outcome = { kind: "answered", arrival, reply, latencyMs };
    } catch (error) {
      if (signal?.aborted) for (const tally of tallies) tally.sent--; // neither answered nor failed
      else {
        this.#fail(tallies, error);
        outcome = { kind: "failed", arrival, error };
      }
    } finally {
      this.#inFlight--;
      if (outcome) onOutcome?.(outcome);
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
