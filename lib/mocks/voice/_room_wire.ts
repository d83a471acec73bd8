/** What a companion says in the room beside audio. */
export type ClientMessage =
  /** It begins to speak; without `inReplyTo` of its own accord. */
  | {
      readonly type: "reply_started";
      readonly inReplyTo?: string | undefined;
      readonly itemId?: string | undefined;
    }
  /** It has said all that it wanted to say, or was interrupted. */
  | { readonly type: "reply_stopped" }
  /** It will not answer an utterance. */
  | { readonly type: "reply_skipped"; readonly inReplyTo: string };

/** What the room tells a companion beside audio. */
export type ServerMessage =
  | { readonly type: "ready"; readonly session_id: string; readonly sample_rate: number }
  | {
      readonly type: "speech_started" | "speech_stopped";
      readonly user: string;
      readonly item_id: string;
    }
  | { readonly type: "interrupted"; readonly item_id: string; readonly in_reply_to: string | null }
  | { readonly type: "error"; readonly message: string };

/** @throws {SyntaxError} If a text frame is not a message of the room; the message says why. */
export function parseClientMessage(text: string): ClientMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SyntaxError("a text frame must be JSON");
  }
  const { type, in_reply_to, item_id } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const inReplyTo = parseId("in_reply_to", in_reply_to);
  switch (type) {
    case "reply_started":
      return { type, inReplyTo, itemId: parseId("item_id", item_id) };
    case "reply_stopped":
      return { type };
    case "reply_skipped":
      if (inReplyTo === undefined) throw new SyntaxError("'in_reply_to' must be there");
      return { type, inReplyTo };
    default:
      throw new SyntaxError("'type' must be reply_started, reply_stopped or reply_skipped");
  }
}

function parseId(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" && value.length > 0 && value.length <= 200) return value;
  throw new SyntaxError(`'${name}' must be a text of 1 to 200 letters, or null`);
}
