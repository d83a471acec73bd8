import type { MetricReader, MetricSeries } from "../../lib/alerts/metric_reader.ts";
import { parseSampleKey } from "../../lib/metrics/sample_key.ts";

/** A reader of samples that a test puts in by key; it can be made to fail. */
export class SeriesReader implements MetricReader {
  readonly #points = new Map<string, (readonly [number, number])[]>();
  failure: Error | undefined;

  put(time: number, values: Readonly<Record<string, number>>): void {
    for (const [key, value] of Object.entries(values)) {
      this.#points.set(key, [...(this.#points.get(key) ?? []), [time, value]]);
    }
  }

  select(
    name: string,
    labels: Readonly<Record<string, string>> | undefined,
    from: number,
    to: number,
  ): MetricSeries[] {
    if (this.failure) throw this.failure;
    return [...this.#points].flatMap(([key, points]) => {
      const series = parseSampleKey(key);
      const matches = Object.entries(labels ?? {}).every(([label, value]) => series.labels[label] === value);
      if (series.name !== name || !matches) return [];
      return [{ labels: series.labels, points: points.filter(([time]) => time >= from && time <= to) }];
    });
  }
}
