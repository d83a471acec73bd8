import type { LlmCall } from "../base/companion_observer.ts";
import type { MetricFamily } from "./family.ts";
import { exponentialBuckets, type Histogram } from "./histogram.ts";
import { toSeconds } from "./_milliseconds.ts";
import type { MetricsRegistry } from "./registry.ts";

// The bounds that OpenTelemetry's conventions advise for each.
export const DURATION_BUCKETS: readonly number[] = exponentialBuckets(0.01, 2, 14);
export const FIRST_TOKEN_BUCKETS: readonly number[] = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
const TOKEN_BUCKETS = exponentialBuckets(1, 4, 14);

const COMMON = ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"] as const;
type CommonLabel = (typeof COMMON)[number];

/**
 * Model calls under the names of OpenTelemetry's conventions for generative AI, dots and units written as its
 * Prometheus exporters write them. An `error_type` of "" is what Prometheus holds for "no such label": it worked.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
 */
export class GenAiMetrics {
  readonly #provider: string;
  readonly #duration: MetricFamily<Histogram, CommonLabel | "error_type">;
  readonly #firstChunk: MetricFamily<Histogram, CommonLabel>;
  readonly #tokens: MetricFamily<Histogram, CommonLabel | "gen_ai_token_type">;

  constructor(registry: MetricsRegistry, provider: string) {
    this.#provider = provider;
    this.#duration = registry.histogram({
      name: "gen_ai_client_operation_duration_seconds",
      help: "Duration of generative AI operations (gen_ai.client.operation.duration)",
      labels: [...COMMON, "error_type"],
      buckets: DURATION_BUCKETS,
    });
    this.#firstChunk = registry.histogram({
      name: "gen_ai_client_operation_time_to_first_chunk_seconds",
      help: "Time from the request to the first chunk of a streamed answer (gen_ai.client.operation.time_to_first_chunk)",
      labels: COMMON,
      buckets: FIRST_TOKEN_BUCKETS,
    });
    this.#tokens = registry.histogram({
      name: "gen_ai_client_token_usage",
      help: "Tokens that went into and came out of generative AI operations (gen_ai.client.token.usage)",
      labels: [...COMMON, "gen_ai_token_type"],
      buckets: TOKEN_BUCKETS,
    });
  }

  /** Takes one call, whose figures have been checked. */
  observe(call: LlmCall): void {
    const { model, durationMs, timeToFirstTokenMs, inputTokens, outputTokens, errorType = "" } = call;
    const common = {
      gen_ai_operation_name: "chat",
      gen_ai_provider_name: this.#provider,
      gen_ai_request_model: model,
    };
    const seconds = toSeconds(durationMs, "duration of a model call");
    this.#duration.bind({ ...common, error_type: errorType }).observe(seconds);
    if (timeToFirstTokenMs !== undefined) {
      this.#firstChunk.bind(common).observe(toSeconds(timeToFirstTokenMs, "time to first token"));
    }
    const count = (type: string, tokens: number | undefined): void => {
      if (tokens !== undefined) this.#tokens.bind({ ...common, gen_ai_token_type: type }).observe(tokens);
    };
    count("input", inputTokens);
    count("output", outputTokens);
  }
}
