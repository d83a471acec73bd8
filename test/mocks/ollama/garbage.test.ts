import { connect } from "node:net";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { MockOllamaServer } from "../../../lib/mocks/ollama/mock_ollama_server.ts";

const ROUTES = [
  "/api/chat",
  "/api/generate",
  "/api/embed",
  "/api/show",
  "/api/pull",
  "/api/create",
  "/api/copy",
];
const FAST = { firstTokenMs: 0, tokensPerSecond: Infinity, pullMs: 0 };

async function listen(): Promise<MockOllamaServer> {
  return await MockOllamaServer.listen({
    ...FAST,
    onError: (error) => assert.fail(`a defect of the mock: ${String(error)}`),
  });
}

/** Writes to a raw socket, and gives what came back until it closed. */
async function raw(port: string, ...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(Number(port), "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", () => undefined);
  for (const part of parts) socket.write(part);
  socket.end();
  await new Promise((resolve) => socket.once("close", resolve));
  return Buffer.concat(chunks).toString("latin1");
}

suite("garbage for the Ollama mock", () => {
  test("any JSON is answered by Ollama's errors, never by a failure of ours", async () => {
    await using mock = await listen();
    const field = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(mock.model, [{ role: "user", content: "x" }], true, -1, "5m"),
    );
    const names = [
      "model",
      "messages",
      "prompt",
      "tools",
      "format",
      "options",
      "stream",
      "think",
      "keep_alive",
      "input",
      "from",
      "source",
      "destination",
      "system",
      "stream_options",
      "response_format",
    ];
    const body = fc
      .dictionary(fc.constantFrom(...names), field)
      .map((fields) => ({ model: mock.model, ...fields }));
    const routes = [...ROUTES, "/v1/chat/completions", "/v1/completions", "/v1/embeddings"];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...routes), body, async (route, fields) => {
        const response = await fetch(mock.url + route, { method: "POST", body: JSON.stringify(fields) });
        await response.text();
        assert.ok(response.status < 500, `${response.status} for ${route} ${JSON.stringify(fields)}`);
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  test("any bytes on the socket end with an answer or a close", async () => {
    await using mock = await listen();
    const { port } = new URL(mock.url);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        await raw(port, Buffer.from(bytes));
        await raw(
          port,
          "POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n",
          Buffer.from(bytes),
        );
      }),
      { numRuns: 50, seed: 5 },
    );
    assert.equal((await fetch(mock.url)).status, 200);
  });

  test("ten thousand headers, and a body of 100 MB", async () => {
    await using mock = await listen();
    const headers = Array.from({ length: 10_000 }, (_, i) => `X-${i}: ${i}\r\n`).join("");
    const answer = await raw(new URL(mock.url).port, `GET / HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
    assert.match(answer, /^(HTTP\/1\.1 431|$)/);
    const response = await fetch(`${mock.url}/api/chat`, { method: "POST", body: Buffer.alloc(100e6, "x") });
    assert.equal(response.status, 413);
    assert.deepEqual(await response.json(), { error: "http: request body too large" });
  });
});
