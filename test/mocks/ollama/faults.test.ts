import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { Ollama } from "ollama";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { ClockLedger } from "../../../lib/mocks/_clock_ledger.ts";
import { type MockOllamaOptions, MockOllamaServer } from "../../../lib/mocks/ollama/mock_ollama_server.ts";
import type { OllamaFault } from "../../../lib/mocks/ollama/ollama_faults.ts";

const FAST: MockOllamaOptions = {
  firstTokenMs: 0,
  tokensPerSecond: Infinity,
  replies: [[/./, "one two three four five"]],
};

/** Texts that came, and how it ended: the error's message, or `done`. */
async function streamUnder(fault: OllamaFault): Promise<readonly [string, string]> {
  await using mock = await MockOllamaServer.listen(FAST);
  mock.injectFault(fault, { times: 1 });
  const client = new Ollama({ host: mock.url });
  let text = "";
  try {
    const messages = [{ role: "user", content: "count" }];
    let last;
    for await (const part of await client.chat({ model: mock.model, messages, stream: true })) {
      text += part.message?.content ?? "";
      last = part;
    }
    return [text, last?.done ? "done" : "not done"];
  } catch (error) {
    return [text, (error as Error).message];
  }
}

suite("faults of the Ollama mock, as the client of npm meets them", () => {
  for (const [fault, text, how] of [
    [{ kind: "cut", afterTokens: 2 }, "one two", /Did not receive done/],
    [{ kind: "cut", afterTokens: 2, midLine: true }, "one two", /JSON|Unterminated|Did not receive done/i],
    [{ kind: "reset", afterTokens: 2 }, "one two", /terminated/],
    [{ kind: "error-line", afterTokens: 2, error: "out of memory" }, "one two", /out of memory/],
    [{ kind: "malformed", afterTokens: 1 }, "one two three four five", /^done$/],
    [{ kind: "error-body", error: "no runner" }, "", /no runner/],
    [{ kind: "fail", status: 500, error: "boom" }, "", /boom/],
    [{ kind: "empty" }, "", /^done$/],
    [{ kind: "duplicate-lines" }, "oneone two two three three four four five five", /^done$/],
    [{ kind: "loop", tokens: 8 }, "one two three four five three four five", /^done$/],
    [{ kind: "drip", bytesPerSecond: 1e6 }, "one two three four five", /^done$/],
    [{ kind: "clock-skew", ms: -1e9 }, "one two three four five", /^done$/],
  ] as const) {
    test(`${JSON.stringify(fault)}`, async () => {
      const [said, ended] = await streamUnder(fault);
      assert.equal(said, text);
      assert.match(ended, how);
    });
  }

  test("a fault strikes as often as it is told, and the log says so", async () => {
    await using mock = await MockOllamaServer.listen(FAST);
    const fault = mock.injectFault({ kind: "fail" }, { times: 2, path: undefined } as never);
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await fetch(`${mock.url}/api/tags`)).status);
    assert.deepEqual([statuses, fault.strikes, fault.isOver], [[500, 500, 200], 2, true]);
    assert.throws(
      () => mock.injectFault({ kind: "stall", afterTokens: -1 }),
      /'afterTokens' must be finite and >= 0, got -1/,
    );
  });

  test("what was said before a cut is known, for those who look whether it is passed on", async () => {
    await using mock = await MockOllamaServer.listen(FAST);
    mock.injectFault({ kind: "cut", afterTokens: 3 });
    await new Ollama({ host: mock.url })
      .chat({ model: mock.model, messages: [{ role: "user", content: "x" }], stream: true })
      .then((stream) => Array.fromAsync(stream))
      .catch(() => undefined);
    assert.deepEqual(
      mock.truncatedReplies.map(({ text }) => text),
      ["one two three"],
    );
  });

  test("one at a time, the rest waits, and who comes when the queue is full is turned away", async () => {
    const clock = new VirtualClock();
    const timing = { firstTokenMs: 1000, tokensPerSecond: Infinity, jitterRatio: 0 };
    await using mock = await MockOllamaServer.listen({ ...FAST, ...timing, clock, parallel: 1, maxQueue: 1 });
    const client = new Ollama({ host: mock.url });
    const ask = async (content: string): Promise<number | string> => {
      try {
        await client.chat({ model: mock.model, messages: [{ role: "user", content }] });
        return clock.monotonicMs();
      } catch (error) {
        return (error as Error).message;
      }
    };
    const first = ask("a");
    while (mock.activeGenerations < 1) await new Promise(setImmediate);
    const second = ask("b");
    while (mock.activeGenerations < 2) await new Promise(setImmediate);
    assert.equal(await ask("c"), "server busy, please try again.  maximum pending requests exceeded");
    assert.deepEqual(await clock.advanceUntil(Promise.all([first, second])), [1000, 2000]);
  });

  test("a cold model is loaded once for all who wait for it", async () => {
    const clock = new VirtualClock();
    await using mock = await MockOllamaServer.listen({ ...FAST, clock, loadMs: 5000 });
    const client = new Ollama({ host: mock.url });
    const ask = (): Promise<unknown> => client.generate({ model: mock.model, prompt: "x" });
    const both = Promise.all([ask(), ask()]);
    while (mock.activeGenerations < 2) await new Promise(setImmediate);
    await clock.advanceUntil(both);
    assert.equal(clock.monotonicMs(), 5000);
    await clock.advanceUntil(ask());
    assert.equal(clock.monotonicMs(), 5000, "it stays in memory");
    await clock.advance(301_000);
    await clock.advanceUntil(ask());
    assert.equal(clock.monotonicMs(), 311_000, "unused for five minutes it had gone");
  });
});

suite("what the Ollama mock notes of its client", () => {
  async function chat(mock: MockOllamaServer, content: string, signal?: AbortSignal): Promise<number> {
    const body = JSON.stringify({ model: mock.model, messages: [{ role: "user", content }], stream: false });
    const response = await fetch(`${mock.url}/api/chat`, { method: "POST", body, ...(signal && { signal }) });
    await response.text();
    return response.status;
  }
  const rules = (mock: MockOllamaServer): string[] => [...mock.violations].map(({ rule }) => rule);

  test("the same failed request again and again without a pause", async () => {
    await using mock = await MockOllamaServer.listen({ ...FAST, clock: new VirtualClock() });
    mock.injectFault({ kind: "fail" });
    for (let i = 0; i < 7; i++) await chat(mock, "hello");
    assert.deepEqual(rules(mock), []);
    await chat(mock, "hello");
    assert.deepEqual(rules(mock), ["no-backoff"]);
    for (let i = 0; i < 30; i++) await chat(mock, "hello");
    assert.deepEqual(rules(mock), ["no-backoff", "retry-storm"]);
    assert.equal(JSON.stringify([...mock.violations]).includes("hello"), false);
  });

  test("not the failures of many people at once, nor tries with pauses on the clock", async () => {
    const clock = new VirtualClock();
    await using mock = await MockOllamaServer.listen({ ...FAST, clock });
    mock.injectFault({ kind: "fail" });
    for (let i = 0; i < 40; i++) await chat(mock, `person ${i}`);
    for (let i = 0; i < 40; i++) {
      await chat(mock, "again");
      await clock.advance(1000);
    }
    assert.deepEqual(rules(mock), []);
  });

  test("a stalled stream that is read for longer than two minutes", async () => {
    const clock = new VirtualClock();
    await using mock = await MockOllamaServer.listen({ ...FAST, clock });
    mock.stallNext({ afterTokens: 1 });
    mock.stallNext({ afterTokens: 1 });
    const controller = new AbortController();
    const patient = chat(mock, "patient", controller.signal).catch(() => 0);
    while (mock.activeGenerations < 1) await new Promise(setImmediate);
    await clock.advance(119_000);
    assert.deepEqual(rules(mock), []);
    await clock.advance(2000);
    assert.deepEqual(rules(mock), ["no-timeout-on-stalled-stream"]);
    controller.abort();
    await patient;
  });

  test("more requests at once than are allowed, and what is refused sent again", async () => {
    await using mock = await MockOllamaServer.listen({
      ...FAST,
      maxConcurrency: 3,
      clock: new VirtualClock(),
    });
    await Promise.all(Array.from({ length: 3 }, (_, i) => chat(mock, String(i))));
    assert.deepEqual(rules(mock), []);
    mock.injectFault({ kind: "slow", ms: 10 });
    const many = Array.from({ length: 4 }, (_, i) => chat(mock, String(i)).catch(() => 0));
    while (mock.activeGenerations < 4) await new Promise(setImmediate);
    assert.deepEqual(rules(mock), ["unbounded-concurrency"]);
    const wrong = (): Promise<Response> =>
      fetch(`${mock.url}/api/chat`, { method: "POST", body: '{"model":"nope"}' });
    for (let i = 0; i < 5; i++) assert.equal((await wrong()).status, 404);
    assert.deepEqual(rules(mock), ["unbounded-concurrency", "protocol-error"]);
    await mock[Symbol.asyncDispose]();
    await Promise.all(many);
  });
});

suite("a stall on a virtual clock", () => {
  test("a client that gives up after its time finds the clock at that time, not far ahead", async () => {
    const clock = new VirtualClock();
    await using mock = await MockOllamaServer.listen({ ...FAST, clock });
    using _hold = ClockLedger.of(clock).hold("a message");
    mock.stallNext({ afterTokens: 1 });
    const limit = new AbortController();
    clock.setTimer(() => limit.abort(), 30_000);
    const body = JSON.stringify({ model: mock.model, messages: [{ role: "user", content: "x" }] });
    const asked = fetch(`${mock.url}/api/chat`, { method: "POST", body, signal: limit.signal }).then((each) =>
      each.text(),
    );
    await assert.rejects(clock.advanceUntil(asked, { limitMs: 3_600_000 }));
    while (mock.activeGenerations > 0) await new Promise(setImmediate);
    assert.ok(clock.monotonicMs() >= 30_000 && clock.monotonicMs() < 40_000, String(clock.monotonicMs()));
  });
});
