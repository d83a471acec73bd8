import { request } from "undici";
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";
import { promqlFunction, promqlSelector } from "../metrics/promql.ts";
import { type Labels, parseSampleKey, sampleKey } from "../metrics/sample_key.ts";
import { evaluateWindow } from "../metrics/window_function.ts";
import type { ChartPoint } from "./downsample.ts";
import type { Point, RangeQuery, StoreRange, WindowQuery } from "./store_queries.ts";

/** Options of {@linkcode PrometheusSource}. */
export interface PrometheusSourceOptions {
  /** Where its API is: `http://127.0.0.1:9090`; of VictoriaMetrics and Mimir what comes before `/api/v1`. */
  readonly url: string;
  /** Sent with each question: an `authorization`, a tenant's `x-scope-orgid`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Labels that all series must have: `{ instance: "demi:8080" }` makes one companion of many. */
  readonly labels?: Labels | undefined;
  /** @default {10_000} */
  readonly timeoutMs?: number | undefined;
  /** @default {systemClock} */
  readonly clock?: Clock | undefined;
}

/** Prometheus did not answer, or said why it cannot. */
export class PrometheusError extends Error {
  override readonly name: string = "PrometheusError";
  /** HTTP status, where there is one. */
  readonly status: number | undefined;

  constructor(reason: string, status?: number, cause?: unknown) {
    super(`Cannot ask Prometheus: ${reason}`, { cause });
    this.status = status;
  }
}

interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

const MOST_BYTES = 64 * 2 ** 20;
// What is not asked about lies this far back at most, as Prometheus has it.
const LOOKBACK_MS = 300_000;
const GAP_FACTOR = 3;

/**
 * Answers the questions that a `MetricsStore` answers from any Prometheus-compatible API, so that one page shows many companions. Times are
 * epoch ms; all answers are promises.
 *
 * @example
 * ```ts no_run
 * import { PrometheusSource } from "demi-health/store";
 *
 * const source = new PrometheusSource({ url: "http://127.0.0.1:9090", labels: { instance: "demi:8080" } });
 * const now = Date.now();
 * const { points } = await source.history({ key: "process_resident_memory_bytes", from: now - 3_600_000, to: now, points: 500 });
 * ```
 */
export class PrometheusSource {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #labels: Labels;
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  /** @throws {TypeError} If the URL is none of a web server. */
  constructor({
    url,
    headers = {},
    labels = {},
    timeoutMs = 10_000,
    clock = systemClock,
  }: PrometheusSourceOptions) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new TypeError(`Cannot make Prometheus source: 'url' must be an http or https URL, got ${url}`);
    }
    this.#url = url.replace(/\/+$/, "");
    this.#headers = headers;
    this.#labels = labels;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /** Keys of all series that have samples in the last hour before `to`. */
  async keys(to: number = this.#clock.now()): Promise<string[]> {
    const matcher = promqlSelector("", { ...this.#labels, __name__: "" }).replace(
      '__name__=""',
      '__name__!=""',
    );
    const parameters = { "match[]": matcher, start: seconds(to - 3_600_000), end: seconds(to) };
    const found = (await this.#ask("series", parameters)) as readonly Result["metric"][];
    return found.map((metric) => this.#keyOf(metric)).sort();
  }

  /** The newest sample of a series before `at`, not older than five minutes. */
  async last(key: string, at: number = this.#clock.now()): Promise<Point | undefined> {
    return (await this.query({ key, from: at - LOOKBACK_MS, to: at })).at(-1);
  }

  /** Samples, oldest first. */
  async query({ key, from, to }: StoreRange): Promise<Point[]> {
    const { name, labels } = parseSampleKey(key);
    const found = await this.#samples(name, labels, from, to);
    const exact = found.find((one) => sampleKey(name, one.labels) === key);
    return [...(exact?.points ?? [])];
  }

  /** As {@linkcode PrometheusSource.query}, for every series of a metric that has these labels and any samples there. */
  async select(
    name: string,
    labels: Labels | undefined,
    from: number,
    to: number,
  ): Promise<readonly { readonly labels: Labels; readonly points: readonly Point[] }[]> {
    return await this.#samples(name, labels ?? {}, from, to);
  }

  /** What a function makes of the samples of a window; undefined where there are too few. */
  async evaluate(query: WindowQuery): Promise<number | undefined> {
    const { key, fn, from, to } = query;
    const expression = promqlFunction(fn, this.#selector(key), to - from, query);
    if (expression === undefined) return evaluateWindow(fn, await this.query(query), query);
    const [result] = await this.#query("query", { query: expression, time: seconds(to) });
    return result?.value && Number(result.value[1]);
  }

  /** The same at each step, of the window that ends there; null where there are too few samples. */
  async evaluateRange(
    query: RangeQuery,
  ): Promise<readonly (readonly [time: number, value: number | null])[]> {
    const { key, fn, from, to, stepMs, windowMs } = query;
    const expression = promqlFunction(fn, this.#selector(key), windowMs, query);
    if (expression === undefined) {
      throw new PrometheusError(`PromQL has no function for ${fn} over a range`);
    }
    const known = new Map(await this.#range(expression, from, to, stepMs));
    const count = Math.floor((to - from) / stepMs) + 1;
    return Array.from({ length: count }, (_, i) => {
      const at = from + i * stepMs;
      return [at, known.get(at) ?? null] as const;
    });
  }

  /** Points to draw, at most `points`, minima and maxima kept; a gap is a `null`. */
  async history(query: StoreRange & { readonly points: number }): Promise<{
    readonly key: string;
    readonly points: readonly ChartPoint[];
  }> {
    const { key, from, to, points } = query;
    const stepMs = Math.max(1000, Math.ceil((to - from) / Math.max(1, Math.floor(points / 2))));
    const series = this.#selector(key);
    const start = from + stepMs;
    const [low, high] = await Promise.all(
      (["min", "max"] as const).map((fn) =>
        this.#range(promqlFunction(fn, series, stepMs)!, start, to, stepMs),
      ),
    );
    const highs = new Map(high);
    const drawn: ChartPoint[] = [];
    let before = -Infinity;
    for (const [time, min] of low!) {
      const max = highs.get(time) ?? min;
      if (time - before > GAP_FACTOR * stepMs && before > -Infinity)
        drawn.push([(before + time - stepMs) / 2, null]);
      // a column is what came in the step before its time
      if (min === max) drawn.push([time - stepMs / 2, min]);
      else drawn.push([time - (3 * stepMs) / 4, min], [time - stepMs / 4, max]);
      before = time;
    }
    return { key, points: drawn };
  }

  #selector(key: string): string {
    const { name, labels } = parseSampleKey(key);
    return promqlSelector(name, { ...labels, ...this.#labels });
  }

  async #samples(
    name: string,
    labels: Labels,
    from: number,
    to: number,
  ): Promise<{ labels: Labels; points: Point[] }[]> {
    const selector = promqlSelector(name, { ...labels, ...this.#labels });
    const window = Math.max(1, Math.ceil(to - from));
    const found = await this.#query("query", { query: `${selector}[${window}ms]`, time: seconds(to) });
    return found.map(({ metric, values = [] }) => ({
      labels: this.#ownLabels(metric),
      points: values.map(([time, value]) => [Math.round(time * 1000), Number(value)] as const),
    }));
  }

  async #range(expression: string, from: number, to: number, stepMs: number): Promise<Point[]> {
    const parameters = {
      query: expression,
      start: seconds(from),
      end: seconds(to),
      step: String(stepMs / 1000),
    };
    const [result] = await this.#query("query_range", parameters);
    return (result?.values ?? []).map(([time, value]) => [Math.round(time * 1000), Number(value)] as const);
  }

  /** The labels that the companion gave, not those that all of its series have here. */
  #ownLabels(metric: Result["metric"]): Labels {
    const own = ([name]: [string, string]): boolean =>
      name !== "__name__" && this.#labels[name] === undefined;
    return Object.fromEntries(Object.entries(metric).filter(own));
  }

  #keyOf(metric: Result["metric"]): string {
    return sampleKey(metric["__name__"] ?? "", this.#ownLabels(metric));
  }

  async #query(path: string, parameters: Readonly<Record<string, string>>): Promise<readonly Result[]> {
    const { result } = (await this.#ask(path, parameters)) as { readonly result: readonly Result[] };
    return result;
  }

  /** The `data` of an answer. */
  async #ask(path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
    const body = new URLSearchParams(parameters).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded", ...this.#headers };
    const signal = AbortSignal.timeout(this.#timeoutMs);
    let status: number | undefined;
    let text: string;
    try {
      const response = await request(`${this.#url}/api/v1/${path}`, {
        method: "POST",
        body,
        headers,
        signal,
      });
      status = response.statusCode;
      text = await readBounded(response.body);
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      throw new PrometheusError(
        signal.aborted ? `no answer within ${this.#timeoutMs} ms` : (code ?? message),
        status,
        cause,
      );
    }
    const answer = parseAnswer(text);
    if (answer?.status === "success") return answer.data;
    throw new PrometheusError(answer?.error ?? `answered ${status} ${text.slice(0, 200)}`, status);
  }
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Error(`the answer is longer than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function parseAnswer(text: string): { status?: string; error?: string; data?: unknown } | undefined {
  try {
    return JSON.parse(text) as { status?: string };
  } catch {
    return undefined;
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
