// Websocket clients in a thread of their own: connects as many as it is told, and says when all have got their events.
import { parentPort } from "node:worker_threads";
import { WebSocket } from "ws";

interface Question {
  readonly connect?: { readonly url: string; readonly token: string | undefined; readonly count: number };
  readonly expect?: number;
}

const TYPING = Buffer.from('"TYPING_START"');
let received = 0;
let wanted = Infinity;
let bots = 0;

function say(): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's, not a window's
  parentPort!.postMessage("done");
}

async function connect(url: string, token: string | undefined): Promise<void> {
  const socket = new WebSocket(token === undefined ? url : `${url}/?v=10&encoding=json`, {
    perMessageDeflate: false,
  });
  const ready = Promise.withResolvers<void>();
  socket.on("message", (data: Buffer) => {
    if (data.includes(TYPING)) {
      if (++received >= wanted) {
        wanted = Infinity;
        say();
      }
      return;
    }
    const text = data.toString();
    if (text.includes('"op":10')) socket.send(JSON.stringify({ op: 2, d: { token, intents: 1 << 11 } }));
    if (text.includes('"READY"')) ready.resolve();
  });
  if (token === undefined) socket.on("open", () => ready.resolve());
  await ready.promise;
}

parentPort!.on("message", (question: Question) => {
  if (question.expect !== undefined) {
    wanted = bots * question.expect;
    received = 0;
    return;
  }
  const { url, token, count } = question.connect!;
  bots = count;
  void (async () => {
    for (let i = 0; i < count; i += 50) {
      await Promise.all(Array.from({ length: Math.min(50, count - i) }, () => connect(url, token)));
    }
    say();
  })();
});
