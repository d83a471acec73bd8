import { systemClock } from "../../lib/base/system_clock.ts";
import type { PlatformHealth } from "../../lib/base/platform_health.ts";
import type { HealthSource, HistoryQuery, HistoryResult } from "../../lib/feed/health_source.ts";
import type {
  FeedAlert,
  FeedEmotions,
  FeedMemory,
  FeedMessage,
  FeedRun,
  FeedSnapshot,
  FeedStatus,
} from "../../lib/feed/messages.ts";

const MINUTE = 60_000;

/** Where a fixture begins. */
export interface FixtureOptions {
  readonly name?: string | undefined;
  readonly intervalMs?: number | undefined;
  readonly values?: Readonly<Record<string, number>> | undefined;
  readonly emotions?: Readonly<Record<string, number>> | "none" | undefined;
  readonly momentum?: Readonly<Record<string, number>> | undefined;
  readonly platforms?: readonly PlatformHealth[] | undefined;
  readonly alerts?: readonly FeedAlert[] | undefined;
  readonly status?: FeedStatus | undefined;
  readonly memory?: FeedMemory | undefined;
  readonly run?: FeedRun | undefined;
}

/** A companion whose health is what a test says. Nothing changes by itself. */
export class FixtureSource implements HealthSource {
  readonly #listeners = new Set<(message: FeedMessage) => void>();
  readonly #options: FixtureOptions;
  readonly #startedAt = now() - 3 * 24 * 60 * MINUTE - 4 * 60 * MINUTE;
  #values: Readonly<Record<string, number>>;
  #emotions: FeedEmotions | undefined;
  #platforms: readonly PlatformHealth[];
  #alerts: readonly FeedAlert[];
  #status: FeedStatus;
  #memory: FeedMemory | undefined;
  #run: FeedRun | undefined;
  #time = now();
  historyQueries: HistoryQuery[] = [];

  constructor(options: FixtureOptions = {}) {
    this.#options = options;
    this.#values = options.values ?? VALUES;
    const { emotions = EMOTIONS, momentum = { excitement: 0.18 } } = options;
    this.#emotions =
      emotions === "none"
        ? undefined
        : { time: now(), values: emotions, momentum, lastUpdated: now() - 40_000 };
    this.#platforms = options.platforms ?? fixturePlatforms();
    this.#alerts = options.alerts ?? [];
    this.#status = options.status ?? "ok";
    this.#memory = options.memory;
    this.#run = options.run;
  }

  /** How many readers there are. */
  get listeners(): number {
    return this.#listeners.size;
  }

  describe(): { name: string; startedAt: number; intervalMs: number } {
    const { name = "Demi", intervalMs = 1000 } = this.#options;
    return { name, startedAt: this.#startedAt, intervalMs };
  }

  snapshot(): FeedSnapshot {
    return {
      time: now(),
      status: this.#status,
      metrics: { time: this.#time, values: this.#values },
      emotions: this.#emotions,
      platforms: this.#platforms,
      alerts: this.#alerts,
      memory: this.#memory,
      run: this.#run,
    };
  }

  subscribe(listener: (message: FeedMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  history(query: HistoryQuery): HistoryResult {
    this.historyQueries.push(query);
    return { key: query.key, points: this.#values[query.key] === undefined ? [] : this.#points(query) };
  }

  /** New values of metrics; `undefined` takes one away. */
  setMetrics(changes: Readonly<Record<string, number | undefined>> = {}): void {
    const merged = Object.entries({ ...this.#values, ...changes });
    this.#values = Object.fromEntries(
      merged.filter((entry): entry is [string, number] => entry[1] !== undefined),
    );
    this.#time = Math.max(now(), this.#time + 1);
    this.#send({ type: "metrics", data: { time: this.#time, values: this.#values } });
  }

  setEmotions(values: Readonly<Record<string, number>>): void {
    this.#emotions = { time: now(), values, lastUpdated: now() };
    this.#send({ type: "emotions", data: this.#emotions });
  }

  setPlatforms(platforms: readonly PlatformHealth[]): void {
    this.#platforms = platforms;
    this.#send({ type: "platforms", data: { time: now(), platforms } });
  }

  setRun(run: FeedRun): void {
    this.#run = run;
    this.#send({ type: "run", data: run });
  }

  setMemory(memory: FeedMemory): void {
    this.#memory = memory;
    this.#send({ type: "memory", data: memory });
  }

  setAlert(alert: FeedAlert, status: FeedStatus): void {
    this.#alerts = [...this.#alerts.filter(({ id }) => id !== alert.id), alert];
    this.#status = status;
    this.#send({ type: "alert", data: alert });
    this.#send({ type: "status", data: { time: now(), status } });
  }

  #send(message: FeedMessage): void {
    for (const listener of this.#listeners) listener(message);
  }

  // A curve that ends at the present value, with a hole in its third quarter.
  #points({ key, from, to, points }: HistoryQuery): (readonly [number, number | null])[] {
    const last = this.#values[key] ?? 0;
    const step = (to - from) / Math.min(points, 300);
    const rows: (readonly [number, number | null])[] = [];
    for (let time = from; time < to; time += step) {
      const share = (time - from) / (to - from);
      const wave = Math.sin(share * 19 + key.length) * 0.045 + Math.sin(share * 140) * 0.012;
      const isHole = share > 0.52 && share < 0.56;
      rows.push([Math.round(time), isHole ? null : last * (0.9 + 0.1 * share + wave * (1 - share))]);
    }
    return rows;
  }
}

function now(): number {
  return systemClock.now();
}

const VALUES: Readonly<Record<string, number>> = {
  process_resident_memory_bytes: 1_570_000_000,
  nodejs_heap_size_used_bytes: 412_000_000,
  demi_response_time_p50_seconds: 0.84,
  demi_response_time_p90_seconds: 2.31,
  demi_llm_response_time_p90_seconds: 1.92,
  demi_memory_usage_ratio: 0.62,
  demi_cpu_usage_ratio: 0.183,
};

const EMOTIONS: Readonly<Record<string, number>> = {
  loneliness: 0.34,
  excitement: 1,
  frustration: 0.22,
  jealousy: 0.15,
  vulnerability: 0.41,
  confidence: 0.66,
  curiosity: 0.82,
  affection: 0.71,
  defensiveness: 0.18,
};

/** Four platforms that are well. */
export function fixturePlatforms(): PlatformHealth[] {
  return [
    {
      name: "discord",
      status: "online",
      since: now() - 193 * MINUTE,
      latencyMs: 42,
      lastEventAt: now() - 3000,
      breaker: "closed",
      messages: 12_304,
      errors: 3,
    },
    {
      name: "android",
      status: "online",
      since: now() - 5040 * MINUTE,
      latencyMs: 8,
      lastEventAt: now() - 61_000,
      breaker: "closed",
      messages: 871,
      errors: 0,
    },
    {
      name: "voice",
      status: "online",
      since: now() - 12 * MINUTE,
      lastEventAt: now() - 12 * MINUTE,
      breaker: "closed",
    },
    { name: "telegram", status: "disabled", since: now() - 5040 * MINUTE },
  ];
}

/** An alert that fires. */
export function fixtureAlert(changes: Partial<FeedAlert> = {}): FeedAlert {
  return {
    id: "platform_unhealthy{platform=discord}",
    rule: "platform_unhealthy",
    level: "critical",
    state: "firing",
    labels: { platform: "discord" },
    message: "Discord has been offline for 2 minutes.",
    activeAt: now() - 3 * MINUTE,
    firedAt: now() - 2 * MINUTE,
    ...changes,
  };
}
