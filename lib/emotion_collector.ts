import { EMOTION_NAMES, type EmotionalState, type EmotionName } from "./emotion/emotional_state.ts";
import type { Gauge } from "./metrics/gauge.ts";
import type { MetricsRegistry } from "./metrics/registry.ts";

interface EmotionGauges {
  readonly emotion: EmotionName;
  readonly value: Gauge;
  readonly momentum: Gauge;
  readonly outOfBounds: Gauge;
  readonly change: Gauge;
}

/**
 * Gauges of the emotional state: `demi_emotion{emotion}` (0 to 1), `demi_emotion_momentum{emotion}`,
 * `demi_emotion_change{emotion}` (since the look before), `demi_emotion_out_of_bounds{emotion}` (1 when the value is
 * no number in 0 to 1) and `demi_emotion_last_updated_timestamp_seconds`, the state's own time, by which a frozen
 * source is known.
 */
export class EmotionCollector {
  readonly #gauges: readonly EmotionGauges[];
  readonly #lastUpdated: Gauge;

  constructor(registry: MetricsRegistry) {
    const gauge = (name: string, help: string) => registry.gauge({ name, help, labels: ["emotion"] });
    const value = gauge("demi_emotion", "Value of an emotion, 0 to 1");
    const momentum = gauge("demi_emotion_momentum", "What is left of how far an emotion was driven beyond 1");
    const change = gauge("demi_emotion_change", "Absolute change of an emotion since the look before");
    const outOfBounds = gauge("demi_emotion_out_of_bounds", "1 when an emotion is no number in 0 to 1");
    this.#gauges = EMOTION_NAMES.map((emotion) => ({
      emotion,
      value: value.bind({ emotion }),
      momentum: momentum.bind({ emotion }),
      outOfBounds: outOfBounds.bind({ emotion }),
      change: change.bind({ emotion }),
    }));
    const name = "demi_emotion_last_updated_timestamp_seconds";
    this.#lastUpdated = registry.gauge({ name, help: "Time of the emotional state itself" }).bind();
  }

  /** Takes the state, or `undefined` when it is not known: its gauges then are absent, not frozen. */
  update(state: EmotionalState | undefined): void {
    for (const { emotion, value, momentum, outOfBounds, change } of this.#gauges) {
      const now = state?.[emotion];
      change.set(Math.abs((now ?? NaN) - value.value));
      value.set(now ?? NaN);
      momentum.set(state?.momentum[emotion] ?? NaN);
      outOfBounds.set(now === undefined ? NaN : now >= 0 && now <= 1 ? 0 : 1);
    }
    this.#lastUpdated.set(state ? state.lastUpdated / 1000 : NaN);
  }
}
