import { isPlatformUp } from "../base/platform_health.ts";
import type { Clock } from "../base/clock.ts";
import { RingBuffer } from "../base/ring_buffer.ts";
import { EMOTION_NAMES } from "../emotion/emotional_state.ts";
import type { AlertChange } from "../alerts/alert.ts";
import { AlertEngine } from "../alerts/alert_engine.ts";
import type { AlertRule } from "../alerts/alert_rule.ts";
import type { MetricReader, MetricSeries } from "../alerts/metric_reader.ts";
import { type Labels, sampleKey } from "../metrics/sample_key.ts";
import { quantile } from "../stats/quantile.ts";
import type { StabilityMoment } from "./stability_options.ts";

/** How often an alert fired in a run. */
export interface AlertCount {
  readonly id: string;
  readonly level: string;
  readonly fired: number;
  /** Milliseconds since the run began. */
  readonly firstAtMs: number;
}

/** Where an {@linkcode AlertWatch} goes on. */
export interface AlertWatchState {
  readonly engine: unknown;
  readonly counts: readonly AlertCount[];
}

// An hour and more of looks a minute apart: the longest window of the default rules.
const POINTS_KEPT = 80;
const REPLIES_KEPT = 100;
const MOST_COUNTS = 200;

type Point = readonly [time: number, value: number];

/** The alerts that an owner would have had, from what the looks of a run saw. */
export class AlertWatch implements MetricReader {
  readonly #engine: AlertEngine;
  readonly #series = new Map<string, { readonly labels: Labels; readonly points: RingBuffer<Point> }>();
  readonly #names = new Map<string, Set<string>>();
  readonly #replies = new RingBuffer<number>(REPLIES_KEPT);
  readonly #counts = new Map<string, AlertCount>();

  constructor(rules: readonly AlertRule[], clock: Clock, from?: AlertWatchState) {
    this.#engine = new AlertEngine({ reader: this, rules, clock, onError: () => undefined });
    if (from === undefined) return;
    this.#engine.restore(from.engine);
    for (const count of from.counts) this.#counts.set(count.id, count);
  }

  /** Alerts that fired, each with how often. */
  get counts(): readonly AlertCount[] {
    return [...this.#counts.values()];
  }

  addReply(latencyMs: number): void {
    this.#replies.push(latencyMs);
  }

  /** Takes what was seen, and gives what changed. */
  look(moment: StabilityMoment): readonly AlertChange[] {
    const { timestamp, atMs, emotions, memory, health } = moment;
    const put = (name: string, labels: Labels, value: number): void =>
      this.#put(name, labels, timestamp, value);
    for (const emotion of emotions ? EMOTION_NAMES : []) {
      const value = emotions![emotion];
      put("demi_emotion", { emotion }, value);
      put("demi_emotion_out_of_bounds", { emotion }, value >= 0 && value <= 1 ? 0 : 1);
    }
    if (emotions) put("demi_emotion_last_updated_timestamp_seconds", {}, emotions.lastUpdated / 1000);
    for (const { name, status, messages } of health ?? []) {
      if (messages !== undefined) put("demi_platform_messages_total", { platform: name }, messages);
      if (status !== "disabled") put("demi_platform_up", { platform: name }, isPlatformUp(status) ? 1 : 0);
    }
    if (memory) put("process_resident_memory_bytes", {}, memory.rssBytes);
    if (this.#replies.length > 0) {
      put("demi_response_time_p90_seconds", {}, quantile([...this.#replies], 0.9) / 1000);
    }
    const changes = this.#engine.evaluate(timestamp);
    for (const { alert, previous } of changes)
      if (alert.state === "firing" && previous !== "firing") this.#count(alert, atMs);
    return changes;
  }

  select(name: string, labels: Labels | undefined, fromMs: number, toMs: number): readonly MetricSeries[] {
    const found: MetricSeries[] = [];
    for (const key of this.#names.get(name) ?? []) {
      const series = this.#series.get(key)!;
      if (Object.entries(labels ?? {}).some(([label, value]) => series.labels[label] !== value)) continue;
      const points = pointsBetween(series.points, fromMs, toMs);
      if (points.length > 0) found.push({ labels: series.labels, points });
    }
    return found;
  }

  toJSON(): AlertWatchState {
    return { engine: this.#engine.toJSON(), counts: this.counts };
  }

  #put(name: string, labels: Labels, at: number, value: number): void {
    const key = sampleKey(name, labels);
    let series = this.#series.get(key);
    if (!series) {
      this.#series.set(key, (series = { labels, points: new RingBuffer(POINTS_KEPT) }));
      this.#names.set(name, (this.#names.get(name) ?? new Set()).add(key));
    }
    series.points.push([at, value]);
  }

  #count({ id, level }: AlertChange["alert"], atMs: number): void {
    const known = this.#counts.get(id);
    if (!known && this.#counts.size >= MOST_COUNTS) return;
    this.#counts.set(id, { id, level, fired: (known?.fired ?? 0) + 1, firstAtMs: known?.firstAtMs ?? atMs });
  }
}

/** From the newest back: windows are short, and asked for at each look. */
function pointsBetween(points: RingBuffer<Point>, fromMs: number, toMs: number): readonly Point[] {
  const found: Point[] = [];
  for (let index = points.length - 1; index >= 0; index--) {
    const point = points.at(index)!;
    if (point[0] < fromMs) break;
    if (point[0] <= toMs) found.push(point);
  }
  return found.toReversed();
}
