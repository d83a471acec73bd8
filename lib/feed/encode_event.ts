// This module is browser-safe.

/** One event of an event stream. */
export interface StreamEvent {
  /** Type of the event. @default {"message"} */
  readonly event?: string | undefined;
  /** What a reader sends as `Last-Event-ID` to go on after this event. */
  readonly id?: string | undefined;
  readonly data: string;
  /** How long a reader waits before it connects again, in milliseconds. */
  readonly retryMs?: number | undefined;
}

/**
 * Text of one event in the format `text/event-stream`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { encodeEvent } from "demi-health/feed";
 *
 * assert.equal(encodeEvent({ event: "status", data: "ok" }), "event: status\ndata: ok\n\n");
 * ```
 *
 * @throws {TypeError} If `event` or `id` has a line break, which would end the field early.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function encodeEvent({ event, id, data, retryMs }: StreamEvent): string {
  let text = "";
  if (retryMs !== undefined) text += `retry: ${Math.round(retryMs)}\n`;
  if (event !== undefined) text += `event: ${checkLine("event", event)}\n`;
  if (id !== undefined) text += `id: ${checkLine("id", id)}\n`;
  for (const line of data.split(/\r\n|\r|\n/)) text += `data: ${line}\n`;
  return `${text}\n`;
}

function checkLine(name: string, value: string): string {
  if (!/[\r\n\0]/.test(value)) return value;
  throw new TypeError(`Cannot encode event: '${name}' must be one line, got ${JSON.stringify(value)}`);
}

/** Text of a comment, which readers skip: it keeps a connection alive. */
export function encodeComment(text: string): string {
  return `: ${text.replace(/[\r\n]+/g, " ")}\n\n`;
}
