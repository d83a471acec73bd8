import {
  type AndroidFrame,
  parseJson,
  toRecord,
  toText,
  toTime,
  unknownEvent,
  wrong,
} from "./_android_wire.ts";

/**
 * A parser of the frames of one connection of the older mobile API. Messages have no ids there: they are numbered.
 *
 * @param prefix Begins the ids.
 */
export function mobileParser(prefix: string, now: () => number): (text: string) => AndroidFrame {
  let messages = 0;
  return (text) => {
    const frame = toRecord(parseJson(text), "frame");
    const kind = frame["type"] ?? frame["event"];
    switch (kind) {
      case "connected":
        return { event: "connected" };
      case "typing":
        return { event: "typing", isTyping: frame["is_typing"] !== false };
      case "emotions":
        return { event: "emotions", emotions: toRecord(frame["emotions"], "emotions") };
      case "error":
        return { event: "error", content: String(frame["content"]) };
      case "message":
        return { event: "message", message: parseMessage(frame, `${prefix}-${messages++}`, now()) };
      default:
        throw unknownEvent("type", "one of connected, typing, message, emotions, error", kind);
    }
  };
}

type MessageFrame = Extract<AndroidFrame, { readonly event: "message" }>;

function parseMessage(fields: Record<string, unknown>, id: string, now: number): MessageFrame["message"] {
  if (fields["from"] !== "demi") throw wrong("from", "demi", fields["from"]);
  const { audioUrl: url, duration } = fields;
  const durationMs = typeof duration === "number" ? duration * 1000 : undefined;
  return {
    id,
    conversationId: "mobile",
    sender: "demi",
    content: toText(fields, "content"),
    emotionState: fields["emotions"],
    status: "sent",
    createdAt: toTime(fields["timestamp"], "timestamp") ?? now,
    audio: typeof url === "string" ? { url, durationMs } : undefined,
  };
}
