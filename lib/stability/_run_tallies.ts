import type { PlatformName } from "../harness/environment.ts";
import { type LatencyQuantiles, type LatencyState, LatencySummary } from "../harness/load/latency_summary.ts";

/** Messages of a run, on one platform or on all. */
export interface MessageCounts {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** Without a reply, as a fault of the run's own was on while it was waited for. */
  readonly excused: number;
  /** Not sent, as its user could not have sent it: the platform or the companion was off by plan, or the host slept. */
  readonly withheld: number;
  /** From the moment for which a message was scheduled to its reply; undefined where none came. */
  readonly latency: LatencyQuantiles | undefined;
}

interface Counts {
  sent: number;
  answered: number;
  failed: number;
  excused: number;
  withheld: number;
}

interface SavedCounts extends Counts {
  readonly latency: LatencyState;
}

/** Position of {@linkcode RunTallies}. */
export interface TalliesState {
  readonly platforms: Readonly<Partial<Record<PlatformName, SavedCounts>>>;
}

interface Tally {
  readonly counts: Counts;
  readonly latency: LatencySummary;
}

const NONE: Counts = { sent: 0, answered: 0, failed: 0, excused: 0, withheld: 0 };
const COUNT_NAMES = Object.keys(NONE) as readonly (keyof Counts)[];

/** What became of the messages of a run, in bounded memory, to save and go on from. */
export class RunTallies {
  readonly #platforms = new Map<PlatformName, Tally>();

  constructor(from?: TalliesState) {
    for (const [platform, { latency, ...counts }] of Object.entries(from?.platforms ?? {})) {
      const tally = { counts: { ...counts }, latency: new LatencySummary(latency) };
      this.#platforms.set(platform as PlatformName, tally);
    }
  }

  /** @param latencyMs Of one that was answered. */
  add(platform: PlatformName, became: keyof Counts, latencyMs: number): void {
    const { counts, latency } = this.#of(platform);
    counts[became]++;
    if (became === "answered") latency.add(latencyMs);
  }

  /** Of all platforms. */
  get all(): MessageCounts {
    const counts = { ...NONE };
    const buckets = new Map<number, number>();
    let [sumMs, minMs, maxMs] = [0, Infinity, 0];
    for (const tally of this.#platforms.values()) {
      for (const name of COUNT_NAMES) counts[name] += tally.counts[name];
      const state = tally.latency.toJSON();
      for (const [bucket, count] of state.buckets) buckets.set(bucket, (buckets.get(bucket) ?? 0) + count);
      if (tally.latency.count === 0) continue;
      [sumMs, minMs, maxMs] = [
        sumMs + state.sumMs,
        Math.min(minMs, state.minMs),
        Math.max(maxMs, state.maxMs),
      ];
    }
    const merged = new LatencySummary({ buckets: [...buckets], sumMs, minMs, maxMs });
    return { ...counts, latency: merged.toQuantiles() };
  }

  get byPlatform(): Readonly<Partial<Record<PlatformName, MessageCounts>>> {
    return Object.fromEntries(
      [...this.#platforms].map(([name, { counts, latency }]) => [
        name,
        { ...counts, latency: latency.toQuantiles() },
      ]),
    );
  }

  toJSON(): TalliesState {
    const platforms = Object.fromEntries(
      [...this.#platforms].map(([name, { counts, latency }]) => [
        name,
        { ...counts, latency: latency.toJSON() },
      ]),
    );
    return { platforms };
  }

  #of(platform: PlatformName): Tally {
    let tally = this.#platforms.get(platform);
    if (!tally)
      this.#platforms.set(platform, (tally = { counts: { ...NONE }, latency: new LatencySummary() }));
    return tally;
  }
}
