import { EMOTION_NAMES, type EmotionName } from "../emotion/emotional_state.ts";
import { LatencySummary } from "../harness/load/latency_summary.ts";
import { readTimeline } from "./_timeline.ts";

/** A figure of one stretch of a run. */
export interface RunPoint {
  readonly timestamp: number;
  readonly value: number;
}

/** A moment of a run, as the charts mark it. */
export interface RunMark {
  readonly name: string;
  readonly timestamp: number;
}

/** A run in a bounded number of stretches, however long it was. */
export interface RunSeries {
  /** Length of a stretch in milliseconds. */
  readonly stretchMs: number;
  /** Answered messages in an hour, by platform. */
  readonly load: ReadonlyMap<string, readonly RunPoint[]>;
  /** Messages without a reply, in a stretch. */
  readonly failures: readonly RunPoint[];
  readonly p50: readonly RunPoint[];
  readonly p90: readonly RunPoint[];
  /** The most of each stretch. */
  readonly rss: readonly RunPoint[];
  readonly postGc: readonly RunPoint[];
  /** Means. */
  readonly emotions: ReadonlyMap<EmotionName, readonly RunPoint[]>;
  readonly marks: readonly RunMark[];
}

const STRETCHES = 240;
const MOST_MARKS = 60;
const HOUR_MS = 3_600_000;

class Stretches<T> {
  readonly #cells = new Map<number, T>();
  readonly #make: () => T;

  constructor(make: () => T) {
    this.#make = make;
  }

  at(index: number): T {
    let cell = this.#cells.get(index);
    if (cell === undefined) this.#cells.set(index, (cell = this.#make()));
    return cell;
  }

  /** One point for each stretch up to `count`; `undefined` of `toValue` is a gap. */
  toPoints(
    count: number,
    time: (index: number) => number,
    toValue: (cell: T) => number | undefined,
  ): RunPoint[] {
    return Array.from({ length: count }, (_, index) => {
      const cell = this.#cells.get(index);
      return { timestamp: time(index), value: (cell && toValue(cell)) ?? NaN };
    });
  }
}

interface Sum {
  total: number;
  count: number;
}

const newSum = (): Sum => ({ total: 0, count: 0 });
const newMost = (): { most: number | undefined } => ({ most: undefined });

function more(cell: { most: number | undefined }, value: unknown): void {
  if (typeof value === "number" && Number.isFinite(value)) cell.most = Math.max(cell.most ?? 0, value);
}

/**
 * Reads a timeline once, in bounded memory.
 *
 * @param startedAt Epoch milliseconds.
 */
export async function readRunSeries(path: string, startedAt: number, elapsedMs: number): Promise<RunSeries> {
  const stretchMs = Math.max(1000, elapsedMs / STRETCHES);
  const count = Math.max(1, Math.ceil(elapsedMs / stretchMs));
  const time = (index: number): number => startedAt + Math.min(elapsedMs, (index + 0.5) * stretchMs);
  const load = new Map<string, Stretches<Sum>>();
  const failures = new Stretches(newSum);
  const latencies = new Stretches(() => new LatencySummary());
  const [rss, postGc] = [new Stretches(newMost), new Stretches(newMost)];
  const emotions = new Map(EMOTION_NAMES.map((name) => [name, new Stretches(newSum)]));
  const marks: RunMark[] = [];
  for await (const line of readTimeline(path)) {
    const index = Math.min(count - 1, Math.max(0, Math.floor(line.atMs / stretchMs)));
    const timestamp = startedAt + line.atMs;
    if (line.kind === "reply") {
      const platform = String(line["platform"]);
      if (!load.has(platform)) load.set(platform, new Stretches(newSum));
      load.get(platform)!.at(index).count++;
      const latencyMs = line["latencyMs"];
      if (typeof latencyMs === "number" && latencyMs >= 0) latencies.at(index).add(latencyMs);
    } else if (line.kind === "no-reply") {
      if (line["isExcused"] !== true) failures.at(index).count++;
    } else if (line.kind === "look") {
      const memory = (line["memory"] ?? {}) as Readonly<Record<string, unknown>>;
      more(rss.at(index), memory["rssBytes"]);
      more(postGc.at(index), memory["postGcBytes"]);
      const values = Array.isArray(line["emotions"]) ? (line["emotions"] as unknown[]) : [];
      for (const [position, name] of EMOTION_NAMES.entries()) {
        const value = values[position];
        if (typeof value !== "number") continue;
        const sum = emotions.get(name)!.at(index);
        sum.total += value;
        sum.count++;
      }
    } else if (marks.length < MOST_MARKS) {
      const name = nameOf(line);
      if (name !== undefined) marks.push({ name, timestamp });
    }
  }
  const perHour = HOUR_MS / stretchMs;
  return {
    stretchMs,
    load: new Map(
      [...load].map(([name, cells]) => [
        name,
        cells.toPoints(count, time, (sum) => sum.count * perHour).map(zeroForGap),
      ]),
    ),
    failures: failures.toPoints(count, time, (sum) => sum.count).map(zeroForGap),
    p50: latencies.toPoints(count, time, (summary) => summary.quantile(0.5)),
    p90: latencies.toPoints(count, time, (summary) => summary.quantile(0.9)),
    rss: rss.toPoints(count, time, ({ most }) => most),
    postGc: postGc.toPoints(count, time, ({ most }) => most),
    emotions: new Map(
      [...emotions].map(([name, cells]) => [
        name,
        cells.toPoints(count, time, ({ total, count: n }) => (n > 0 ? total / n : undefined)),
      ]),
    ),
    marks,
  };
}

/** That nobody wrote is a figure. */
function zeroForGap({ timestamp, value }: RunPoint): RunPoint {
  return { timestamp, value: Number.isNaN(value) ? 0 : value };
}

/** A word or two: they stand side by side above the charts. */
function nameOf(line: Readonly<Record<string, unknown>>): string | undefined {
  switch (line["kind"]) {
    case "fault":
      return shorten(String(line["what"]));
    case "alert":
      return line["state"] === "firing" && line["level"] !== "info" ? "alert" : undefined;
    case "finding":
      return String(line["finding"]);
    case "gap":
      return "gap";
    case "resumed":
      return "resumed";
    default:
      return undefined;
  }
}

function shorten(what: string): string {
  if (what.startsWith("the companion crashes")) return "crash";
  if (what.startsWith("the companion is restarted")) return "restart";
  return what.replace(/^the /, "").replace(/ is down.*| for .*/, "");
}
