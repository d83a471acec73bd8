import type { MetricType } from "./sample.ts";

/** What a metric is, said once when it is registered. */
export interface MetricDefinition<L extends string = string> {
  /** In base units and by Prometheus's rules, such as `demi_llm_request_duration_seconds`; a counter ends in `_total`. */
  readonly name: string;
  /** What the number means, one sentence for people. */
  readonly help: string;
  /**
   * Names of the labels that tell its series apart.
   *
   * @default {[]}
   */
  readonly labels?: readonly L[] | undefined;
  /**
   * At most so many series; one more is refused with a `CardinalityError`.
   *
   * @default {1000}
   */
  readonly maxSeries?: number | undefined;
}

/** A definition with its defaults filled in, as the catalogue shows it. */
export interface CatalogueEntry {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** What the name ends with, before `_total`: `seconds`, `bytes`, `ratio`, `celsius`; missing of what is counted. */
  readonly unit?: string | undefined;
  readonly labels: readonly string[];
  readonly maxSeries: number;
  /** Upper bounds of a histogram's buckets, without `+Inf`. */
  readonly buckets?: readonly number[] | undefined;
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * The definition with its defaults, checked against the data model of Prometheus.
 *
 * @throws {TypeError} If a name breaks a rule; the message says which.
 * @throws {RangeError} If `maxSeries` is no count.
 * @see https://prometheus.io/docs/concepts/data_model/
 */
export function toCatalogueEntry(definition: MetricDefinition, type: MetricType): CatalogueEntry {
  const { name, help, labels = [], maxSeries = 1000 } = definition;
  checkName(name, type);
  if (typeof help !== "string" || help === "") {
    throw new TypeError(
      `Cannot register ${type} ${name}: 'help' must be a sentence, got ${JSON.stringify(help)}`,
    );
  }
  for (const label of labels) checkLabel(label, `${type} ${name}`, type);
  if (new Set(labels).size < labels.length) {
    throw new TypeError(`Cannot register ${type} ${name}: 'labels' must differ, got ${labels.join(", ")}`);
  }
  if (!(Number.isSafeInteger(maxSeries) && maxSeries >= 1)) {
    throw new RangeError(
      `Cannot register ${type} ${name}: 'maxSeries' must be an integer >= 1, got ${maxSeries}`,
    );
  }
  const unit = unitOf(name);
  return { name, type, help, ...(unit && { unit }), labels: [...labels].sort(), maxSeries };
}

const UNITS = ["seconds", "bytes", "ratio", "celsius"];

function unitOf(name: string): string | undefined {
  const family = name.replace(/_total$/, "");
  return UNITS.find((unit) => family.endsWith(`_${unit}`));
}

function checkName(name: unknown, type: MetricType): void {
  if (typeof name !== "string" || !METRIC_NAME.test(name)) {
    throw new TypeError(
      `Cannot register ${type}: 'name' must match ${METRIC_NAME}, got ${JSON.stringify(name)}`,
    );
  }
  if (type === "counter" && !name.endsWith("_total")) {
    throw new TypeError(`Cannot register counter: 'name' must end in _total, got "${name}"`);
  }
}

function checkLabel(label: unknown, metric: string, type: MetricType): void {
  if (typeof label !== "string" || !LABEL_NAME.test(label)) {
    throw new TypeError(
      `Cannot register ${metric}: a label's name must match ${LABEL_NAME}, got ${JSON.stringify(label)}`,
    );
  }
  if (type === "histogram" && label === "le") {
    throw new TypeError(
      `Cannot register ${metric}: a label's name must not be "le", which names its buckets`,
    );
  }
}
