import { AndroidFrameError } from "./_android_errors.ts";
import type { AndroidSession } from "./android_options.ts";

/** A message, as the app shows it. */
export interface AndroidMessage {
  readonly id: string;
  readonly conversationId: string;
  readonly sender: "user" | "demi";
  readonly content: string;
  /** The companion's emotions when it wrote this, as it sent them. */
  readonly emotionState: unknown;
  readonly status: string;
  /** Epoch milliseconds, of the companion's clock. */
  readonly createdAt: number;
  readonly deliveredAt?: number | undefined;
  readonly readAt?: number | undefined;
  /** What the older mobile API has with a message that is spoken. */
  readonly audio?: { readonly url: string; readonly durationMs?: number | undefined } | undefined;
}

/** A frame of the companion. */
export type AndroidFrame =
  | { readonly event: "history"; readonly messages: readonly AndroidMessage[] }
  | { readonly event: "typing"; readonly isTyping: boolean }
  | { readonly event: "message"; readonly message: AndroidMessage }
  | { readonly event: "error"; readonly content: string }
  | { readonly event: "connected" }
  | { readonly event: "emotions"; readonly emotions: Readonly<Record<string, unknown>> }
  | { readonly event: "pong" };

/** What a login or refresh gives. */
export interface AndroidTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInMs: number;
  readonly userId: string;
  readonly sessionId: string;
}

/** @throws {AndroidFrameError} If it is not a frame of the v1 API; the message says where. */
export function parseV1Frame(text: string): AndroidFrame {
  const frame = toRecord(parseJson(text), "frame");
  const data = frame["data"] === undefined ? {} : toRecord(frame["data"], "data");
  switch (frame["event"]) {
    case "history":
      return { event: "history", messages: toArray(data["messages"], "messages").map(parseMessage) };
    case "typing":
      return { event: "typing", isTyping: data["is_typing"] === true };
    case "message":
      return { event: "message", message: parseMessage(data) };
    case "error":
      return { event: "error", content: String(data["content"]) };
    case "pong":
      return { event: "pong" };
    default:
      throw unknownEvent("event", "one of history, typing, message, error, pong", frame["event"]);
  }
}

/** @throws {AndroidFrameError} If a field is missing; the message names it. */
export function parseTokens(body: unknown): AndroidTokens {
  const fields = toRecord(body, "tokens");
  return {
    accessToken: toText(fields, "access_token"),
    refreshToken: toText(fields, "refresh_token"),
    expiresInMs: toNumber(fields, "expires_in") * 1000,
    userId: toText(fields, "user_id"),
    sessionId: toText(fields, "session_id"),
  };
}

/** @throws {AndroidFrameError} If it is not the list of sessions. */
export function parseSessions(body: unknown): readonly AndroidSession[] {
  return toArray(toRecord(body, "answer")["sessions"], "sessions").map((each) => {
    const fields = toRecord(each, "session");
    return {
      id: toText(fields, "session_id"),
      deviceName: toText(fields, "device_name"),
      isCurrent: fields["is_current"] === true,
    };
  });
}

function parseMessage(input: unknown): AndroidMessage {
  const fields = toRecord(input, "message");
  const sender = fields["sender"];
  if (sender !== "user" && sender !== "demi") throw wrong("sender", "user or demi", sender);
  return {
    id: toText(fields, "message_id"),
    conversationId: toText(fields, "conversation_id"),
    sender,
    content: toText(fields, "content"),
    emotionState: fields["emotion_state"],
    status: toText(fields, "status"),
    createdAt: toTime(fields["created_at"], "created_at") ?? 0,
    deliveredAt: toTime(fields["delivered_at"], "delivered_at"),
    readAt: toTime(fields["read_at"], "read_at"),
  };
}

/** @throws {AndroidFrameError} If it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AndroidFrameError("it", "JSON", describe(text)); // its cause would quote the text
  }
}

/** Epoch milliseconds of an ISO 8601 time; undefined for none. */
export function toTime(value: unknown, name: string): number | undefined {
  if (value === null || value === undefined) return undefined;
  const time = typeof value === "number" ? value : Date.parse(String(value));
  if (Number.isNaN(time)) throw wrong(name, "an ISO 8601 time", value);
  return time;
}

export function toText(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  throw wrong(name, "a text", value);
}

function toNumber(fields: Record<string, unknown>, name: string): number {
  const value = fields[name];
  if (typeof value === "number" && value > 0) return value;
  throw wrong(name, "a number > 0", value);
}

function toArray(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrong(name, "an array", value);
}

export function toRecord(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw wrong(name, "an object", value);
}

export function wrong(name: string, rule: string, value: unknown): AndroidFrameError {
  return new AndroidFrameError(`'${name}'`, rule, describe(value));
}

/** As {@linkcode wrong}, for the name of an event. */
export function unknownEvent(name: string, rule: string, value: unknown): AndroidFrameError {
  const isUnknownEvent = typeof value === "string";
  return new AndroidFrameError(`'${name}'`, rule, describe(value), { isUnknownEvent });
}

/** A value without what people wrote. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value !== "string") return String(value);
  return /^[\w-]{1,30}$/.test(value) ? value : `a text of length ${value.length}`;
}
