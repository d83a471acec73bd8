import type { StoredMessage } from "./storage.ts";

/** What a device may say. */
export type ClientFrame =
  | { readonly event: "message"; readonly content: string }
  | { readonly event: "read_receipt"; readonly messageId: string }
  | { readonly event: "ping" };

/** Longest message that a device may send, in UTF-16 code units. */
export const MAX_CONTENT_LENGTH: number = 4000;

/**
 * Frame of a device, `{event, data}` in JSON.
 *
 * @throws {SyntaxError} If it is none; the message may be shown to the device.
 */
export function parseFrame(text: string): ClientFrame {
  const { event, data } = parseObject(text);
  const fields = typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
  if (event === "ping") return { event };
  if (event === "message") return { event, content: parseContent(fields["content"]) };
  if (event === "read_receipt" && typeof fields["message_id"] === "string") {
    return { event, messageId: fields["message_id"] };
  }
  throw new SyntaxError("Cannot read frame: 'event' must be message, read_receipt or ping, with its data");
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const frame: unknown = JSON.parse(text);
    if (typeof frame === "object" && frame !== null) return frame as Record<string, unknown>;
  } catch {
    // said below
  }
  throw new SyntaxError("Cannot read frame: it must be a JSON object");
}

function parseContent(content: unknown): string {
  if (typeof content === "string" && content.trim() !== "" && content.length <= MAX_CONTENT_LENGTH)
    return content;
  throw new SyntaxError(
    `Cannot read frame: 'content' must be a text of 1 to ${MAX_CONTENT_LENGTH} characters`,
  );
}

/** A message as devices get it. */
export function encodeMessage(message: StoredMessage): object {
  const status =
    message.readAt !== undefined ? "read" : message.deliveredAt !== undefined ? "delivered" : "sent";
  return {
    message_id: message.id,
    conversation_id: message.conversationId,
    sender: message.sender,
    content: message.content,
    emotion_state: message.emotions ?? null,
    status,
    delivered_at: toIso(message.deliveredAt),
    read_at: toIso(message.readAt),
    created_at: toIso(message.createdAt),
  };
}

function toIso(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}
