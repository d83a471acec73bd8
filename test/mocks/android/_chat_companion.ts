import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** What a {@linkcode ChatCompanion} does wrong, or in its own way. */
export interface Defects {
  /** Numbers of messages, from 1, that it forgets. */
  readonly forgets?: readonly number[];
  /** Numbers of messages that it takes twice. */
  readonly takesTwice?: readonly number[];
  /** Numbers of messages that it takes after the next. */
  readonly takesLate?: readonly number[];
  /** Every reply is sent twice, under `same` id or `another`. */
  readonly repliesTwice?: "same" | "another";
  /** Never says a word. */
  readonly isMute?: boolean;
  readonly isDeafToPings?: boolean;
  /** Keeps nothing of what the user says. */
  readonly hidesUser?: boolean;
  /** Answers the last of so many messages only. */
  readonly merges?: number;
  /** Puts so many messages together into one. */
  readonly joins?: number;
  /** Tells each reply again when it was read. */
  readonly tellsWhenRead?: boolean;
}

/** A companion behind the Android v1 API that keeps its history, with defects. One user, any number of devices. */
export class ChatCompanion implements AsyncDisposable {
  readonly history: Record<string, unknown>[] = [];
  readonly receipts: unknown[] = [];
  defects: Defects;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  #messages = 0;
  #late: string | undefined;
  readonly #parts: string[] = [];

  private constructor(server: Server, defects: Defects) {
    this.#server = server;
    this.defects = defects;
    server.on("request", (request, response) => {
      request.resume();
      response.end(JSON.stringify(TOKENS));
    });
    server.on("upgrade", (request: IncomingMessage, socket, head) =>
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#chat(webSocket)),
    );
  }

  static async listen(defects: Defects = {}): Promise<ChatCompanion> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ChatCompanion(server, defects);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get contents(): readonly unknown[] {
    return this.history.map(({ content }) => content);
  }

  dropConnections(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
  }

  /** Says something to all devices. */
  say(content: string): void {
    this.#tell(this.#keep("demi", content));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dropConnections();
    this.#server.closeAllConnections();
    await this.#server[Symbol.asyncDispose]();
  }

  #chat(socket: WebSocket): void {
    const messages = this.history.slice(-50);
    send(socket, "history", { messages, count: messages.length });
    socket.on("message", (data) => {
      const frame = parseFrame(String(data));
      if (!frame) return send(socket, "error", { content: "that is no frame" });
      if (frame.event === "ping" && !this.defects.isDeafToPings) send(socket, "pong", {});
      if (frame.event === "read_receipt") this.#read(frame.data?.["message_id"]);
      if (frame.event === "message") this.#take(socket, String(frame.data?.["content"]));
    });
  }

  #read(id: unknown): void {
    this.receipts.push(id);
    const message = this.history.find(({ message_id: each }) => each === id);
    if (message) message["read_at"] = "2026-01-01T00:00:00Z";
    if (message && this.defects.tellsWhenRead) this.#tell(message);
  }

  #take(from: WebSocket, content: string): void {
    const number = ++this.#messages;
    const { forgets, takesTwice, takesLate, merges, joins } = this.defects;
    if (joins !== undefined) return this.#join(from, content, joins);
    if (forgets?.includes(number)) return;
    if (takesLate?.includes(number)) {
      this.#late = content;
      return;
    }
    this.#answer(from, content, merges === undefined || number % merges === 0);
    if (takesTwice?.includes(number)) this.#answer(from, content, true);
    if (this.#late !== undefined) this.#answer(from, this.#late, true);
    this.#late = undefined;
  }

  #join(from: WebSocket, content: string, joins: number): void {
    this.#parts.push(content);
    if (this.#parts.length === joins) this.#answer(from, this.#parts.splice(0).join("\n"), true);
  }

  #answer(from: WebSocket, content: string, isAnswered: boolean): void {
    const { isMute, repliesTwice, hidesUser } = this.defects;
    if (isMute) return;
    if (!hidesUser) this.#tell(this.#keep("user", content), from);
    if (!isAnswered) return;
    const reply = this.#keep("demi", `re: ${content}`);
    this.#tell(reply);
    if (repliesTwice === "same") this.#tell(reply);
    if (repliesTwice === "another") this.#tell(this.#keep("demi", `re: ${content}`));
  }

  #keep(sender: string, content: string): Record<string, unknown> {
    const message = {
      message_id: `m${this.history.length}`,
      conversation_id: "c1",
      sender,
      content,
      emotion_state: {},
      status: "sent",
      delivered_at: null,
      read_at: null,
      created_at: new Date(Date.UTC(2026, 0, 1) + this.history.length).toISOString(),
    };
    this.history.push(message);
    return message;
  }

  #tell(message: object, except?: WebSocket): void {
    for (const socket of this.#sockets.clients) if (socket !== except) send(socket, "message", message);
  }
}

const TOKENS = {
  access_token: "access",
  refresh_token: "refresh",
  token_type: "bearer",
  expires_in: 1e9,
  user_id: "u1",
  session_id: "s1",
};

function send(socket: WebSocket, event: string, data: object): void {
  socket.send(JSON.stringify({ event, data }));
}

interface Frame {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

function parseFrame(text: string): Frame | undefined {
  try {
    const frame = JSON.parse(text) as Frame;
    const isMessage = frame.event === "message";
    if (isMessage) return typeof frame.data?.["content"] === "string" ? frame : undefined;
    return ["ping", "read_receipt"].includes(frame.event) ? frame : undefined;
  } catch {
    return undefined;
  }
}
