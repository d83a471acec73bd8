import type { Alert } from "./alerts/alert.ts";
import type { AlertChannel } from "./alerts/channel.ts";
import { DeadMansSwitch } from "./alerts/dead_mans_switch.ts";
import { AlertNotifier } from "./alerts/notifier.ts";
import { AlertEngine } from "./alerts/alert_engine.ts";
import type { AlertRule } from "./alerts/alert_rule.ts";
import { defaultAlertRules } from "./alerts/default_rules.ts";
import type { Clock } from "./base/clock.ts";
import type { CompanionObserver, HandledMessage, LlmCall } from "./base/companion_observer.ts";
import type { PlatformHealth } from "./base/platform_health.ts";
import { systemClock } from "./base/system_clock.ts";
import { EmotionCollector } from "./emotion_collector.ts";
import { EMOTION_NAMES, type EmotionalState } from "./emotion/emotional_state.ts";
import type { HealthSource, HistoryQuery, HistoryResult } from "./feed/health_source.ts";
import type {
  FeedEmotions,
  FeedHello,
  FeedMemory,
  FeedMessage,
  FeedMetrics,
  FeedPlatforms,
  FeedSnapshot,
  FeedStatus,
} from "./feed/messages.ts";
import { LiveReader } from "./_live_reader.ts";
import { parseEmotions, parsePlatforms } from "./_parse_sources.ts";
import { SourceReader } from "./_source_reader.ts";
import type { AllocationSite } from "./memory/compare_profiles.ts";
import { type MemoryReading, MemoryWatch } from "./memory_watch.ts";
import { EventLoopCollector } from "./metrics/event_loop_collector.ts";
import { LlmCollector } from "./metrics/llm_collector.ts";
import { PlatformCollector } from "./metrics/platform_collector.ts";
import { ProcessCollector } from "./metrics/process_collector.ts";
import { ResponseCollector } from "./metrics/response_collector.ts";
import { MetricsRegistry } from "./metrics/registry.ts";
import type { MetricSample } from "./metrics/sample.ts";
import { formatOpenMetricsText } from "./metrics/open_metrics_text.ts";
import { formatPrometheusText } from "./metrics/prometheus_text.ts";
import { MetricsStore } from "./store/metrics_store.ts";

const RESOLVED_SHOWN_MS = 60 * 60 * 1000;
const ALERT_STATE = "alerts";
const OUTBOX_STATE = "alerts.outbox";

// Looked for so often that what has been appended is on the disk at once; nothing is written when nothing has changed.
const SYNC_INTERVAL_MS = 400;

// A source that answers slowly must not make the page look dead: a look goes on without it after this long.
const SOURCE_PATIENCE_MS = 200;
// What has not changed is told again this often, so that a reader sees that it is still being read.
const REPEAT_MS = 5000;

/** Options of {@linkcode HealthMonitor.start}. */
export interface HealthMonitorOptions {
  /** The companion's name on the page. @default {"Companion"} */
  name?: string | undefined;
  /** File of the metric history and the alerts' states. Without one they are kept in memory only. */
  storePath?: string | undefined;
  /** Reads the emotional state; asked every `intervalMs`. */
  emotions?: (() => EmotionalState | undefined | Promise<EmotionalState | undefined>) | undefined;
  /** Reads the platforms' health; asked every `intervalMs`. */
  platforms?: (() => readonly PlatformHealth[] | Promise<readonly PlatformHealth[]>) | undefined;
  /**
   * Reads the memory that is watched for leaks, every `sampleIntervalMs`. Default: this process's, with its heap after each
   * full collection.
   */
  memory?: (() => MemoryReading | undefined) | undefined;
  /** Functions whose objects come to stay, such as `MemoryProfiler.findSites`; asked while memory leaks. */
  growingSites?: (() => readonly AllocationSite[]) | undefined;
  /** Hours below which no growth of memory is called a leak: processes warm up. @default {2} */
  leakMinHours?: number | undefined;
  /** @default {defaultAlertRules} */
  rules?: readonly AlertRule[] | undefined;
  /** Ways to tell people of alerts, besides the page; {@linkcode HealthMonitor.notifier} says how they fare. @default {[]} */
  channels?: readonly AlertChannel[] | undefined;
  /** Where the page is, for links in what is sent. */
  pageUrl?: string | undefined;
  /** Asked for by GET every minute while alerts are looked at: who hears nothing says that the machine is gone. */
  deadMansUrl?: string | undefined;
  /** How often everything is looked at and told to the page, in milliseconds. @default {500} */
  intervalMs?: number | undefined;
  /**
   * How often a sample goes into the history, in milliseconds. It is on the disk soon after: a kill loses what came
   * within this time and half a second.
   *
   * @default {4000}
   */
  sampleIntervalMs?: number | undefined;
  /** @default {systemClock} */
  clock?: Clock | undefined;
  /**
   * Told of every failure inside the monitor; it never throws into its host.
   *
   * @default {console.error}
   */
  onError?: ((error: unknown) => void) | undefined;
}

interface MonitorParts {
  readonly registry: MetricsRegistry;
  readonly store: MetricsStore;
  readonly onError: (error: unknown) => void;
  readonly resources: AsyncDisposableStack;
}

/**
 * Watches a companion from inside its process: collectors, metric history, alerts, and the live feed of all of it. Give
 * it to a `Dashboard` to see it, and to the companion as its observer.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { HealthMonitor } from "demi-health";
 *
 * await using monitor = await HealthMonitor.start({ name: "Demi" });
 * assert.equal(monitor.snapshot().status, "ok");
 * ```
 */
export class HealthMonitor implements HealthSource, CompanionObserver, AsyncDisposable {
  /** Registry of everything measured; register metrics of your own here. */
  readonly registry: MetricsRegistry;
  readonly alerts: AlertEngine;
  readonly notifier: AlertNotifier;
  readonly store: MetricsStore;

  readonly #options: HealthMonitorOptions;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #sampleIntervalMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #startedAt: number;
  readonly #collectors: {
    readonly emotions: EmotionCollector;
    readonly platforms: PlatformCollector;
    readonly llm: LlmCollector;
    readonly responses: ResponseCollector;
  };
  readonly #reader: LiveReader;
  readonly #listeners = new Set<(message: FeedMessage) => void>();
  readonly #sources: {
    readonly emotions: SourceReader<EmotionalState | undefined>;
    readonly platforms: SourceReader<readonly PlatformHealth[]>;
  };
  #resources = new AsyncDisposableStack();
  #looking: Promise<void> | undefined;
  #metrics: FeedMetrics;
  #emotions: FeedEmotions | undefined;
  #platforms: FeedPlatforms | undefined;
  #memory: FeedMemory | undefined;
  #status: FeedStatus = "unknown";
  #lastSampleAt = -Infinity;
  #evaluatedAt = -Infinity;

  private constructor(options: HealthMonitorOptions, { registry, store, onError, resources }: MonitorParts) {
    const {
      clock = systemClock,
      intervalMs = 500,
      sampleIntervalMs = 4000,
      rules = defaultAlertRules,
    } = options;
    this.#options = options;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#sampleIntervalMs = sampleIntervalMs;
    this.#onError = onError;
    this.#startedAt = clock.now();
    this.#metrics = { time: this.#startedAt, values: {} };
    this.store = store;
    this.registry = registry;
    this.registry.addCollector(new ProcessCollector(this.registry));
    this.registry.addCollector(resources.use(new EventLoopCollector(this.registry)));
    this.registry.addCollector(
      resources.use(
        new MemoryWatch(this.registry, {
          clock,
          sampleIntervalMs,
          read: options.memory,
          growingSites: options.growingSites,
          minHours: options.leakMinHours,
          onVerdict: (memory) => this.#tellMemory(memory),
          onError,
        }),
      ),
    );
    this.#collectors = {
      emotions: new EmotionCollector(this.registry),
      platforms: new PlatformCollector(this.registry, { clock }),
      llm: new LlmCollector(this.registry, { clock }),
      responses: new ResponseCollector(this.registry, { clock }),
    };
    this.registry.addCollector(this.#collectors.platforms);
    this.registry.addCollector(this.#collectors.llm);
    this.registry.addCollector(this.#collectors.responses);
    this.#reader = new LiveReader(store);
    const errors = this.registry.counter({
      name: "demi_source_errors_total",
      help: "Failures to read the companion's state",
      labels: ["source"],
    });
    const { emotions = () => undefined, platforms = () => [] } = options;
    const reading = (source: string) => ({ clock, onError, errors: errors.bind({ source }) });
    this.#sources = {
      emotions: new SourceReader("emotions", emotions, { ...reading("emotions"), parse: parseEmotions }),
      platforms: new SourceReader("platforms", platforms, { ...reading("platforms"), parse: parsePlatforms }),
    };
    this.alerts = new AlertEngine({ rules, reader: this.#reader, clock, onError });
    const { name = "Companion", pageUrl, channels = [], deadMansUrl } = options;
    this.notifier = resources.use(
      new AlertNotifier({
        channels,
        source: { name, url: pageUrl },
        clock,
        onError,
        onChange: () => this.store.putState(OUTBOX_STATE, this.notifier),
      }),
    );
    this.notifier.repeatFrom(() => this.alerts.alerts);
    if (deadMansUrl === undefined) return;
    const isAlive = (): boolean => clock.now() - this.#evaluatedAt < 2 * intervalMs + SOURCE_PATIENCE_MS;
    resources.use(new DeadMansSwitch({ url: deadMansUrl, isAlive, clock, onError }));
  }

  /**
   * Opens the history, looks once, and goes on looking until disposed. Its timer does not keep the process alive.
   *
   * @throws {RangeError} If an interval is not positive.
   * @throws What `MetricsStore.open` throws: a corrupt history file has then been set aside.
   */
  static async start(options: HealthMonitorOptions = {}): Promise<HealthMonitor> {
    for (const name of ["intervalMs", "sampleIntervalMs"] as const) {
      const value = options[name];
      if (value !== undefined && !(value > 0)) {
        throw new RangeError(`Cannot start monitor: '${name}' must be > 0, got ${value}`);
      }
    }
    await using resources = new AsyncDisposableStack();
    const { clock, storePath: path } = options;
    const { registry, onError } = makeRegistry(options.onError ?? console.error);
    const store = resources.use(
      await MetricsStore.open({ path, clock, syncIntervalMs: SYNC_INTERVAL_MS, onError }),
    );
    const monitor = new HealthMonitor(options, { registry, store, onError, resources });
    monitor.#restoreAlerts();
    await monitor.look();
    const timer = monitor.#clock.setRepeating(() => void monitor.look(), monitor.#intervalMs, {
      keepAlive: false,
    });
    monitor.#resources = resources.move();
    monitor.#resources.use(timer);
    return monitor;
  }

  describe(): Pick<FeedHello, "name" | "startedAt" | "intervalMs"> {
    return {
      name: this.#options.name ?? "Companion",
      startedAt: this.#startedAt,
      intervalMs: this.#intervalMs,
    };
  }

  snapshot(): FeedSnapshot {
    const since = this.#clock.now() - RESOLVED_SHOWN_MS;
    return {
      time: this.#clock.now(),
      status: this.#status,
      metrics: this.#metrics,
      emotions: this.#emotions,
      platforms: this.#platforms?.platforms ?? [],
      alerts: this.alerts.alerts.filter((alert) => (alert.resolvedAt ?? Infinity) > since),
      memory: this.#memory,
    };
  }

  subscribe(listener: (message: FeedMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  history(query: HistoryQuery): HistoryResult {
    return this.store.history(query);
  }

  exposition(): string {
    return formatPrometheusText(this.registry, { collect: false });
  }

  openMetrics(): string {
    return formatOpenMetricsText(this.registry, { collect: false });
  }

  llmCall(call: LlmCall): void {
    this.#collectors.llm.observe(call);
  }

  messageHandled(message: HandledMessage): void {
    this.#collectors.responses.observe(message);
  }

  /** Looks at everything now, tells the listeners what changed, evaluates the alerts. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => this.#onError(error))
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** Looks and samples a last time, saves the history and ends. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#resources.disposed) return;
    const resources = this.#resources.move();
    await this.#looking;
    this.#listeners.clear();
    await resources.disposeAsync();
  }

  async #look(): Promise<void> {
    const reads = Promise.all([this.#sources.emotions.read(), this.#sources.platforms.read()]);
    await Promise.race([reads, this.#clock.sleep(SOURCE_PATIENCE_MS, { keepAlive: false })]);
    const time = this.#clock.now();
    const { emotions, platforms } = this.#sources;
    this.#collectors.emotions.update(emotions.latest?.value);
    this.#collectors.platforms.update(platforms.latest?.value ?? []);
    const samples = this.registry.collect().filter(isShown);
    const values = Object.fromEntries(samples.map((sample) => [sample.key, sample.value]));
    this.#metrics = { time, values };
    this.#emit({ type: "metrics", data: this.#metrics });
    if (emotions.latest?.value) this.#tellEmotions(emotions.latest.time, emotions.latest.value);
    if (platforms.latest) this.#tellPlatforms(platforms.latest.time, platforms.latest.value);
    this.#reader.update(time, samples);
    this.#evaluateAlerts(time);
    if (time - this.#lastSampleAt >= this.#sampleIntervalMs || time < this.#lastSampleAt) {
      this.#lastSampleAt = time;
      this.store.append(time, values);
      this.store.putState(ALERT_STATE, this.alerts); // how long a pending alert has waited is state, too
    }
  }

  #tellEmotions(time: number, state: EmotionalState): void {
    const { momentum, lastUpdated } = state;
    const known = EMOTION_NAMES.filter((name) => Number.isFinite(state[name])).map((name) => [
      name,
      state[name],
    ]);
    const values: Record<string, number> = Object.fromEntries(known);
    const told: FeedEmotions = { time, values, momentum, lastUpdated };
    const before = this.#emotions;
    if (before && isSame(before, told) && time - before.time < REPEAT_MS) return;
    this.#emotions = told;
    this.#emit({ type: "emotions", data: told });
  }

  #tellPlatforms(time: number, platforms: readonly PlatformHealth[]): void {
    const told: FeedPlatforms = { time, platforms };
    const before = this.#platforms;
    if (before && isSame(before, told) && time - before.time < REPEAT_MS) return;
    this.#platforms = told;
    this.#emit({ type: "platforms", data: told });
  }

  #tellMemory(memory: FeedMemory): void {
    this.#memory = memory;
    this.#emit({ type: "memory", data: memory });
  }

  #evaluateAlerts(time: number): void {
    const changed = this.alerts.evaluate(time);
    this.#evaluatedAt = time;
    for (const change of changed) {
      this.#emit({ type: "alert", data: change.alert });
      this.notifier.add(change); // owed before its alert is known to have been told: twice is better than never
    }
    if (changed.length > 0) this.store.putState(ALERT_STATE, this.alerts);
    const status = worstOf(this.alerts.alerts);
    if (status === this.#status) return;
    this.#status = status;
    this.#emit({ type: "status", data: { time, status } });
  }

  #restoreAlerts(): void {
    for (const [name, part] of [
      [ALERT_STATE, this.alerts],
      [OUTBOX_STATE, this.notifier],
    ] as const) {
      try {
        const saved = this.store.getState(name);
        if (saved !== undefined) part.restore(saved);
      } catch (error) {
        this.#onError(error); // alerts begin anew: that is better than none
      }
    }
  }

  #emit(message: FeedMessage): void {
    for (const listener of this.#listeners) {
      try {
        listener(message);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}

/** A registry, and a way to report failures that also counts them and never throws. */
function makeRegistry(tell: (error: unknown) => void): Pick<MonitorParts, "registry" | "onError"> {
  const onError = (error: unknown): void => {
    errors.inc();
    try {
      tell(error);
    } catch (failure) {
      console.error(failure);
    }
  };
  const registry = new MetricsRegistry({ onError });
  const name = "demi_monitor_errors_total";
  const errors = registry
    .counter({ name, help: "Failures inside the monitor that its host was told of" })
    .bind();
  return { registry, onError };
}

// Buckets are for scrapers: a page draws their quantiles. What is not a finite number is not known.
function isShown(sample: MetricSample): boolean {
  return Number.isFinite(sample.value) && !sample.name.endsWith("_bucket");
}

function isSame(before: { readonly time: number }, now: { readonly time: number }): boolean {
  return JSON.stringify({ ...before, time: 0 }) === JSON.stringify({ ...now, time: 0 });
}

function worstOf(alerts: readonly Alert[]): FeedStatus {
  const firing = alerts.filter(
    ({ state }) => state === "firing" || state === "recovering" || state === "no-data",
  );
  if (firing.some(({ level }) => level === "critical")) return "critical";
  return firing.some(({ level }) => level === "warning") ? "warning" : "ok";
}
