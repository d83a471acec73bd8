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
    // one entry that is wrong costs itself, not the list
    const kept = {
      ...data,
      ...keepOnly(data, "platforms", isPlatform),
      ...(type === "snapshot" ? keepOnly(data, "alerts", isAlert) : {}),
    };
    return { type, data: kept } as unknown as FeedMessage; // checked field by field just now
  } catch {
    return undefined;
  }
}
