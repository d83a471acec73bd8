// Lines of a streamed reply per second: the Ollama mock, and a bare node:http server that writes as many.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { MockOllamaServer } from "../../lib/mocks/ollama/mock_ollama_server.ts";
import { median } from "../../lib/stats/median.ts";

const LINES = 100_000;
const ROUNDS = 5;
const READER = fileURLToPath(new URL("_ollama_reader.ts", import.meta.url));

/** Lines per second, medians of several rounds; the reader is a thread of its own. */
export async function measureOllamaStream(): Promise<{ readonly ours: number; readonly peer: number }> {
  const reply = "word ".repeat(LINES).trim();
  await using mock = await MockOllamaServer.listen({
    firstTokenMs: 0,
    tokensPerSecond: Infinity,
    replies: [[/./, reply]],
  });
  const bare = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    void (async () => {
      for (let i = 0; i < LINES; i++) {
        const created_at = new Date().toISOString();
        const message = { role: "assistant", content: " word" };
        const line = JSON.stringify({ model: "llama3.2:3b", created_at, message, done: false });
        if (!response.write(`${line}\n`)) await once(response, "drain");
      }
      response.end('{"done":true}\n');
    })();
  });
  bare.listen(0, "127.0.0.1");
  await once(bare, "listening");
  const reader = new Worker(READER);
  const read = async (url: string): Promise<number> => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's, not a window's
    reader.postMessage({ url, model: mock.model });
    const [seconds] = (await once(reader, "message")) as [number];
    return LINES / seconds;
  };
  const [ours, peers]: [number[], number[]] = [[], []];
  const bareUrl = `http://127.0.0.1:${(bare.address() as AddressInfo).port}/api/chat`;
  for (let round = 0; round <= ROUNDS; round++) {
    const measured = [await read(`${mock.url}/api/chat`), await read(bareUrl)] as const;
    if (round === 0) continue; // the first warms up
    ours.push(measured[0]);
    peers.push(measured[1]);
  }
  await reader.terminate();
  bare.close();
  bare.closeAllConnections();
  return { ours: median(ours), peer: median(peers) };
}

if (import.meta.main) console.log(await measureOllamaStream());
