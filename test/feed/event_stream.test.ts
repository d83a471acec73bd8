import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeComment, encodeEvent } from "../../lib/feed/encode_event.ts";
import { type ParsedEvent, parseEventStream } from "../../lib/feed/parse_event_stream.ts";

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

async function parse(text: string, splitAt = 0): Promise<ParsedEvent[]> {
  const bytes = new TextEncoder().encode(text);
  return Array.fromAsync(parseEventStream(streamOf([bytes.slice(0, splitAt), bytes.slice(splitAt)])));
}

// The examples of https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
const CASES: readonly (readonly [name: string, text: string, expected: readonly ParsedEvent[]])[] = [
  [
    "several data lines",
    "data: YHOO\ndata: +2\ndata: 10\n\n",
    [{ event: "message", data: "YHOO\n+2\n10", id: "" }],
  ],
  [
    "comments, ids that stay, an id that is reset, an event that is not ended",
    ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
    [
      { event: "message", data: "first event", id: "1" },
      { event: "message", data: "second event", id: "" },
    ],
  ],
  [
    "empty data, and a trailing block that never ends",
    "data\n\ndata\ndata\n\ndata:",
    [
      { event: "message", data: "", id: "" },
      { event: "message", data: "\n", id: "" },
    ],
  ],
  [
    "the space after the colon",
    "data:test\n\ndata: test\n\n",
    [
      { event: "message", data: "test", id: "" },
      { event: "message", data: "test", id: "" },
    ],
  ],
  [
    "every line end, a byte order mark, a split rune",
    "\uFEFFevent: a\r\ndata: é💜\r\r\nid: 7\rdata: b\n\n",
    [
      { event: "a", data: "é💜", id: "" },
      { event: "message", data: "b", id: "7" },
    ],
  ],
  [
    "an id with NUL, unknown fields",
    "id: a\0b\nfoo: bar\nretry: 10\ndata: x\n\n",
    [{ event: "message", data: "x", id: "" }],
  ],
];

suite("parseEventStream()", () => {
  for (const [name, text, expected] of CASES) {
    test(`reads ${name}, split at every byte`, async () => {
      const length = new TextEncoder().encode(text).length;
      for (let at = 0; at <= length; at++)
        assert.deepEqual(await parse(text, at), expected, `split at ${at}`);
    });
  }

  test("gets back whatever was encoded", async () => {
    const line = fc
      .string({ unit: "grapheme" })
      .filter((text) => !/[\r\n\0]/.test(text) && !text.startsWith(" "));
    const event = fc.record({
      event: line.filter((text) => text !== ""),
      data: fc.string({ unit: "grapheme" }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event), async (events) => {
        const text = events.map((each) => encodeEvent(each)).join(encodeComment("hi\nthere"));
        const expected = events.map((each) => ({ ...each, data: each.data.replace(/\r\n?/g, "\n"), id: "" }));
        assert.deepEqual(await parse(text), expected);
      }),
      { seed: 1 },
    );
  });

  test("does not collect an endless line", async () => {
    const chunk = new TextEncoder().encode("x".repeat(1_000_000));
    await assert.rejects(Array.fromAsync(parseEventStream(streamOf(Array(10).fill(chunk)))), {
      name: "RangeError",
    });
  });
});

suite("encodeEvent()", () => {
  test("refuses what would end a field early", () => {
    assert.throws(() => encodeEvent({ id: "a\nb", data: "" }), {
      name: "TypeError",
      message: /'id' must be one line/,
    });
  });
});
