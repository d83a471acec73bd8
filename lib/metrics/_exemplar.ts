import type { Exemplar, ExemplarSource } from "./sample.ts";

// https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md#exemplars
const MOST_CHARACTERS = 128;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * An exemplar of a value, checked.
 *
 * @param key Of the series, for the message.
 * @throws {TypeError} If a label's name breaks the rules, or a value is no text.
 * @throws {RangeError} If it is longer than OpenMetrics allows, or its time is none.
 */
export function toExemplar(key: string, value: number, { labels, timestamp }: ExemplarSource): Exemplar {
  let length = 0;
  const entries = Object.entries(labels).map(([name, text]) => {
    if (!LABEL_NAME.test(name) || typeof text !== "string") {
      throw new TypeError(
        `Cannot keep exemplar of ${key}: labels must be texts by names that match ${LABEL_NAME}, got ${JSON.stringify(name)}: ${JSON.stringify(text)}`,
      );
    }
    length += [...name].length + [...text].length;
    return [name, text.toWellFormed()] as const;
  });
  if (length > MOST_CHARACTERS) {
    throw new RangeError(
      `Cannot keep exemplar of ${key}: 'labels' must have at most ${MOST_CHARACTERS} characters in all, got ${length}`,
    );
  }
  if (timestamp !== undefined && !Number.isFinite(timestamp)) {
    throw new RangeError(`Cannot keep exemplar of ${key}: 'timestamp' must be finite, got ${timestamp}`);
  }
  return { labels: Object.freeze(Object.fromEntries(entries)), value, timestamp };
}
