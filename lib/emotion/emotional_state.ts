// This module is browser-safe.

/** The nine emotions, in the order in which they are shown. */
export const EMOTION_NAMES = [
  "loneliness",
  "excitement",
  "frustration",
  "jealousy",
  "vulnerability",
  "confidence",
  "curiosity",
  "affection",
  "defensiveness",
] as const;

/** Name of one of the nine emotions. */
export type EmotionName = (typeof EMOTION_NAMES)[number];

/** A number for each of the nine emotions. */
export type EmotionValues = Readonly<Record<EmotionName, number>>;

/** A companion's emotional state at one moment, as plain data. */
export interface EmotionalState extends EmotionValues {
  /** How far each emotion was driven beyond 1, what is left of it; 0 where it never was. */
  readonly momentum: EmotionValues;
  /** The time of the state, not of reading it: milliseconds since the Unix epoch. */
  readonly lastUpdated: number;
}

/** The nine values from a function of the name, in their fixed order. */
export function mapEmotions(valueOf: (name: EmotionName) => number): Record<EmotionName, number> {
  const values = {} as Record<EmotionName, number>;
  for (const name of EMOTION_NAMES) values[name] = valueOf(name);
  return values;
}

/**
 * Emotional state from what a companion serves as JSON: nine numbers, optional `momentum`, and `lastUpdated` or
 * `last_updated` as epoch milliseconds or an ISO 8601 text. Values are taken as they are, out of bounds too: to
 * say so is the monitor's business.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { EMOTION_NAMES, parseEmotionalState } from "demi-health/emotion";
 *
 * const nine = Object.fromEntries(EMOTION_NAMES.map((name) => [name, 0.5]));
 * const state = parseEmotionalState({ ...nine, last_updated: "2026-01-01T00:00:00Z" });
 * assert.equal(state.lastUpdated, Date.UTC(2026, 0, 1));
 * ```
 *
 * @throws {TypeError} If a value is missing or is not a number; the message names it.
 */
export function parseEmotionalState(input: unknown): EmotionalState {
  const source = toRecord(input, "state");
  const momentum = source["momentum"] === undefined ? {} : toRecord(source["momentum"], "momentum");
  return {
    ...mapEmotions((name) => toNumber(source[name], name)),
    momentum: mapEmotions((name) => toNumber(momentum[name] ?? 0, `momentum.${name}`)),
    lastUpdated: toEpochMs(source["lastUpdated"] ?? source["last_updated"]),
  };
}

function toRecord(input: unknown, name: string): Record<string, unknown> {
  if (typeof input === "object" && input !== null) return input as Record<string, unknown>;
  throw new TypeError(
    `Cannot parse emotional state: '${name}' must be an object, got ${JSON.stringify(input)}`,
  );
}

function toNumber(input: unknown, name: string): number {
  if (typeof input === "number") return input;
  throw new TypeError(
    `Cannot parse emotional state: '${name}' must be a number, got ${JSON.stringify(input)}`,
  );
}

function toEpochMs(input: unknown): number {
  const time = typeof input === "string" ? Date.parse(input) : input;
  if (typeof time === "number" && Number.isFinite(time)) return time;
  throw new TypeError(
    `Cannot parse emotional state: 'lastUpdated' must be epoch ms or ISO 8601, got ${JSON.stringify(input)}`,
  );
}
