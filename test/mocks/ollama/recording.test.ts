import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { Ollama } from "ollama";
import { MockOllamaServer } from "../../../lib/mocks/ollama/mock_ollama_server.ts";
import { recordOllama } from "../../../lib/mocks/ollama/record_ollama.ts";
import { temporaryDirectory } from "../../integration/_demo.ts";

suite("recordOllama()", () => {
  test("what was recorded once is answered the same without the server, and has no secrets", async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, "ollama.ndjson");
    const secret = "sk-proj-abcdefghijklmnopqrstuvwx";
    const ask = async (url: string): Promise<string[]> => {
      const client = new Ollama({ host: url, headers: { authorization: `Bearer ${secret}` } });
      const messages = [{ role: "user", content: `My key is ${secret}, what is yours?` }];
      const parts = await Array.fromAsync(
        await client.chat({ model: "llama3.2:3b", messages, stream: true }),
      );
      const { models } = await client.list();
      return [...parts.map((part) => part.message.content), ...models.map(({ digest }) => digest)];
    };
    let heard: string[];
    {
      await using real = await MockOllamaServer.listen({ firstTokenMs: 5, tokensPerSecond: 500 });
      await using recorder = await recordOllama({ upstream: real.url, file });
      heard = await ask(recorder.url);
      assert.equal(recorder.recorded, 2);
    }
    const written = await readFile(file, "utf8");
    assert.equal(written.includes(secret), false);
    await using replay = await MockOllamaServer.listen({ recording: file });
    assert.deepEqual(await ask(replay.url), heard);
    const other = await fetch(`${replay.url}/api/chat`, { method: "POST", body: '{"model":"other"}' });
    assert.equal(other.status, 404);
    assert.deepEqual(await other.json(), {
      error: "the recording has no POST /api/chat with this body; it has 1 with others",
    });
  });

  test("a file that is none is refused with its line", async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, "bad.ndjson");
    await writeFile(file, '\n{"no": "exchange"}\n');
    await assert.rejects(
      MockOllamaServer.listen({ recording: file }),
      /line 2 must be an exchange, got \{"no"/,
    );
  });
});
