import type { HistoryQuery } from "../feed/health_source.ts";

const DEFAULT_POINTS = 500;
const MIN_POINTS = 2;
const MAX_POINTS = 5000;
const MAX_KEY_LENGTH = 1024;
const MAX_TIME = 8.64e15; // the end of what a Date can hold

/**
 * The query in the parameters of an address.
 *
 * @throws {RangeError} Saying which parameter must be what; the message is the answer to whom asked.
 */
export function parseHistoryQuery(parameters: URLSearchParams): HistoryQuery {
  const key = parameters.get("key");
  if (!key || key.length > MAX_KEY_LENGTH) {
    throw refusal("key", `a sample key of 1 to ${MAX_KEY_LENGTH} characters`, key && `${key.length}`);
  }
  const from = parseInteger(parameters, "from", "a time in epoch milliseconds", 0, MAX_TIME);
  const to = parseInteger(parameters, "to", "a time in epoch milliseconds", 0, MAX_TIME);
  if (from >= to) throw refusal("from", `before 'to' (${to})`, String(from));
  const points = parameters.has("points")
    ? parseInteger(
        parameters,
        "points",
        `an integer from ${MIN_POINTS} to ${MAX_POINTS}`,
        MIN_POINTS,
        MAX_POINTS,
      )
    : DEFAULT_POINTS;
  return { key, from, to, points };
}

function parseInteger(
  parameters: URLSearchParams,
  name: string,
  rule: string,
  min: number,
  max: number,
): number {
  const text = parameters.get(name);
  const value = Number(text);
  if (text === null || !/^\d+$/.test(text) || value < min || value > max) throw refusal(name, rule, text);
  return value;
}

function refusal(name: string, rule: string, given: string | null): RangeError {
  const got = given === null ? "none" : given.slice(0, 100) || "an empty one";
  return new RangeError(`'${name}' must be ${rule}, got ${got}`);
}
