// Reads a streamed reply to its end, in a thread of its own, and tells how many seconds it took.
import { parentPort } from "node:worker_threads";

parentPort!.on("message", (asked: { readonly url: string; readonly model: string }) => {
  void read(asked.url, asked.model);
});

async function read(url: string, model: string): Promise<void> {
  const started = performance.now();
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "x" }] });
  const response = await fetch(url, { method: "POST", body });
  for await (const _chunk of response.body!) void _chunk;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's, not a window's
  parentPort!.postMessage((performance.now() - started) / 1000);
}
