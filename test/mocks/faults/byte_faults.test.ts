import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { FaultLog } from "../../../lib/mocks/faults/fault_log.ts";
import { FaultProxy } from "../../../lib/mocks/faults/fault_proxy.ts";
import type { Toxic } from "../../../lib/mocks/faults/toxics.ts";
import { Client, listenTcp, through } from "./_echo.ts";

const CHUNKED = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
const PLAIN = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

function toChunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

suite("FaultProxy, faults of its own", () => {
  for (const [toxic, send, expected] of [
    [{ kind: "cut", bytes: 3 }, "hello", "hel"],
    [{ kind: "cut_line", lines: 1 }, '{"a":1}\n{"b":2}\n', '{"a":1}\n{"b"'],
    [{ kind: "cut_line", lines: 0 }, 'data: {"a":1}\n\n', "data: {"],
    [
      { kind: "cut_line", lines: 1 },
      `${CHUNKED}${toChunk('{"a":1}\n')}${toChunk('{"b":2}\n')}0\r\n\r\n`,
      `${CHUNKED}${toChunk('{"a":1}\n')}8\r\n{"b"`,
    ],
    [{ kind: "break_json", nth: 2 }, '{"a":1}\n{"b":2}\n', '{"a":1}\n{"b":2]\n'],
    [{ kind: "duplicate", afterBytes: 2, bytes: 3 }, "0123456789", "0123423456789"],
    [{ kind: "malformed_chunk" }, `${CHUNKED}5\r\nhello\r\n`, `${CHUNKED}z\r\nhello\r\n`],
    [{ kind: "malformed_chunk" }, `${PLAIN}${CHUNKED}5\r\nhello\r\n`, `${PLAIN}${CHUNKED}z\r\nhello\r\n`],
    [{ kind: "malformed_chunk" }, `${PLAIN}`, `${PLAIN}`],
  ] as const) {
    const name = JSON.stringify(toxic);
    test(`${name} does what it says, however its data is cut, and logs the same byte`, async () => {
      const whole = new FaultLog();
      assert.equal((await through([toxic], send, { faultLog: whole })).text, expected);
      const sliced = new FaultLog();
      const slicer: Toxic = { kind: "slicer", averageBytes: 1 };
      assert.equal((await through([slicer, toxic], send, { faultLog: sliced })).text, expected);
      const places = (log: FaultLog): string[] =>
        [...log].filter(({ kind }) => kind === toxic.kind).map(({ detail }) => detail);
      assert.deepEqual(places(sliced), places(whole));
    });
  }

  test("a cut can be a reset", async () => {
    for (const toxic of [
      { kind: "cut", bytes: 2, by: "reset" },
      { kind: "cut_line", lines: 0, by: "reset" },
    ] as const) {
      assert.equal((await through([toxic], '{"a":1}\n', { end: false })).how, "ECONNRESET");
    }
  });

  test("slow_drip gives a byte at a time, dribbled_body after the head", async () => {
    const drip = await through([{ kind: "slow_drip", bytesPerSecond: 2 }], "hello", {
      clock: new VirtualClock(),
    });
    assert.deepEqual([drip.text, drip.ms], ["hello", 2500]);
    const body = await through([{ kind: "dribbled_body", bytesPerSecond: 2 }], PLAIN, {
      clock: new VirtualClock(),
    });
    assert.deepEqual([body.text, body.ms], [PLAIN, 2500]);
  });

  test("stall passes its bytes, then the connection stays open and silent", async () => {
    await using echo = await listenTcp();
    await using proxy = await FaultProxy.listen({ upstream: echo });
    const stall = proxy.add({ kind: "stall", bytes: 4 });
    const client = new Client(proxy.port);
    client.socket.write("hello");
    assert.equal(await client.gets(4), "hell");
    assert.equal(proxy.connections.length, 1);
    stall.remove();
    assert.equal(await client.gets(5), "hello");
    client.socket.destroy();
  });

  test("garbage is other bytes than what was sent, the same for the same seed, then the end", async () => {
    const run = (name: string): Promise<{ readonly text: string; readonly how: string }> =>
      through([{ kind: "garbage", bytes: 32 }], "hello", { name, end: false });
    const first = await run("one");
    assert.deepEqual([first.text.length, first.how], [32, "end"]);
    assert.equal((await run("one")).text, first.text);
    assert.notEqual((await run("two")).text, first.text);
  });
});
