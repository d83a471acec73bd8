import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

const EMOTIONS = { loneliness: 0.3, excitement: 0.8, momentum: {}, last_updated: "2026-01-01T00:00:00Z" };

/** A companion behind the older mobile API. It echoes, with a voice. */
export class MobileCompanion implements AsyncDisposable {
  readonly requests: string[] = [];
  readonly received: unknown[] = [];
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request, response) => {
      request.resume();
      this.requests.push(`${request.method} ${request.url}`);
      const url = new URL(request.url ?? "/", "http://x");
      const userId = url.searchParams.get("user_id");
      if (userId === "nobody") return void response.writeHead(403).end('{"detail":"unknown user"}');
      const isLogin = url.pathname === "/api/auth/login";
      const login = { success: true, user_id: userId, session_id: "s1", created_at: "2026-01-01T00:00:00Z" };
      response.end(JSON.stringify(isLogin ? login : EMOTIONS));
    });
    server.on("upgrade", (request, socket, head) => {
      this.requests.push(`WS ${request.url}`);
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#chat(webSocket));
    });
  }

  static async listen(): Promise<MobileCompanion> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new MobileCompanion(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Sends a raw frame to everybody. */
  sendRaw(data: string | Uint8Array): void {
    for (const socket of this.#sockets.clients) socket.send(data);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await this.#server[Symbol.asyncDispose]();
  }

  #chat(socket: WebSocket): void {
    const send = (frame: object): void => socket.send(JSON.stringify(frame));
    send({ type: "connected" });
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data)) as { readonly message?: unknown };
      this.received.push(frame);
      if (typeof frame.message !== "string") return send({ type: "error", content: "No message" });
      send({ type: "typing" });
      const spoken = { audioUrl: "/audio/1.wav", phonemes: [], duration: 1.5 };
      const timestamp = "2026-01-01T00:00:01Z";
      send({ type: "message", content: `re: ${frame.message}`, from: "demi", timestamp, ...spoken });
      send({ type: "emotions", emotions: EMOTIONS });
    });
  }
}
