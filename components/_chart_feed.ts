// This module is browser-safe.
import type { FeedClient } from "../lib/feed/feed_client.ts";
import { alignSeries, appendRow, type ChartTable } from "./_chart_data.ts";
import type { FeedController } from "./_feed_controller.ts";

/** Times kept, and points asked of history: more than a pixel column holds is never seen. */
const KEPT_POINTS = 2400;
const HISTORY_POINTS = 600;
const EMPTY: ChartTable = { times: [], columns: [] };

/** What a chart draws of a feed: the stretch from history, and the live values as they come after it. */
export class ChartFeed {
  readonly #feed: FeedController;
  readonly #onChange: () => void;
  #table: ChartTable = EMPTY;
  #keys: readonly string[] = [];
  #rangeMs = 0;
  #client: FeedClient | undefined;
  #canAskHistory = false;
  #lastTime = 0;
  #request = 0;
  #loading = false;
  #error: string | undefined;

  /** @param onChange Called when history has come, or has failed to. */
  constructor(feed: FeedController, onChange: () => void) {
    this.#feed = feed;
    this.#onChange = onChange;
  }

  get table(): ChartTable {
    return this.#table;
  }

  get isLoading(): boolean {
    return this.#loading;
  }

  /** Why there is no history, in a sentence, after it could not be had. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Takes in what the feed has now; starts over when it is another feed, key or range, and after an interruption. */
  update(keys: readonly string[], rangeMs: number): void {
    const { client } = this.#feed;
    const sameKeys =
      keys.length === this.#keys.length && keys.every((key, index) => key === this.#keys[index]);
    if (client !== this.#client || !sameKeys) {
      this.#table = { times: [], columns: keys.map(() => []) };
      this.#lastTime = 0;
    }
    const isOther = client !== this.#client || !sameKeys || rangeMs !== this.#rangeMs;
    this.#client = client;
    this.#keys = keys;
    this.#rangeMs = rangeMs;
    const canAsk = client?.state === "live" && client.model.hello?.links?.history !== undefined;
    const isBack = canAsk && !this.#canAskHistory;
    this.#canAskHistory = canAsk;
    if (client && canAsk && (isOther || isBack)) void this.#load(client);
    this.#append();
  }

  #append(): void {
    const metrics = this.#client?.model.metrics;
    if (!metrics || metrics.time <= this.#lastTime) return;
    this.#lastTime = metrics.time;
    const values = this.#keys.map((key) => metrics.values[key]);
    this.#table = appendRow(this.#table, metrics.time, values, this.#limits(metrics.time));
  }

  #limits(now: number): { from: number; points: number; gapMs: number } {
    const intervalMs = this.#client?.model.hello?.intervalMs ?? 1000;
    return {
      // one more minute than is seen, so that the line begins at the edge
      from: now - this.#rangeMs - 60_000,
      points: KEPT_POINTS,
      gapMs: Math.max(3 * intervalMs, (4 * this.#rangeMs) / HISTORY_POINTS),
    };
  }

  async #load(client: FeedClient): Promise<void> {
    const request = ++this.#request;
    const to = this.#feed.hostNow;
    const from = to - this.#rangeMs;
    this.#loading = true;
    try {
      const results = await Promise.all(
        this.#keys.map((key) => client.fetchHistory({ key, from, to, points: HISTORY_POINTS })),
      );
      if (request !== this.#request) return;
      this.#error = undefined;
      this.#table = this.#joinLive(alignSeries(results.map(({ points }) => points)));
    } catch (error) {
      if (request !== this.#request) return;
      this.#error = error instanceof Error ? error.message : String(error);
    }
    this.#loading = false;
    this.#onChange();
  }

  // Rows that came while history was on its way stay, behind its last one.
  #joinLive(history: ChartTable): ChartTable {
    const live = this.#table;
    let joined = history;
    live.times.forEach((time, row) => {
      const values = live.columns.map((column) => column[row] ?? undefined);
      joined = appendRow(joined, time, values, this.#limits(this.#lastTime));
    });
    return joined;
  }
}
