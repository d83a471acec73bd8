import { isPlatformUp } from "../base/platform_health.ts";
import { systemClock } from "../base/system_clock.ts";
import { applyFault, awaitRecovery, connectApps, lookAtHealth, type RecoveryWatch } from "./_fault_runner.ts";
import type { RunContext } from "./_run_context.ts";
import { takesServiceAway } from "./_disturbances.ts";
import { describeFault, type PlannedFault } from "./stability_faults.ts";

const FAULTS_KEPT = 1000;

/** Options of {@linkcode FaultWatch}. */
export interface FaultWatchOptions {
  /** Starts a companion that is off. */
  readonly startAgain: () => Promise<boolean>;
  /** Called when a fault is over. */
  readonly onOver: () => void;
}

/** Does to the companion what is planned, each at its moment, and sees how it comes back. */
export class FaultWatch {
  readonly #run: RunContext;
  readonly #startAgain: () => Promise<boolean>;
  readonly #onOver: () => void;
  #done: number;

  constructor(run: RunContext, { startAgain, onOver }: FaultWatchOptions) {
    this.#run = run;
    this.#startAgain = startAgain;
    this.#onOver = onOver;
    this.#done = run.parts.from?.faultsDone ?? 0;
  }

  /** Faults of the plan that are over. */
  get done(): number {
    return this.#done;
  }

  /** Resolves when all are over. */
  async run(): Promise<void> {
    const { faults } = this.#run.parts;
    for (const planned of faults.slice(this.#done)) {
      await this.#run.sleepUntil(planned.atMs);
      await this.#disturbOnce(planned);
      this.#done = planned.sequence + 1;
      this.#onOver();
    }
  }

  async #disturbOnce({ fault, sequence, durationMs }: PlannedFault): Promise<void> {
    const { env } = this.#run;
    const atMs = this.#run.elapsedMs;
    const what = describeFault(fault);
    const health = await lookAtHealth(env);
    const before = health?.filter(({ status }) => isPlatformUp(status)).map(({ name }) => name) ?? [];
    const running = this.#run.disturbances.begin(fault, atMs);
    this.#run.ledger.add({ atMs, stream: "fault", sequence, data: what });
    this.#run.write({ kind: "fault", atMs, what, durationMs });
    const { signal } = this.#run;
    await orStopped(applyFault(env, fault, this.#run.parts.load.users, signal), signal);
    const overMs = systemClock.monotonicMs();
    if (!env.isRunning) await this.#startAgain();
    await connectApps(env, this.#run.parts.load.users);
    const recoveryMs = this.#run.signal.aborted
      ? undefined
      : await this.#recover(what, { before, overMs, isOutage: takesServiceAway(fault) });
    running.end(this.#run.elapsedMs);
    this.#run.faultResults.push({ sequence, what, atMs, durationMs, recoveryMs });
    if (this.#run.faultResults.length > FAULTS_KEPT) this.#run.faultResults.shift();
    this.#run.ledger.add({
      atMs: this.#run.elapsedMs,
      stream: "recovered",
      sequence,
      data: recoveryMs !== undefined,
    });
    this.#run.write({ kind: "recovery", atMs: this.#run.elapsedMs, what, recoveryMs: recoveryMs ?? null });
  }

  async #recover(
    what: string,
    watch: Pick<RecoveryWatch, "before" | "overMs" | "isOutage">,
  ): Promise<number | undefined> {
    const { recoveryMs: limitMs } = this.#run.parts.settings;
    const { recoveryMs } = await orStopped(
      awaitRecovery(this.#run.env, { ...watch, limitMs }),
      this.#run.signal,
    );
    if (recoveryMs !== undefined) {
      this.#run.recoveries.add(recoveryMs);
      return recoveryMs;
    }
    this.#run.counters.failedRecoveries++;
    const platforms = watch.before.join(", ");
    this.#run.find(
      "HEALTH-01",
      "not-recovered",
      `After ${what}, ${platforms} must be up again within ${limitMs / 1000} s, got one that is not`,
      { key: what },
    );
    return undefined;
  }
}

/** A run that is stopped waits for no outage to end: in earnest that takes minutes. */
async function orStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  work.catch(() => undefined); // of what goes on behind a run that is over nobody wants to know
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
