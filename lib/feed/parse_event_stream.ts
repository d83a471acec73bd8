// This module is browser-safe.
import { EventParser, type ParsedEvent } from "./_event_parser.ts";

export type { ParsedEvent } from "./_event_parser.ts";

/**
 * Events of a stream of bytes in the format `text/event-stream`, as they come.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseEventStream } from "demi-health/feed";
 *
 * const body = new Response("event: status\ndata: ok\n\n").body!;
 * const events = await Array.fromAsync(parseEventStream(body));
 * assert.deepEqual(events, [{ event: "status", data: "ok", id: "" }]);
 * ```
 *
 * @throws {RangeError} If one event is longer than 4 million characters.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* parseEventStream(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ParsedEvent, void, undefined> {
  const events: ParsedEvent[] = [];
  const parser = new EventParser((event) => events.push(event));
  // the parser strips the byte order mark itself, as text may come without a decoder
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const reader = body.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parser.push(decoder.decode(part.value, { stream: true }));
      yield* events.splice(0);
    }
  } finally {
    // ends the request when the reader stops early; after the end, or an abort, there is nothing left to cancel
    await reader.cancel().catch(() => {});
  }
}
