// Events per second that a thousand bots get: from the mock gateway, and from a bare ws server that broadcasts.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { WebSocketServer } from "ws";
import { MockDiscordServer } from "../../lib/mocks/discord/mock_discord_server.ts";
import { median } from "../../lib/stats/median.ts";

const BOTS = 1000;
const EVENTS = 100;
const ROUNDS = 5;
const BOT_THREAD = fileURLToPath(new URL("_gateway_bots.ts", import.meta.url));

/** Bots in a thread of their own, so that they do not share the server's loop. */
class Bots {
  readonly #thread = new Worker(BOT_THREAD);

  /** Resolves when all are connected, and ready where they identify. */
  async connect(url: string, token: string | undefined): Promise<void> {
    await this.#ask({ connect: { url, token, count: BOTS } });
  }

  /** Seconds from now until all have got so many events more. */
  async measure(publish: () => void): Promise<number> {
    const started = performance.now();
    const got = this.#ask({ expect: EVENTS });
    publish();
    await got;
    return (performance.now() - started) / 1000;
  }

  async end(): Promise<void> {
    await this.#thread.terminate();
  }

  async #ask(question: object): Promise<void> {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's, not a window's
    this.#thread.postMessage(question);
    await once(this.#thread, "message");
  }
}

/** Events per second over all bots, medians of several rounds. */
export async function measureGateway(): Promise<{ readonly ours: number; readonly peer: number }> {
  await using mock = await MockDiscordServer.listen({
    identifyLimit: { windowMs: 1e-6, dailyStarts: 1e9 },
    heartbeatIntervalMs: 600_000,
  });
  const http = createServer().listen(0, "127.0.0.1");
  await once(http, "listening");
  const bare = new WebSocketServer({ server: http });
  const [ourBots, theirBots] = [new Bots(), new Bots()];
  await ourBots.connect(mock.gatewayUrl, mock.token);
  await theirBots.connect(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`, undefined);
  mock.sendAsUser("ada", "x");
  // the same event, as a text that a broadcast need not make anew
  const frame = JSON.stringify({
    t: "TYPING_START",
    s: 1,
    op: 0,
    d: { channel_id: mock.channels[0]!.id, pad: "x".repeat(150) },
  });
  const publishOurs = (): void => {
    for (let i = 0; i < EVENTS; i++) mock.typeAsUser("ada");
  };
  const publishTheirs = (): void => {
    for (let i = 0; i < EVENTS; i++) for (const client of bare.clients) client.send(frame);
  };
  const [ours, peers]: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    const rates = [await ourBots.measure(publishOurs), await theirBots.measure(publishTheirs)].map(
      (s) => (BOTS * EVENTS) / s,
    );
    if (round === 0) continue; // the first warms up
    ours.push(rates[0]!);
    peers.push(rates[1]!);
  }
  await Promise.all([ourBots.end(), theirBots.end()]);
  bare.close();
  http.close();
  http.closeAllConnections();
  return { ours: median(ours), peer: median(peers) };
}

if (import.meta.main) console.log(await measureGateway());
