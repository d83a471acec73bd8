// This module is browser-safe.
import type { Labels } from "../metrics/sample_key.ts";
import type { AlertState } from "./alert.ts";
import { parseSilence, type Silence } from "./silence.ts";
import type { AlertProgress } from "./step_alert.ts";

/** What of one alert outlives the process, as JSON. */
export interface SavedAlert {
  readonly rule: string;
  readonly labels: Labels;
  readonly metric: string;
  readonly value?: number | undefined;
  readonly threshold?: number | undefined;
  readonly progress: AlertProgress;
  /** When it was looked at last, epoch ms. */
  readonly seenAt: number;
}

/** What of an engine outlives the process, as JSON. */
export interface AlertEngineState {
  readonly version: 1;
  readonly alerts: readonly SavedAlert[];
  readonly silences?: readonly Silence[] | undefined;
}

const STATES: ReadonlySet<unknown> = new Set<AlertState>([
  "inactive",
  "pending",
  "firing",
  "recovering",
  "resolved",
  "no-data",
  "error",
]);
const TIMES = ["firedAt", "resolvedAt", "recoveringAt", "noDataAt", "quietUntil"] as const;

/** @throws {TypeError} If it is not the state of an engine; the message says where. */
export function parseEngineState(input: unknown): AlertEngineState {
  const state = toRecord(input, "state");
  if (state["version"] !== 1) throw stateError("version", "1", state["version"]);
  if (!Array.isArray(state["alerts"])) throw stateError("alerts", "a list", state["alerts"]);
  for (const [i, alert] of state["alerts"].entries()) checkAlert(alert, `alerts[${i}]`);
  const silences = state["silences"] ?? [];
  if (!Array.isArray(silences)) throw stateError("silences", "a list", silences);
  for (const silence of silences) parseSilence(silence);
  return input as AlertEngineState;
}

function checkAlert(input: unknown, where: string): void {
  const alert = toRecord(input, where);
  for (const field of ["rule", "metric"]) {
    if (typeof alert[field] !== "string") throw stateError(`${where}.${field}`, "a text", alert[field]);
  }
  const labels = toRecord(alert["labels"], `${where}.labels`);
  for (const [name, value] of Object.entries(labels)) {
    if (typeof value !== "string") throw stateError(`${where}.labels.${name}`, "a text", value);
  }
  checkNumber(alert["seenAt"], `${where}.seenAt`);
  for (const field of ["value", "threshold"]) {
    if (alert[field] !== undefined) checkNumber(alert[field], `${where}.${field}`);
  }
  checkProgress(alert["progress"], `${where}.progress`);
}

function checkProgress(input: unknown, where: string): void {
  const progress = toRecord(input, where);
  checkNumber(progress["activeAt"], `${where}.activeAt`);
  for (const field of TIMES) {
    if (progress[field] !== undefined) checkNumber(progress[field], `${where}.${field}`);
  }
  for (const field of ["state", "stateBeforeError"]) {
    const value = progress[field];
    const optional = field === "stateBeforeError" && value === undefined;
    if (!optional && !STATES.has(value)) throw stateError(`${where}.${field}`, "a state", value);
  }
  const { firings, told } = progress;
  if (firings !== undefined) {
    if (!Array.isArray(firings)) throw stateError(`${where}.firings`, "a list", firings);
    for (const [i, time] of firings.entries()) checkNumber(time, `${where}.firings[${i}]`);
  }
  if (told !== undefined && told !== "firing" && told !== "resolved") {
    throw stateError(`${where}.told`, "firing or resolved", told);
  }
  if (typeof progress["notified"] !== "boolean") {
    throw stateError(`${where}.notified`, "true or false", progress["notified"]);
  }
}

function checkNumber(value: unknown, where: string): void {
  if (!Number.isFinite(value)) throw stateError(where, "a finite number", value);
}

function toRecord(input: unknown, where: string): Record<string, unknown> {
  if (typeof input === "object" && input !== null && !Array.isArray(input))
    return input as Record<string, unknown>;
  throw stateError(where, "an object", input);
}

function stateError(field: string, expected: string, got: unknown): TypeError {
  return new TypeError(
    `Cannot restore alerts: '${field}' must be ${expected}, got ${JSON.stringify(got) ?? String(got)}`,
  );
}
