/** A message of the Android v1 API, as the app shows it. */
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
}

/** A frame of the companion. */
export type AndroidFrame =
  | { readonly event: "history"; readonly messages: readonly AndroidMessage[] }
  | { readonly event: "typing"; readonly isTyping: boolean }
  | { readonly event: "message"; readonly message: AndroidMessage }
  | { readonly event: "error"; readonly content: string }
  | { readonly event: "pong" };

/** What a login or refresh gives. */
export interface AndroidTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInMs: number;
  readonly userId: string;
  readonly sessionId: string;
}

/** @throws {SyntaxError} If it is not a frame of the protocol; the message says where. */
export function parseFrame(text: string): AndroidFrame {
  const frame = toRecord(parseJson(text), "frame");
  const data = frame["data"] === undefined ? {} : toRecord(frame["data"], "data");
  switch (frame["event"]) {
    case "history":
      return { event: "history", messages: toArray(data["messages"]).map(parseMessage) };
    case "typing":
      return { event: "typing", isTyping: data["is_typing"] === true };
    case "message":
      return { event: "message", message: parseMessage(data) };
    case "error":
      return { event: "error", content: String(data["content"]) };
    case "pong":
      return { event: "pong" };
    default:
      throw wrong("event", "one of history, typing, message, error, pong", frame["event"]);
  }
}

/** @throws {SyntaxError} If a field is missing; the message names it. */
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`Cannot read the companion's frame: it must be JSON, got ${text.slice(0, 80)}`, {
      cause,
    });
  }
}

function toTime(value: unknown, name: string): number | undefined {
  if (value === null || value === undefined) return undefined;
  const time = typeof value === "number" ? value : Date.parse(String(value));
  if (Number.isNaN(time)) throw wrong(name, "an ISO 8601 time", value);
  return time;
}

function toText(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  throw wrong(name, "a text", value);
}

function toNumber(fields: Record<string, unknown>, name: string): number {
  const value = fields[name];
  if (typeof value === "number" && value > 0) return value;
  throw wrong(name, "a number > 0", value);
}

function toArray(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrong("messages", "an array", value);
}

function toRecord(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw wrong(name, "an object", value);
}

function wrong(name: string, rule: string, value: unknown): SyntaxError {
  return new SyntaxError(
    `Cannot read the companion's frame: '${name}' must be ${rule}, got ${JSON.stringify(value)}`,
  );
}
