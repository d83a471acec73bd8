import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

interface Frame {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The companion's side of the Android v1 API, as small as it can be: it echoes. */
export class EchoCompanion implements AsyncDisposable {
  readonly received: Frame[] = [];
  readonly requests: string[] = [];
  /** What is said before as history. */
  history: object[] = [];
  /** Access tokens that are let in. */
  readonly #valid = new Set<string>();
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  #issued = 0;
  #silent = false;
  #onFrame: (() => void) | undefined;

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request, response) => void this.#answer(request, response));
    server.on("upgrade", (request, socket, head) => {
      const token = new URL(request.url ?? "/", "http://x").searchParams.get("token") ?? "";
      if (!this.#valid.has(token)) {
        socket.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#chat(webSocket));
    });
  }

  static async listen(): Promise<EchoCompanion> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new EchoCompanion(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** No message is answered from now on. */
  fallSilent(): void {
    this.#silent = true;
  }

  revokeAccess(): void {
    this.#valid.clear();
  }

  dropConnections(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
  }

  /** Says something to everybody, unasked. */
  say(content: string): void {
    for (const socket of this.#sockets.clients) this.#send(socket, "message", toMessage(content));
  }

  /** Sends a raw text frame to everybody. */
  sendRaw(data: string | Buffer): void {
    for (const socket of this.#sockets.clients) socket.send(data, { binary: false });
  }

  /** Resolves when a frame of this event was received. */
  async receives(event: string): Promise<Frame> {
    for (;;) {
      const frame = this.received.find((each) => each.event === event);
      if (frame) return frame;
      await new Promise<void>((resolve) => (this.#onFrame = resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dropConnections();
    this.#server.closeAllConnections();
    await this.#server[Symbol.asyncDispose]();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString()) as Record<
      string,
      unknown
    >;
    this.requests.push(request.url ?? "");
    const refused =
      body["password"] === "wrong" || (request.url?.endsWith("refresh") && !body["refresh_token"]);
    response.writeHead(refused ? 401 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(refused ? { detail: "The password is wrong" } : this.#tokens()));
  }

  #tokens(): object {
    const access_token = `access-${++this.#issued}`;
    this.#valid.add(access_token);
    const ids = { user_id: "u1", session_id: "s1" };
    return { access_token, refresh_token: "refresh", token_type: "bearer", expires_in: 1800, ...ids };
  }

  #chat(socket: WebSocket): void {
    this.#send(socket, "history", { messages: this.history, count: this.history.length });
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      this.received.push(frame);
      this.#onFrame?.();
      if (frame.event === "ping") this.#send(socket, "pong", {});
      if (frame.event !== "message" || this.#silent) return;
      this.#send(socket, "typing", { is_typing: true });
      this.#send(socket, "message", toMessage(`re: ${String(frame.data?.["content"])}`));
      this.#send(socket, "typing", { is_typing: false });
    });
  }

  #send(socket: WebSocket, event: string, data: object): void {
    socket.send(JSON.stringify({ event, data }));
  }
}

let made = 0;

/** A message of the companion, as the wire has it. */
export function toMessage(content: string): Record<string, unknown> {
  return {
    message_id: `m${++made}`,
    conversation_id: "c1",
    sender: "demi",
    content,
    emotion_state: { loneliness: 0.5 },
    status: "sent",
    delivered_at: null,
    read_at: null,
    created_at: "2026-01-01T00:00:00.000Z",
  };
}
