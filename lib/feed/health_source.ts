// This module is browser-safe.
import type { FeedHello, FeedMessage, FeedSnapshot } from "./messages.ts";

/** Which stretch of which sample key to draw. Times are epoch ms. */
export interface HistoryQuery {
  /** Sample key, as in `FeedMetrics`. */
  readonly key: string;
  readonly from: number;
  readonly to: number;
  /** At most so many points; minima and maxima are kept. */
  readonly points: number;
}

/** Points of one series, oldest first. A gap in the samples is a point with the value `null`. */
export interface HistoryResult {
  readonly key: string;
  readonly points: readonly (readonly [time: number, value: number | null])[];
}

/**
 * What a page can show: the one thing that the feed and the dashboard know of a host. `HealthMonitor` is one; anything
 * else that has a snapshot and tells of changes can be one, too.
 */
export interface HealthSource {
  /** Who this is. The feed adds `time`, links and actions. */
  describe(): Pick<FeedHello, "name" | "startedAt" | "intervalMs">;
  /** The state as it is now. */
  snapshot(): FeedSnapshot;
  /** Calls `listener` with every change from now on, in order; returns the function that ends it. */
  subscribe(listener: (message: FeedMessage) => void): () => void;
  /** Points of one series; absent when the source keeps no history. */
  history?(query: HistoryQuery): HistoryResult | Promise<HistoryResult>;
  /** All metrics in the Prometheus text format; absent when the source has none. */
  exposition?(): string | Promise<string>;
  /** The same in the OpenMetrics format, with exemplars; absent when the source writes the other one only. */
  openMetrics?(): string | Promise<string>;
}
