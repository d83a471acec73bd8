// Follows a stability run by what is in its directory, and shows it on a dashboard: while it runs in another process,
// after it died, and after its end.
import { join } from "node:path";
import { type Clock, type ClockTimer, systemClock } from "demi-health/base";
import type { FeedMessage, FeedRun, FeedSnapshot, HealthSource } from "demi-health/feed";
import { inspectRun, resultsSoFar, type StabilityResults } from "demi-health/stability";
import { readTimeline } from "../lib/stability/_timeline.ts";

const LOOK_MS = 1000;
const VERDICTS_MS = 10_000;

/** Options of {@linkcode RunFollower.start}. */
export interface RunFollowerOptions {
  /** @default {systemClock} */
  readonly clock?: Clock | undefined;
  /** Told when the directory cannot be read. @default {console.error} */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Looks at a run's directory once a second, and tells a feed. */
export class RunFollower implements HealthSource, AsyncDisposable {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Set<(message: FeedMessage) => void>();
  #timer: ClockTimer | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isLooking = false;
  #run: FeedRun | undefined;
  #verdicts: FeedRun["verdicts"] = [];
  #verdictsFor = "";
  #verdictsMs = -Infinity;

  private constructor(directory: string, options: RunFollowerOptions) {
    const { clock = systemClock, onError = (error: unknown) => console.error(error) } = options;
    this.#directory = directory;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#onError = onError;
  }

  static async start(directory: string, options: RunFollowerOptions = {}): Promise<RunFollower> {
    const follower = new RunFollower(directory, options);
    await follower.look();
    follower.#timer = follower.#clock.setRepeating(() => void follower.look(), LOOK_MS);
    return follower;
  }

  /** What was told last. */
  get run(): FeedRun | undefined {
    return this.#run;
  }

  describe(): ReturnType<HealthSource["describe"]> {
    return { name: this.#run?.name ?? "companion", startedAt: this.#startedAt, intervalMs: LOOK_MS };
  }

  snapshot(): FeedSnapshot {
    const time = this.#clock.now();
    const metrics = { time, values: {} };
    return { time, status: "unknown", metrics, platforms: [], alerts: [], run: this.#run };
  }

  subscribe(listener: (message: FeedMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks once, unless it does so already. */
  async look(): Promise<void> {
    if (!this.#isLooking) {
      this.#isLooking = true;
      this.#looking = this.#lookOnce()
        .catch(this.#onError)
        .finally(() => (this.#isLooking = false));
    }
    await this.#looking;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.cancel();
    await this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const record = await inspectRun(this.#directory);
    const { status, progress } = record;
    this.#tell({ type: "metrics", data: { time: this.#clock.now(), values: {} } }); // that it is watched
    if (!progress || status === "nothing") return;
    await this.#judge(record, `${status} ${progress.at}`);
    const { at, name, time, elapsedMs, durationMs, leftMs, speed, sent, answered, failed, rssBytes } =
      progress;
    const { findings, latestFindings, faults } = progress;
    const isOn = status === "running";
    const run: FeedRun = {
      time: at,
      name,
      mode: time,
      state: status,
      elapsedMs,
      durationMs,
      sent,
      answered,
      failed,
      rssBytes,
      findings,
      latestFindings,
      verdicts: this.#verdicts,
      leftMs: isOn ? leftMs : undefined,
      speed,
      faults: isOn ? faults : [],
    };
    if (JSON.stringify(run) === JSON.stringify(this.#run)) return;
    this.#run = run;
    this.#tell({ type: "run", data: run });
  }

  // a week's timeline is long: it is read now and then, and once more when the run has ended
  async #judge(record: Awaited<ReturnType<typeof inspectRun>>, state: string): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const isDue = record.status !== "running" || nowMs - this.#verdictsMs >= VERDICTS_MS;
    if (!isDue || state === this.#verdictsFor) return;
    this.#verdictsFor = state;
    const lines = readTimeline(join(this.#directory, "timeline.ndjson"));
    const results: StabilityResults = record.results ?? (await resultsSoFar(record, lines));
    this.#verdictsMs = this.#clock.monotonicMs();
    this.#verdicts = Object.entries(results.requirements).map(([name, { outcome }]) => ({ name, outcome }));
  }

  #tell(message: FeedMessage): void {
    for (const listener of this.#listeners) listener(message);
  }
}
