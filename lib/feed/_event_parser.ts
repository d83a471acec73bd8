// This module is browser-safe.

/** An event as a reader gets it; `id` is the last one that the stream named. */
export interface ParsedEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string;
}

// A line or an event beyond this is no feed of ours, and must not fill the reader's memory.
const MAX_EVENT_LENGTH = 4_000_000;

/** Incremental parser of `text/event-stream` text, split anywhere. */
export class EventParser {
  readonly #emit: (event: ParsedEvent) => void;
  #rest = "";
  #skipLineFeed = false;
  #first = true;
  #data: string[] = [];
  #dataLength = 0;
  #event = "";
  #id = "";

  constructor(emit: (event: ParsedEvent) => void) {
    this.#emit = emit;
  }

  /** @throws {RangeError} If one event is longer than 4 million characters. */
  push(chunk: string): void {
    let text = chunk;
    if (this.#first && text.length > 0) {
      this.#first = false;
      if (text.startsWith("\uFEFF")) text = text.slice(1);
    }
    // CR LF is one line end, also when the two come in different chunks
    if (this.#skipLineFeed && text.length > 0) {
      this.#skipLineFeed = false;
      if (text.startsWith("\n")) text = text.slice(1);
    }
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code !== 10 && code !== 13) continue;
      this.#line(this.#rest + text.slice(start, i));
      this.#rest = "";
      if (code === 13) {
        if (i + 1 === text.length) this.#skipLineFeed = true;
        else if (text.charCodeAt(i + 1) === 10) i++;
      }
      start = i + 1;
    }
    this.#rest += text.slice(start);
    this.#checkLength(this.#rest.length);
  }

  #line(line: string): void {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") {
      this.#data.push(value);
      this.#dataLength += value.length;
      this.#checkLength(this.#dataLength);
    } else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }

  #dispatch(): void {
    const event = this.#event || "message";
    const data = this.#data;
    this.#event = "";
    this.#data = [];
    this.#dataLength = 0;
    if (data.length > 0) this.#emit({ event, data: data.join("\n"), id: this.#id });
  }

  #checkLength(length: number): void {
    if (length <= MAX_EVENT_LENGTH) return;
    throw new RangeError(
      `Cannot read event stream: an event must have at most ${MAX_EVENT_LENGTH} characters, got ${length}`,
    );
  }
}
