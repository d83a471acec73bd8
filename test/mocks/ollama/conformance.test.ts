// What unmodified clients make of the mock: `ollama` of npm, and `openai`.
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { type MockOllamaOptions, MockOllamaServer } from "../../../lib/mocks/ollama/mock_ollama_server.ts";

const FAST: MockOllamaOptions = { firstTokenMs: 0, tokensPerSecond: Infinity, pullMs: 0 };
const TOOL = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Weather of a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
} as const;
const CALLS: MockOllamaOptions["replies"] = [
  [/weather/, { toolCalls: [{ name: "get_weather", arguments: { city: "Paris" } }] }],
  [/think/, { thinking: "Let me see.", content: "Forty-two." }],
];
const SCHEMA = {
  type: "object",
  properties: {
    mood: { type: "string", enum: ["glad", "sad"] },
    strength: { type: "integer", minimum: 1, maximum: 5 },
    reasons: { type: "array", items: { type: "string" }, minItems: 2 },
  },
  required: ["mood", "strength", "reasons"],
};

async function listen(options: MockOllamaOptions = {}): Promise<MockOllamaServer> {
  return await MockOllamaServer.listen({
    ...FAST,
    models: ["llama3.2:3b", "qwen3"],
    replies: CALLS,
    ...options,
  });
}

function isMood(value: unknown): void {
  const { mood, strength, reasons } = value as Record<string, unknown>;
  assert.ok(mood === "glad" || mood === "sad", String(mood));
  assert.ok(Number.isInteger(strength) && (strength as number) >= 1 && (strength as number) <= 5);
  assert.ok(Array.isArray(reasons) && reasons.length >= 2);
}

suite("the client of npm", () => {
  test("gets tool calls with arguments as an object, streamed or not", async () => {
    await using mock = await listen();
    const client = new Ollama({ host: mock.url });
    const ask = {
      model: mock.model,
      messages: [{ role: "user", content: "weather?" }],
      tools: [TOOL as never],
    };
    const { message } = await client.chat(ask);
    assert.deepEqual(message.tool_calls?.[0]?.function.arguments, { city: "Paris" });
    const parts = await Array.fromAsync(await client.chat({ ...ask, stream: true }));
    assert.equal(parts.flatMap((part) => part.message.tool_calls ?? [])[0]?.function.name, "get_weather");
    assert.equal(parts.at(-1)?.done, true);
  });

  test("gets thoughts of a model that thinks, and an error of one that does not", async () => {
    await using mock = await listen();
    const client = new Ollama({ host: mock.url });
    const messages = [{ role: "user", content: "think!" }];
    const { message } = await client.chat({ model: "qwen3", messages, think: true });
    assert.deepEqual([message.thinking, message.content], ["Let me see.", "Forty-two."]);
    await assert.rejects(client.chat({ model: mock.model, messages, think: true }), {
      error: `"${mock.model}" does not support thinking`,
    });
    assert.equal(
      (await client.chat({ model: mock.model, messages, think: false })).message.thinking,
      undefined,
    );
  });

  test("gets JSON and values of a schema", async () => {
    await using mock = await listen();
    const client = new Ollama({ host: mock.url });
    const messages = [{ role: "user", content: "How do you feel?" }];
    for (let i = 0; i < 20; i++) {
      const { message } = await client.chat({ model: mock.model, messages, format: SCHEMA });
      isMood(JSON.parse(message.content));
    }
    const { response } = await client.generate({ model: mock.model, prompt: "hi", format: "json" });
    assert.equal(typeof JSON.parse(String(response)), "object");
  });

  test("pulls with progress, creates, copies, deletes", async () => {
    await using mock = await listen();
    const client = new Ollama({ host: mock.url });
    const progress = await Array.fromAsync(await client.pull({ model: "gemma3", stream: true }));
    assert.equal(progress.at(-1)?.status, "success");
    const layer = progress.filter(({ total }) => total > 0);
    assert.match(String(layer[0]!.digest), /^sha256:[0-9a-f]{64}$/);
    assert.equal(layer.at(-1)?.completed, layer.at(-1)?.total);
    await client.create({ model: "demi", from: "gemma3", system: "You are Demi" });
    await client.copy({ source: "demi", destination: "demi2" });
    await client.delete({ model: "gemma3" });
    const names = (await client.list()).models.map(({ name }) => name);
    assert.deepEqual(names, ["llama3.2:3b", "qwen3:latest", "demi:latest", "demi2:latest"]);
    await assert.rejects(client.delete({ model: "gemma3" }), { error: "model 'gemma3' not found" });
    assert.ok((await client.show({ model: "qwen3" })).capabilities.includes("thinking"));
  });

  test("embeds: stable, of unit length, nearer for texts that share words", async () => {
    await using mock = await listen();
    const client = new Ollama({ host: mock.url });
    const input = ["I love my cat", "I love my dog", "quarterly revenue figures"];
    const { embeddings } = await client.embed({ model: mock.model, input });
    const [cat, dog, revenue] = embeddings as [number[], number[], number[]];
    const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    assert.equal(cat.length, 768);
    assert.ok(Math.abs(dot(cat, cat) - 1) < 1e-6);
    assert.ok(dot(cat, dog) > dot(cat, revenue) + 0.3);
    const again = await client.embed({ model: mock.model, input: input[0]! });
    assert.deepEqual(again.embeddings[0], cat);
    assert.equal((await client.embeddings({ model: mock.model, prompt: "hi" })).embedding.length, 768);
  });

  test("stops at its limits: num_predict, stop", async () => {
    await using mock = await listen({ replies: [[/./, "one two three four"]] });
    const client = new Ollama({ host: mock.url });
    const short = await client.generate({ model: mock.model, prompt: "x", options: { num_predict: 2 } });
    assert.deepEqual([short.response, short.done_reason], ["one two", "length"]);
    const stopped = await client.generate({ model: mock.model, prompt: "x", options: { stop: [" three"] } });
    assert.deepEqual([stopped.response, stopped.done_reason], ["one two", "stop"]);
  });

  test("loads, keeps, and unloads a model", async () => {
    await using mock = await listen();
    const client = new Ollama({ host: mock.url });
    const loaded = await client.generate({ model: mock.model, prompt: "", keep_alive: "1h30m" });
    assert.equal(loaded.done_reason, "load");
    const [model] = (await client.ps()).models;
    const leftMs = new Date(model!.expires_at).getTime() - Date.now();
    assert.ok(Math.abs(leftMs - 5_400_000) < 60_000, String(leftMs));
    assert.equal(
      (await client.generate({ model: mock.model, prompt: "", keep_alive: 0 })).done_reason,
      "unload",
    );
    assert.equal((await client.ps()).models.length, 0);
  });
});

suite("the client of OpenAI", () => {
  const make = (mock: MockOllamaServer): OpenAI =>
    new OpenAI({ baseURL: `${mock.url}/v1`, apiKey: "ollama", maxRetries: 0 });

  test("chats, streamed with its counts and not", async () => {
    await using mock = await listen({ replies: [[/./, "one two three"]] });
    const client = make(mock);
    const messages = [{ role: "user", content: "count" }] as const;
    const whole = await client.chat.completions.create({ model: mock.model, messages: [...messages] });
    assert.equal(whole.choices[0]?.message.content, "one two three");
    assert.equal(whole.usage?.completion_tokens, 3);
    const stream = await client.chat.completions.create({
      model: mock.model,
      messages: [{ role: "user", content: [{ type: "text", text: "count" }] }],
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await Array.fromAsync(stream);
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), "one two three");
    assert.equal(chunks.findLast((chunk) => chunk.choices.length > 0)?.choices[0]?.finish_reason, "stop");
    assert.equal(chunks.at(-1)?.usage?.total_tokens, 4);
  });

  test("gets tool calls with arguments as a text", async () => {
    await using mock = await listen();
    const ask = {
      model: mock.model,
      messages: [{ role: "user", content: "weather" }],
      tools: [TOOL],
    } as never;
    const { choices } = (await make(mock).chat.completions.create(ask)) as OpenAI.ChatCompletion;
    const [call] = choices[0]!.message.tool_calls!;
    assert.ok(call?.type === "function");
    assert.match(call.id, /^call_[a-z0-9]{8}$/);
    assert.deepEqual(JSON.parse(call.function.arguments), { city: "Paris" });
    assert.equal(choices[0]?.finish_reason, "tool_calls");
  });

  test("gets values of a schema, completions, models and embeddings", async () => {
    await using mock = await listen();
    const client = make(mock);
    const { choices } = await client.chat.completions.create({
      model: mock.model,
      messages: [{ role: "user", content: "How do you feel?" }],
      response_format: { type: "json_schema", json_schema: { name: "mood", schema: SCHEMA } },
    });
    isMood(JSON.parse(choices[0]!.message.content!));
    const completion = await client.completions.create({ model: mock.model, prompt: "Once" });
    assert.ok(completion.choices[0]!.text.length > 0);
    const models = await Array.fromAsync(client.models.list());
    assert.deepEqual(
      models.map(({ id }) => id),
      ["llama3.2:3b", "qwen3:latest"],
    );
    assert.equal((await client.models.retrieve("qwen3")).id, "qwen3:latest");
    // the client asks for base64 by itself, and decodes it
    const { data } = await client.embeddings.create({ model: mock.model, input: ["a", "b"], dimensions: 64 });
    assert.deepEqual(
      data.map(({ embedding }) => embedding.length),
      [64, 64],
    );
  });

  test("gets OpenAI's errors", async () => {
    await using mock = await listen();
    const asked = make(mock).chat.completions.create({
      model: "nope",
      messages: [{ role: "user", content: "x" }],
    });
    await assert.rejects(asked, { name: "Error", status: 404, type: "not_found_error" });
    mock.injectFault({ kind: "fail", status: 503, error: "busy" }, { times: 1 });
    const patient = new OpenAI({ baseURL: `${mock.url}/v1`, apiKey: "x", maxRetries: 1 });
    assert.equal((await Array.fromAsync(patient.models.list())).length, 2, "tried again after a 503");
  });
});
