import type { MetricReader, MetricSeries } from "./alerts/metric_reader.ts";
import type { MetricSample } from "./metrics/sample.ts";

/**
 * The stored series with the values of this moment at their end: alerts look at what is, although the store takes a
 * sample only every few seconds. A series that has no value now has none at its end.
 */
export class LiveReader implements MetricReader {
  readonly #stored: MetricReader;
  #time = 0;
  #live: readonly MetricSample[] = [];

  constructor(stored: MetricReader) {
    this.#stored = stored;
  }

  update(time: number, live: readonly MetricSample[]): void {
    this.#time = time;
    this.#live = live;
  }

  select(
    name: string,
    labels: Readonly<Record<string, string>> | undefined,
    fromMs: number,
    toMs: number,
  ): readonly MetricSeries[] {
    const wanted = Object.entries(labels ?? {});
    const series = new Map<string, MetricSeries>();
    for (const stored of this.#stored.select(name, labels, fromMs, toMs))
      series.set(keyOf(stored.labels), stored);
    if (this.#time < fromMs || this.#time > toMs) return [...series.values()];
    for (const sample of this.#live) {
      if (sample.name !== name || wanted.some(([label, value]) => sample.labels[label] !== value)) continue;
      const key = keyOf(sample.labels);
      const points = (series.get(key)?.points ?? []).filter(([time]) => time < this.#time);
      series.set(key, { labels: sample.labels, points: [...points, [this.#time, sample.value]] });
    }
    return [...series.values()];
  }
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort());
}
