import type { Clock } from "../base/clock.ts";
import type { LlmCall } from "../base/companion_observer.ts";
import { systemClock } from "../base/system_clock.ts";
import { quantileOfSorted } from "../stats/quantile.ts";
import type { Collector } from "./collector.ts";
import type { Counter } from "./counter.ts";
import type { MetricFamily } from "./family.ts";
import type { Gauge } from "./gauge.ts";
import { DURATION_BUCKETS, FIRST_TOKEN_BUCKETS, GenAiMetrics } from "./_gen_ai_metrics.ts";
import type { Histogram } from "./histogram.ts";
import { toSeconds } from "./_milliseconds.ts";
import { RecentValues, type RecentValuesOptions } from "./recent_values.ts";
import type { MetricsRegistry } from "./registry.ts";

/** Options of {@linkcode LlmCollector}. */
export interface LlmCollectorOptions extends RecentValuesOptions {
  /**
   * The companion's clock, by which the recent window is told.
   *
   * @default {systemClock}
   */
  clock?: Clock | undefined;
  /**
   * Who runs the models, by OpenTelemetry's list: the label `gen_ai_provider_name`.
   *
   * @default {"ollama"}
   */
  provider?: string | undefined;
}

/**
 * Calls of language models: how long they took, how many tokens went in and out, what failed. The duration counts
 * every call; the recent quantile only those that worked, and is absent when there was none in the window. All but the
 * quantile is there a second time under OpenTelemetry's names (`gen_ai_client_…`), for dashboards made for those.
 */
export class LlmCollector implements Collector {
  readonly name = "llm";
  readonly #registry: MetricsRegistry;
  readonly #clock: Clock;
  readonly #duration: MetricFamily<Histogram, "model">;
  readonly #firstToken: MetricFamily<Histogram, "model">;
  readonly #tokens: MetricFamily<Counter, "model" | "direction">;
  readonly #errors: MetricFamily<Counter, "model" | "error_type">;
  readonly #p90: Gauge;
  readonly #genAi: GenAiMetrics;
  readonly #recent: RecentValues;

  constructor(registry: MetricsRegistry, options: LlmCollectorOptions = {}) {
    const { clock = systemClock, provider = "ollama" } = options;
    this.#registry = registry;
    this.#clock = clock;
    this.#recent = new RecentValues(options);
    this.#duration = registry.histogram({
      name: "demi_llm_request_duration_seconds",
      help: "Duration of language model calls, failed ones included",
      labels: ["model"],
      buckets: DURATION_BUCKETS,
    });
    this.#firstToken = registry.histogram({
      name: "demi_llm_time_to_first_token_seconds",
      help: "Time from a language model request to its first token",
      labels: ["model"],
      buckets: FIRST_TOKEN_BUCKETS,
    });
    this.#tokens = registry.counter({
      name: "demi_llm_tokens_total",
      help: "Tokens sent to (input) and received from (output) language models",
      labels: ["model", "direction"],
    });
    this.#errors = registry.counter({
      name: "demi_llm_errors_total",
      help: "Failed language model calls by class of failure",
      labels: ["model", "error_type"],
    });
    this.#p90 = registry
      .gauge({
        name: "demi_llm_response_time_p90_seconds",
        help: "90 % of the language model calls of the last minutes that worked took at most this long",
      })
      .bind();
    this.#genAi = new GenAiMetrics(registry, provider);
  }

  /** Takes one call. Never throws: what is no measurement is reported, and counts for nothing. */
  observe(call: LlmCall): void {
    try {
      this.#observe(call);
    } catch (error) {
      this.#registry.reportError(this.name, error);
    }
  }

  collect(): void {
    const recent = this.#recent.sortedAt(this.#clock.now());
    this.#p90.set(recent.length === 0 ? NaN : quantileOfSorted(recent, 0.9));
  }

  #observe(call: LlmCall): void {
    const { model, durationMs, timeToFirstTokenMs, inputTokens, outputTokens, errorType } = call;
    const duration = toSeconds(durationMs, "duration of a model call");
    const firstToken =
      timeToFirstTokenMs === undefined ? undefined : toSeconds(timeToFirstTokenMs, "time to first token");
    this.#duration.bind({ model }).observe(duration);
    if (firstToken !== undefined) this.#firstToken.bind({ model }).observe(firstToken);
    if (inputTokens !== undefined) this.#tokens.bind({ model, direction: "input" }).inc(inputTokens);
    if (outputTokens !== undefined) this.#tokens.bind({ model, direction: "output" }).inc(outputTokens);
    if (errorType === undefined) this.#recent.add(this.#clock.now(), duration);
    else this.#errors.bind({ model, error_type: errorType }).inc();
    this.#genAi.observe(call);
  }
}
