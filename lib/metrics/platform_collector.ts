import type { Clock } from "../base/clock.ts";
import { isPlatformUp, type PlatformHealth } from "../base/platform_health.ts";
import { systemClock } from "../base/system_clock.ts";
import type { Collector } from "./collector.ts";
import type { Counter } from "./counter.ts";
import type { MetricFamily } from "./family.ts";
import type { Gauge } from "./gauge.ts";
import type { MetricsRegistry } from "./registry.ts";

/** Options of {@linkcode PlatformCollector}. */
export interface PlatformCollectorOptions {
  /**
   * The companion's clock, by which the age of the last event is told.
   *
   * @default {systemClock}
   */
  clock?: Clock | undefined;
}

/**
 * The platforms of a companion, as it reported them last. A platform that is disabled, or no longer reported, is
 * absent; so is a figure that it does not give.
 */
export class PlatformCollector implements Collector {
  readonly name = "platforms";
  readonly #registry: MetricsRegistry;
  readonly #clock: Clock;
  readonly #up: MetricFamily<Gauge, "platform">;
  readonly #latency: MetricFamily<Gauge, "platform">;
  readonly #eventAge: MetricFamily<Gauge, "platform">;
  readonly #messages: MetricFamily<Counter, "platform">;
  readonly #errors: MetricFamily<Counter, "platform">;
  #platforms: ReadonlyMap<string, PlatformHealth> = new Map();

  constructor(registry: MetricsRegistry, options: PlatformCollectorOptions = {}) {
    const { clock = systemClock } = options;
    const labels = ["platform"] as const;
    this.#registry = registry;
    this.#clock = clock;
    this.#up = registry.gauge({
      name: "demi_platform_up",
      help: "1 if the platform answers its users, else 0",
      labels,
    });
    this.#latency = registry.gauge({
      name: "demi_platform_latency_seconds",
      help: "Round trip of the platform's own liveness check",
      labels,
    });
    this.#eventAge = registry.gauge({
      name: "demi_platform_last_event_age_seconds",
      help: "Time since something came from the platform",
      labels,
    });
    this.#messages = registry.counter({
      name: "demi_platform_messages_total",
      help: "Messages that the platform handled since the companion started",
      labels,
    });
    this.#errors = registry.counter({
      name: "demi_platform_errors_total",
      help: "Failures of the platform since the companion started",
      labels,
    });
  }

  /** Takes what the companion says of its platforms now. */
  update(platforms: readonly PlatformHealth[]): void {
    const enabled = platforms.filter(({ status }) => status !== "disabled");
    const next = new Map(enabled.map((platform) => [platform.name, platform]));
    for (const name of this.#platforms.keys()) if (!next.has(name)) this.#remove(name);
    this.#platforms = next;
    for (const platform of next.values()) {
      try {
        this.#set(platform);
      } catch (error) {
        this.#registry.reportError(this.name, error);
      }
    }
  }

  collect(): void {
    const now = this.#clock.now();
    for (const { name, lastEventAt } of this.#platforms.values()) {
      this.#eventAge.bind({ platform: name }).set(Math.max(0, now - (lastEventAt ?? NaN)) / 1000);
    }
  }

  #set({ name, status, latencyMs, messages, errors }: PlatformHealth): void {
    const labels = { platform: name };
    this.#up.bind(labels).set(isPlatformUp(status) ? 1 : 0);
    this.#latency.bind(labels).set((latencyMs ?? NaN) / 1000);
    if (messages !== undefined) this.#messages.bind(labels).setTotal(messages);
    if (errors !== undefined) this.#errors.bind(labels).setTotal(errors);
  }

  #remove(platform: string): void {
    for (const family of [this.#up, this.#latency, this.#eventAge, this.#messages, this.#errors]) {
      family.remove({ platform });
    }
  }
}
