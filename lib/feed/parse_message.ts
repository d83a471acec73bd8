// This module is browser-safe.
import type { FeedMessage, FeedMessageType } from "./messages.ts";

type Fields = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isText = (value: unknown): value is string => typeof value === "string";
const isOptional = (value: unknown, check: (value: unknown) => boolean): boolean =>
  value === undefined || value === null || check(value);
const isNumberRecord = (value: unknown): boolean => isRecord(value) && Object.values(value).every(isNumber);
const isListOf = (value: unknown, check: (item: Fields) => boolean): boolean =>
  Array.isArray(value) && value.length <= 1000 && value.every((item) => isRecord(item) && check(item));

const isList = (value: unknown): boolean => Array.isArray(value) && value.length <= 1000;

function keepOnly(data: Fields, field: string, check: (item: Fields) => boolean): Fields {
  const list = data[field];
  return Array.isArray(list) ? { [field]: list.filter((item) => isRecord(item) && check(item)) } : {};
}

const isMetrics = (data: Fields): boolean => isNumber(data["time"]) && isNumberRecord(data["values"]);
const isEmotions = (data: Fields): boolean =>
  isNumber(data["time"]) &&
  isNumber(data["lastUpdated"]) &&
  isRecord(data["values"]) &&
  isOptional(data["momentum"], isRecord);
const isPlatform = (item: Fields): boolean =>
  isText(item["name"]) &&
  isText(item["status"]) &&
  isNumber(item["since"]) &&
  ["latencyMs", "lastEventAt", "messages", "errors"].every((field) => isOptional(item[field], isNumber)) &&
  ["breaker", "error"].every((field) => isOptional(item[field], isText));
const isAlert = (item: Fields): boolean =>
  ["id", "rule", "level", "state", "message"].every((field) => isText(item[field])) &&
  isNumber(item["activeAt"]) &&
  isRecord(item["labels"]) &&
  Object.values(item["labels"]).every(isText) &&
  ["firedAt", "resolvedAt", "value", "threshold"].every((field) => isOptional(item[field], isNumber));
const isAction = (item: Fields): boolean =>
  isText(item["id"]) && isText(item["label"]) && isOptional(item["description"], isText);

const isPoint = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(isNumber);
const isLine = (value: unknown): boolean => isList(value) && (value as readonly unknown[]).every(isPoint);
const isEstimate = (value: unknown): boolean =>
  isRecord(value) &&
  isNumber(value["value"]) &&
  isNumber(value["confidence"]) &&
  isOptional(value["low"], isNumber) &&
  isOptional(value["high"], isNumber);
const isLimit = (item: Fields): boolean =>
  isNumber(item["limitBytes"]) && isOptional(item["label"], isText) && isOptional(item["hours"], isEstimate);
const LOOKED = ["samples", "hours", "collections", "restarts"] as const;
const isLooked = (value: unknown): boolean =>
  isRecord(value) && LOOKED.every((field) => isNumber(value[field]));
const ESTIMATES = ["slopeBytesPerHour", "slopeRatioPerHour", "inSevenDaysBytes"] as const;
const isMemorySeries = (value: unknown): boolean =>
  isRecord(value) &&
  isNumber(value["confidence"]) &&
  isNumber(value["levelBytes"]) &&
  ESTIMATES.every((field) => isOptional(value[field], isEstimate)) &&
  isListOf(value["hoursUntil"], isLimit) &&
  isOptional(value["looked"], isLooked) &&
  isLine(value["floor"]) &&
  isLine(value["samples"]);
const isSite = (item: Fields): boolean =>
  isText(item["functionName"]) &&
  isText(item["file"]) &&
  ["line", "bytes", "share"].every((field) => isNumber(item[field]));
const isMemory = (data: unknown): boolean =>
  isRecord(data) &&
  isNumber(data["time"]) &&
  ["verdict", "severity", "needs"].every((field) => isText(data[field])) &&
  isOptional(data["decidedBy"], isText) &&
  isOptional(data["series"], isMemorySeries) &&
  isList(data["evidence"]) &&
  (data["evidence"] as readonly unknown[]).every(isText) &&
  isOptional(data["sites"], (sites) => isListOf(sites, isSite));

const isTextList = (value: unknown): boolean => isList(value) && (value as readonly unknown[]).every(isText);
const isRun = (data: unknown): boolean =>
  isRecord(data) &&
  ["time", "elapsedMs", "durationMs", "sent", "answered", "failed", "findings"].every((field) =>
    isNumber(data[field]),
  ) &&
  ["name", "mode", "state"].every((field) => isText(data[field])) &&
  ["leftMs", "speed", "rssBytes"].every((field) => isOptional(data[field], isNumber)) &&
  isTextList(data["latestFindings"]) &&
  isTextList(data["faults"]) &&
  isListOf(data["verdicts"], (item) => isText(item["name"]) && isText(item["outcome"]));

const CHECKS: Readonly<Record<FeedMessageType, (data: Fields) => boolean>> = {
  hello: (data) =>
    isText(data["name"]) &&
    isNumber(data["startedAt"]) &&
    isNumber(data["time"]) &&
    isNumber(data["intervalMs"]) &&
    isOptional(data["links"], (links) => isRecord(links) && Object.values(links).every(isText)) &&
    isOptional(data["actions"], (actions) => isListOf(actions, isAction)),
  snapshot: (data) =>
    isNumber(data["time"]) &&
    isText(data["status"]) &&
    isRecord(data["metrics"]) &&
    isMetrics(data["metrics"]) &&
    isOptional(data["emotions"], (emotions) => isRecord(emotions) && isEmotions(emotions)) &&
    isList(data["platforms"]) &&
    isList(data["alerts"]),
  metrics: isMetrics,
  emotions: isEmotions,
  platforms: (data) => isNumber(data["time"]) && isList(data["platforms"]),
  alert: isAlert,
  memory: isMemory,
  run: isRun,
  status: (data) => isNumber(data["time"]) && isText(data["status"]),
};

/**
 * Feed message from the type and the JSON text of an event, or `undefined` when it is of a type that this version
 * does not know, or not of its type's shape: a feed can come from any host, and a page must survive it.
 */
export function parseMessage(type: string, json: string): FeedMessage | undefined {
  if (!Object.hasOwn(CHECKS, type)) return undefined;
  try {
    const data: unknown = JSON.parse(json);
    if (!isRecord(data) || !CHECKS[type as FeedMessageType](data)) return undefined;
    // one entry that is wrong costs itself, not the list; a verdict that is wrong not the state
    const kept = {
      ...data,
      ...keepOnly(data, "platforms", isPlatform),
      ...(type === "snapshot" ? keepOnly(data, "alerts", isAlert) : {}),
      ...(type === "snapshot" && !isMemory(data["memory"]) ? { memory: undefined } : {}),
      ...(type === "snapshot" && !isRun(data["run"]) ? { run: undefined } : {}),
    };
    return { type, data: kept } as unknown as FeedMessage; // checked field by field just now
  } catch {
    return undefined;
  }
}
