import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import type { Clock, ClockTimer } from "../../lib/base/clock.ts";
import type { PlatformHealth } from "../../lib/base/platform_health.ts";
import { systemClock } from "../../lib/base/system_clock.ts";
import type { CompanionEnvironment } from "../../lib/harness/companion.ts";
import type { Accounts, Session } from "./accounts.ts";
import { type ClientFrame, encodeMessage, parseFrame } from "./android_wire.ts";
import { BreakerOpenError, CircuitBreaker } from "./circuit_breaker.ts";
import { Device } from "./device.ts";
import { type Exchange, type Mind, TooBusyError } from "./mind.ts";
import { type Platform, PlatformRecord } from "./platform.ts";
import { newMessage, type Ramble, type Storage, type StoredMessage } from "./storage.ts";

const CHAT_PATH = "/api/v1/chat/ws";
const HISTORY_LENGTH = 50;
const MAX_FRAME_BYTES = 64 * 1024;
const PING_MS = 30_000;
const CLOSE_GOING_AWAY = 1001;
const CLOSE_SIGNED_OUT = 4401;

/** Demi on her own Android app: a websocket for each device, history when it connects, receipts when it reads. */
export class AndroidPlatform implements Platform {
  readonly name = "android";
  readonly #clock: Clock;
  readonly #mind: Mind;
  readonly #storage: Storage;
  readonly #accounts: Accounts;
  readonly #record: PlatformRecord;
  readonly #breaker: CircuitBreaker;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES });
  readonly #devices = new Set<Device>();
  #pings: ClockTimer | undefined;
  #latencyMs: number | undefined;
  #paused = false;

  constructor(env: CompanionEnvironment, mind: Mind, storage: Storage, accounts: Accounts) {
    this.#clock = env.clock;
    this.#mind = mind;
    this.#storage = storage;
    this.#accounts = accounts;
    this.#record = new PlatformRecord(this.name, env.clock, env.observer);
    this.#breaker = new CircuitBreaker(env.clock, { failureThreshold: 5, coolDownMs: 3000 });
  }

  start(): Promise<void> {
    this.#record.status = "online";
    // whether a device still listens is the wire's business: real time
    const pingAll = (): void => this.#devices.forEach((device) => device.ping(systemClock.monotonicMs()));
    this.#pings = systemClock.setRepeating(pingAll, PING_MS, { keepAlive: false });
    return Promise.resolve();
  }

  health(): PlatformHealth {
    const degraded = this.#record.status === "online" && this.#breaker.state !== "closed";
    return this.#record.toHealth(this.#breaker, {
      ...(degraded && { status: "degraded" }),
      latencyMs: this.#devices.size > 0 ? this.#latencyMs : undefined,
    });
  }

  addressRamble(ramble: Ramble): readonly StoredMessage[] {
    const users = new Set([...this.#devices].map((device) => device.userId));
    return [...users].map((userId) =>
      newMessage({
        conversationId: toConversation(userId),
        platform: this.name,
        sender: "demi",
        content: ramble.content,
        createdAt: ramble.createdAt,
      }),
    );
  }

  sayRamble(_ramble: Ramble, messages: readonly StoredMessage[]): Promise<void> {
    for (const message of messages) this.#deliver(message);
    return Promise.resolve();
  }

  pause(): void {
    this.#paused = true;
  }

  stop(): Promise<void> {
    this.crash();
    for (const device of this.#devices) device.close(CLOSE_GOING_AWAY, "Demi goes to sleep");
    this.#sockets.close();
    return Promise.resolve();
  }

  crash(): void {
    this.#paused = true;
    this.#record.status = "offline";
    this.#pings?.cancel();
  }

  /** Ends the connections of a session that was signed out. */
  signOut(sessionId: string): void {
    for (const device of this.#devices) {
      if (device.session.id === sessionId) device.close(CLOSE_SIGNED_OUT, "signed out");
    }
  }

  /** Takes a request for an upgrade: a valid access token makes it a device, anything else gets its HTTP answer. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://demi");
    if (pathname !== CHAT_PATH) return refuse(socket, "404 Not Found");
    if (this.#paused) return refuse(socket, "503 Service Unavailable");
    const session = await this.#accounts.authorize(searchParams.get("token") ?? "");
    if (!session) return refuse(socket, "401 Unauthorized");
    this.#sockets.handleUpgrade(request, socket, head, (connection) => this.#welcome(session, connection));
  }

  #welcome(session: Session, socket: WebSocket): void {
    const device = new Device(session, socket);
    this.#devices.add(device);
    this.#record.touch();
    socket.on("message", (data, isBinary) => void this.#receive(device, data, isBinary));
    socket.on("pong", () => {
      this.#latencyMs = device.pong(systemClock.monotonicMs()) ?? this.#latencyMs;
      this.#record.touch();
    });
    socket.on("close", () => this.#devices.delete(device));
    socket.on("error", () => undefined); // "close" follows
    this.#sendHistory(device);
  }

  #sendHistory(device: Device): void {
    const conversationId = toConversation(device.userId);
    const now = this.#clock.now();
    const past = this.#storage.history(conversationId, HISTORY_LENGTH);
    const news = past.filter((message) => message.sender === "demi" && message.deliveredAt === undefined);
    const messages = past.map((message) =>
      encodeMessage(news.includes(message) ? { ...message, deliveredAt: now } : message),
    );
    const sent = device.send("history", { messages, count: messages.length });
    if (sent && news.length > 0)
      this.#storage.markDelivered(
        news.map((message) => message.id),
        now,
      );
  }

  async #receive(device: Device, data: RawData, isBinary: boolean): Promise<void> {
    this.#record.touch();
    try {
      if (isBinary) throw new SyntaxError("Cannot read frame: it must be text");
      await this.#obey(device, parseFrame(String(data)));
    } catch (error) {
      if (!(error instanceof SyntaxError)) this.#record.fail("take a frame", error);
      device.send("error", {
        content: error instanceof SyntaxError ? error.message : "Demi cannot do that now",
      });
    }
  }

  async #obey(device: Device, frame: ClientFrame): Promise<void> {
    if (frame.event === "ping") device.send("pong");
    else if (frame.event === "message") await this.#answer(device, frame.content);
    else {
      const known = this.#storage.markRead(toConversation(device.userId), frame.messageId, this.#clock.now());
      if (!known) device.send("error", { content: "There is no such message" });
    }
  }

  async #answer(device: Device, text: string): Promise<void> {
    const startedAt = this.#clock.monotonicMs();
    if (this.#paused) return void device.send("error", { content: "Demi goes to sleep" });
    const conversationId = toConversation(device.userId);
    try {
      this.#tell(device.userId, "typing", { is_typing: true });
      await this.#breaker.run(() =>
        this.#mind.answer({ platform: this.name, conversationId, text }, (exchange) =>
          this.#reply(device, exchange),
        ),
      );
      this.#record.handled(startedAt, true);
    } catch (error) {
      this.#record.fail("answer a message", error);
      this.#record.handled(startedAt, false);
      device.send("error", { content: explain(error) });
    } finally {
      this.#tell(device.userId, "typing", { is_typing: false });
    }
  }

  #reply(from: Device, { message, reply }: Exchange): Promise<void> {
    for (const other of this.#devices) {
      if (other.userId === from.userId && other !== from) other.send("message", encodeMessage(message));
    }
    this.#deliver(reply);
    return Promise.resolve();
  }

  /** Sends a message to all devices of its user; with none there it waits in the history. */
  #deliver(message: StoredMessage): void {
    const deliveredAt = this.#clock.now();
    const userId = message.conversationId.slice(toConversation("").length);
    const sent = this.#tell(userId, "message", encodeMessage({ ...message, deliveredAt }));
    if (sent) this.#storage.markDelivered([message.id], deliveredAt);
  }

  #tell(userId: string, event: string, data: object): boolean {
    const theirs = [...this.#devices].filter((device) => device.userId === userId);
    return theirs.map((device) => device.send(event, data)).includes(true);
  }
}

function toConversation(userId: string): string {
  return `android:${userId}`;
}

function explain(error: unknown): string {
  if (error instanceof TooBusyError) return "You are faster than I can think. Please give me a moment.";
  if (error instanceof BreakerOpenError)
    return "Demi cannot answer at the moment; try again in a few seconds";
  return "Demi could not save what was said, so she did not answer";
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
