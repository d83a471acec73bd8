// This module is browser-safe.

/** Labels of a sample, by name. */
export type Labels = Readonly<Record<string, string>>;

const NO_LABELS: Labels = Object.freeze({});

/**
 * Key of a sample: the metric's name and, where it has any, its labels in alphabetical order, escaped as in the
 * Prometheus text format (`\\`, `\"`, `\n`). Equal labels give equal keys, different ones different keys.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { sampleKey } from "demi-health/metrics";
 *
 * const key = sampleKey("demi_llm_tokens_total", { model: "llama3.2", direction: "input" });
 * assert.equal(key, `demi_llm_tokens_total{direction="input",model="llama3.2"}`);
 * ```
 */
export function sampleKey(name: string, labels: Labels = NO_LABELS): string {
  const names = Object.keys(labels);
  if (names.length === 0) return name;
  const pairs = names.sort().map((label) => `${label}="${escapeLabelValue(labels[label]!)}"`);
  return `${name}{${pairs.join(",")}}`;
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };

function escapeLabelValue(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => ESCAPES[character]!);
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const PAIR = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|\}$)/y;

/**
 * Name and labels of a sample from its key: what {@linkcode sampleKey} made.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseSampleKey } from "demi-health/metrics";
 *
 * const { name, labels } = parseSampleKey(`demi_platform_up{platform="discord"}`);
 * assert.equal(name, "demi_platform_up");
 * assert.equal(labels.platform, "discord");
 * ```
 *
 * @throws {SyntaxError} If `key` is no sample key; the message names the column.
 */
export function parseSampleKey(key: string): { readonly name: string; readonly labels: Labels } {
  NAME.lastIndex = 0;
  const name = NAME.exec(key)?.[0];
  if (name === undefined) throw syntaxError(key, 0, "a metric name");
  if (name.length === key.length) return { name, labels: NO_LABELS };
  if (key[name.length] !== "{") throw syntaxError(key, name.length, `"{"`);
  return { name, labels: parsePairs(key, name.length + 1) };
}

function parsePairs(key: string, start: number): Labels {
  const labels = new Map<string, string>();
  let position = start;
  while (position < key.length) {
    PAIR.lastIndex = position;
    const pair = PAIR.exec(key);
    if (!pair) throw syntaxError(key, position, `name="value" followed by "," or a closing "}"`);
    labels.set(pair[1]!, unescapeLabelValue(pair[2]!));
    position = PAIR.lastIndex;
  }
  if (!key.endsWith("}")) throw syntaxError(key, position, `name="value"`);
  return Object.fromEntries(labels); // not by assignment, for a label may be called __proto__
}

function unescapeLabelValue(escaped: string): string {
  return escaped.replace(/\\([\\"n])/g, (_, character: string) => (character === "n" ? "\n" : character));
}

function syntaxError(key: string, index: number, expected: string): SyntaxError {
  const found = index < key.length ? JSON.stringify(key.slice(index, index + 20)) : "its end";
  return new SyntaxError(
    `Cannot parse sample key: column ${index + 1} must be ${expected}, got ${found} in ${JSON.stringify(key)}`,
  );
}
