import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { Ollama, type ChatResponse } from "ollama";
import { SeededRandom } from "../../../lib/base/random.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { type MockOllamaOptions, MockOllamaServer } from "../../../lib/mocks/ollama/mock_ollama_server.ts";

const FAST: MockOllamaOptions = { firstTokenMs: 0, tokensPerSecond: Infinity };

function client(mock: MockOllamaServer): Ollama {
  return new Ollama({ host: mock.url });
}
function ask(mock: MockOllamaServer, content: string, system?: string): Promise<ChatResponse> {
  const messages = [
    ...(system === undefined ? [] : [{ role: "system", content: system }]),
    { role: "user", content },
  ];
  return client(mock).chat({ model: mock.model, messages });
}
async function streamChat(mock: MockOllamaServer, content: string): Promise<ChatResponse[]> {
  const stream = await client(mock).chat({
    model: mock.model,
    messages: [{ role: "user", content }],
    stream: true,
  });
  return Array.fromAsync(stream);
}

suite("MockOllamaServer with the ollama client", () => {
  test("chat() streams tokens and ends with counts and durations", async () => {
    await using mock = await MockOllamaServer.listen({
      ...FAST,
      replies: [["weather", "It rains all day long."]],
    });
    const parts = await streamChat(mock, "How is the weather?");
    assert.equal(parts.map(({ message }) => message.content).join(""), "It rains all day long.");
    assert.equal(parts.length, 6);
    const last = parts.at(-1)!;
    assert.equal(last.done_reason, "stop");
    assert.equal(last.eval_count, 5);
    for (const duration of [last.total_duration, last.prompt_eval_duration, last.eval_duration]) {
      assert.ok(Number.isInteger(duration) && duration > 0);
    }
    assert.deepEqual(
      parts.map(({ done }) => done),
      [false, false, false, false, false, true],
    );
  });

  test("generate() and chat() without a stream give one object", async () => {
    const replies: MockOllamaOptions["replies"] = [[/name/, ({ text, model }) => `${model} heard: ${text}`]];
    await using mock = await MockOllamaServer.listen({ ...FAST, replies });
    const generated = await client(mock).generate({ model: mock.model, prompt: "Your name?" });
    assert.equal(generated.response, "llama3.2:3b heard: Your name?");
    assert.equal((await ask(mock, "My name?")).message.content, "llama3.2:3b heard: My name?");
  });

  test("lists its models, version and what is in memory", async () => {
    await using mock = await MockOllamaServer.listen({ ...FAST, models: ["demi", "llama3.2:3b"] });
    const { models } = await client(mock).list();
    assert.deepEqual(
      models.map(({ name }) => name),
      ["demi:latest", "llama3.2:3b"],
    );
    assert.match(models[0]!.digest, /^[0-9a-f]{64}$/);
    assert.match((await client(mock).version()).version, /^\d+\.\d+\.\d+$/);
    assert.equal((await client(mock).ps()).models.length, 0);
    await ask(mock, "hi");
    assert.equal((await client(mock).ps()).models[0]?.name, "demi:latest");
    assert.equal((await client(mock).show({ model: "demi" })).details.family, "demi");
  });

  test("an unknown model, a missing body and an unknown route fail in Ollama's words", async () => {
    await using mock = await MockOllamaServer.listen(FAST);
    const unknown = client(mock).chat({ model: "nope", messages: [{ role: "user", content: "hi" }] });
    await assert.rejects(unknown, {
      name: "ResponseError",
      status_code: 404,
      error: "model 'nope' not found",
    });
    const empty = await fetch(`${mock.url}/api/chat`, { method: "POST" });
    assert.equal(empty.status, 400);
    assert.deepEqual(await empty.json(), { error: "missing request body" });
    assert.equal((await fetch(`${mock.url}/api/nothing`)).status, 404);
    assert.equal((await fetch(mock.url, { method: "HEAD" })).status, 200);
  });

  test("abort() ends the generation on the server", async () => {
    await using mock = await MockOllamaServer.listen({ firstTokenMs: 0, tokensPerSecond: 200 });
    const stream = await client(mock).chat({
      model: mock.model,
      messages: [{ role: "user", content: "Tell me a story" }],
      stream: true,
    });
    const aborted = mock.calls.waitFor(({ outcome }) => outcome === "aborted");
    await assert.rejects(
      (async () => {
        for await (const _ of stream) stream.abort();
      })(),
      { name: "AbortError" },
    );
    await aborted;
    assert.equal(mock.activeGenerations, 0);
  });

  test("the same seed gives the same replies, another one others; a strong emotion is heard", async () => {
    const replies = async (seed: number): Promise<string[]> => {
      await using mock = await MockOllamaServer.listen({ ...FAST, random: new SeededRandom(seed) });
      const texts = [
        "Hello Demi!",
        "Why is the sky blue?",
        "You are stupid",
        "I feel so sad",
        "Bye",
        "It works",
      ];
      const all = await Promise.all(texts.map((text) => ask(mock, text)));
      return all.map(({ message }) => message.content);
    };
    assert.deepEqual(await replies(1), await replies(1));
    assert.notDeepEqual(await replies(1), await replies(2));

    await using mock = await MockOllamaServer.listen(FAST);
    const lonely = await ask(mock, "Hello", "Your feelings: loneliness 0.92, excitement 0.30");
    assert.match(lonely.message.content, /quiet|hoping/);
    const excited = await ask(mock, "Hello", "Your feelings: loneliness 0.3, excitement: 90 %");
    assert.match(excited.message.content, /wonderful|hardly wait/);
  });

  test("takes the time of a model on its clock, at once in real time", async () => {
    const clock = new VirtualClock({ startMs: 0 });
    const timing = { firstTokenMs: 2000, tokensPerSecond: 10, jitterRatio: 0 };
    await using mock = await MockOllamaServer.listen({ ...timing, clock, replies: [[/./, "one two three"]] });
    const arrived = mock.calls.waitFor(() => true, { timeoutMs: 1e9 });
    const reply = ask(mock, "count");
    while (mock.activeGenerations === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(60_000);
    assert.equal((await reply).total_duration, 2_200_000_000);
    assert.equal((await arrived).durationMs, 2200);
  });

  test("stallNext() stops one generation for good, with the connection open", async () => {
    await using mock = await MockOllamaServer.listen({ ...FAST, replies: [[/./, "one two three"]] });
    mock.stallNext({ afterTokens: 2 });
    const stream = await client(mock).chat({
      model: mock.model,
      messages: [{ role: "user", content: "count" }],
      stream: true,
    });
    const seen: string[] = [];
    const ended = assert.rejects(
      (async () => {
        for await (const { message } of stream) {
          seen.push(message.content);
          if (seen.length === 2) queueMicrotask(() => stream.abort());
        }
      })(),
      { name: "AbortError" },
    );
    await ended;
    assert.deepEqual(seen, ["one", " two"]);
    assert.equal((await streamChat(mock, "again")).at(-1)?.done, true);
  });

  test("outage(): connections are reset until it is over, a running stream too", async () => {
    await using mock = await MockOllamaServer.listen({ ...FAST, replies: [[/./, "one two three"]] });
    mock.stallNext({ afterTokens: 1 });
    const stream = await client(mock).chat({
      model: mock.model,
      messages: [{ role: "user", content: "count" }],
      stream: true,
    });
    let over: Promise<void> | undefined;
    await assert.rejects(
      (async () => {
        for await (const _ of stream) over = mock.outage(Infinity);
      })(),
    );
    await assert.rejects(ask(mock, "hello"));
    mock.endOutage();
    await over;
    assert.equal((await ask(mock, "hello")).message.content, "one two three");
  });

  test("a scripted reply that throws is told to the owner, and the client gets a 500", async () => {
    const failure = new Error("no idea");
    const told: unknown[] = [];
    const replies: MockOllamaOptions["replies"] = [
      [
        /./,
        () => {
          throw failure;
        },
      ],
    ];
    await using mock = await MockOllamaServer.listen({
      ...FAST,
      replies,
      onError: (error) => told.push(error),
    });
    await assert.rejects(ask(mock, "hello"), { status_code: 500, error: "no idea" });
    assert.deepEqual(told, [failure]);
  });

  test("bad options are refused in one sentence", async () => {
    await assert.rejects(
      MockOllamaServer.listen({ tokensPerSecond: 0 }),
      /'tokensPerSecond' must be > 0, got 0$/,
    );
    await assert.rejects(MockOllamaServer.listen({ jitterRatio: 2 }), RangeError);
    await assert.rejects(MockOllamaServer.listen({ models: [] }), RangeError);
  });
});
