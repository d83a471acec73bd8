import type { Clock } from "../base/clock.ts";
import type { HandledMessage } from "../base/companion_observer.ts";
import { systemClock } from "../base/system_clock.ts";
import { quantileOfSorted } from "../stats/quantile.ts";
import type { Collector } from "./collector.ts";
import type { Counter } from "./counter.ts";
import type { MetricFamily } from "./family.ts";
import type { Gauge } from "./gauge.ts";
import { exponentialBuckets, type Histogram } from "./histogram.ts";
import { toSeconds } from "./_milliseconds.ts";
import { RecentValues, type RecentValuesOptions } from "./recent_values.ts";
import type { MetricsRegistry } from "./registry.ts";

/** Options of {@linkcode ResponseCollector}. */
export interface ResponseCollectorOptions extends RecentValuesOptions {
  /**
   * The companion's clock, by which the recent window is told.
   *
   * @default {systemClock}
   */
  clock?: Clock | undefined;
}

/**
 * Messages and the time until their answer. A message without an answer has no response time: it counts among the
 * errors only. The recent quantiles are absent when no message was answered in the window.
 */
export class ResponseCollector implements Collector {
  readonly name = "responses";
  readonly #registry: MetricsRegistry;
  readonly #clock: Clock;
  readonly #duration: MetricFamily<Histogram, "platform">;
  readonly #messages: MetricFamily<Counter, "platform">;
  readonly #errors: MetricFamily<Counter, "platform">;
  readonly #quantiles: readonly (readonly [Gauge, probability: number])[];
  readonly #recent: RecentValues;

  constructor(registry: MetricsRegistry, options: ResponseCollectorOptions = {}) {
    const { clock = systemClock } = options;
    const labels = ["platform"] as const;
    this.#registry = registry;
    this.#clock = clock;
    this.#recent = new RecentValues(options);
    this.#duration = registry.histogram({
      name: "demi_response_time_seconds",
      help: "Time from receiving a message to handing its reply to the platform",
      labels,
      buckets: exponentialBuckets(0.01, 2, 14),
    });
    this.#messages = registry.counter({ name: "demi_messages_total", help: "Messages handled", labels });
    this.#errors = registry.counter({
      name: "demi_message_errors_total",
      help: "Messages left unanswered",
      labels,
    });
    this.#quantiles = ([50, 90] as const).map((percent) => [
      registry
        .gauge({
          name: `demi_response_time_p${percent}_seconds`,
          help: `${percent} % of the messages answered in the last minutes took at most this long`,
        })
        .bind(),
      percent / 100,
    ]);
  }

  /** Takes one message. Never throws: what is no measurement is reported, and counts for nothing. */
  observe(message: HandledMessage): void {
    try {
      this.#observe(message);
    } catch (error) {
      this.#registry.reportError(this.name, error);
    }
  }

  collect(): void {
    const recent = this.#recent.sortedAt(this.#clock.now());
    for (const [gauge, probability] of this.#quantiles) {
      gauge.set(recent.length === 0 ? NaN : quantileOfSorted(recent, probability));
    }
  }

  #observe({ platform, responseTimeMs, ok }: HandledMessage): void {
    const seconds = toSeconds(responseTimeMs, "response time");
    this.#messages.bind({ platform }).inc();
    const errors = this.#errors.bind({ platform }); // there from the first message on, so that its growth is seen
    if (!ok) {
      errors.inc();
      return;
    }
    this.#duration.bind({ platform }).observe(seconds);
    this.#recent.add(this.#clock.now(), seconds);
  }
}
