import { once } from "node:events";
import { createInflate, constants } from "node:zlib";
import { type RawData, WebSocket } from "ws";
import type { MockDiscordServer } from "../../../lib/mocks/discord/mock_discord_server.ts";

const ALL_INTENTS = 53_608_447; // https://discord.com/developers/docs/events/gateway#list-of-intents

/** A frame of the gateway. */
export interface Frame {
  readonly op: number;
  readonly d: Record<string, unknown>;
  readonly s: number | null;
  readonly t: string | null;
}

/** A client of the gateway that does just what a test tells it. */
export class GatewayClient implements AsyncDisposable {
  readonly frames: Frame[] = [];
  readonly socket: WebSocket;
  closeCode: number | undefined;
  readonly #inflate = createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
  readonly #waiters = new Set<() => void>();
  #inflated = "";

  constructor(mock: MockDiscordServer, query = "?v=10&encoding=json") {
    this.socket = new WebSocket(`${mock.gatewayUrl}/${query}`);
    this.socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    this.socket.on("close", (code) => {
      this.closeCode = code;
      this.#wake();
    });
    this.socket.on("error", () => this.#wake());
    this.#inflate.on("data", (chunk: Buffer) => {
      this.#inflated += chunk.toString();
      this.#take();
    });
  }

  /** A client that is ready. */
  static async identify(
    mock: MockDiscordServer,
    more: Record<string, unknown> = {},
    query?: string,
  ): Promise<GatewayClient> {
    const client = new GatewayClient(mock, query);
    await client.frame(({ op }) => op === 10);
    client.send(2, { token: mock.token, intents: ALL_INTENTS, properties: {}, ...more });
    return client;
  }

  send(op: number, d: unknown): void {
    this.socket.send(JSON.stringify({ op, d }));
  }

  /** The first frame that matches, of those that came and those to come. */
  async frame(matches: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(matches);
      if (found) return found;
      if (this.closeCode !== undefined) throw new Error(`closed with ${this.closeCode}`);
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  event(type: string): Promise<Frame> {
    return this.frame(({ t }) => t === type);
  }

  async closed(): Promise<number> {
    while (this.closeCode === undefined) await new Promise<void>((resolve) => this.#waiters.add(resolve));
    return this.closeCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#inflate.destroy();
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.socket, "close");
    this.socket.terminate();
    await closed;
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (isBinary) return void this.#inflate.write(data as Buffer);
    this.#inflated = String(data);
    this.#take();
  }

  #take(): void {
    try {
      this.frames.push(JSON.parse(this.#inflated) as Frame);
    } catch {
      return; // not whole yet, or garbage
    }
    this.#inflated = "";
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }
}
