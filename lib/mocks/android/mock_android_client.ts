import { Agent } from "undici";
import { type RawData, WebSocket } from "ws";
import type { Clock, ClockTimer } from "../../base/clock.ts";
import { withDeadline } from "../../base/deadline.ts";
import { RingBuffer } from "../../base/ring_buffer.ts";
import { systemClock } from "../../base/system_clock.ts";
import { type ClockHold, ClockLedger } from "../_clock_ledger.ts";
import { AndroidAuthError, type AndroidLogin, login, refresh } from "./_android_auth.ts";
import { Inbox } from "./_inbox.ts";
import { type AndroidFrame, type AndroidMessage, type AndroidTokens, parseFrame } from "./_android_wire.ts";

const HANDSHAKE_TIMEOUT_MS = 10_000;
const MESSAGES_KEPT = 1000;
// Refreshed with a fifth of its life left, so that a reconnection never meets an expired token.
const REFRESH_AT_RATIO = 0.8;

/** Options of {@linkcode MockAndroidClient.connect}. */
export interface MockAndroidOptions extends AndroidLogin {
  /** Base address of the companion, such as `http://127.0.0.1:8081`. */
  readonly url: string;
  /** Time of deadlines and token refreshes. @default {systemClock} */
  readonly clock?: Clock | undefined;
  /** Real milliseconds that a message which is not answered holds a virtual clock. @default {5000} */
  readonly replyPatienceMs?: number | undefined;
  /** Told of frames that break the protocol and of refreshes that fail. @default {console.error} */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Options of {@linkcode MockAndroidClient.nextReply}. */
export interface AndroidReplyOptions {
  /** On the clock. @default {30_000} */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The connection to the companion is not there. */
export class AndroidClosedError extends Error {
  override readonly name: string = "AndroidClosedError";
}

/**
 * The companion's app on one Android device: logs in, chats over the websocket, acknowledges what it has shown.
 * Replies are queued, so that none is lost between two calls of {@linkcode MockAndroidClient.nextReply}; the last
 * 1000 messages are kept.
 */
export class MockAndroidClient implements AsyncDisposable {
  readonly #options: MockAndroidOptions;
  readonly #clock: Clock;
  readonly #ledger: ClockLedger;
  readonly #agent = new Agent();
  readonly #messages = new RingBuffer<AndroidMessage>(MESSAGES_KEPT);
  readonly #replies = new Inbox<AndroidMessage>(MESSAGES_KEPT);
  readonly #pongs = new Inbox<true>(1);
  readonly #errors = new RingBuffer<string>(100);
  readonly #holds: ClockHold[] = [];
  #url: string;
  #tokens: AndroidTokens | undefined;
  #refreshTimer: ClockTimer | undefined;
  #socket: WebSocket | undefined;
  #closeCode: number | undefined;
  #isTyping = false;
  #isDisposed = false;

  private constructor(options: MockAndroidOptions) {
    const { url, clock = systemClock } = options;
    this.#options = options;
    this.#url = toBase(url);
    this.#clock = clock;
    this.#ledger = ClockLedger.of(clock);
  }

  /**
   * A client that is logged in and has got its history.
   *
   * @throws {TypeError} If `url` is not an HTTP address.
   * @throws {AndroidAuthError} If the companion refuses the login or the websocket.
   */
  static async connect(options: MockAndroidOptions): Promise<MockAndroidClient> {
    const client = new MockAndroidClient(options);
    try {
      client.#keep(await client.#clock.track(login(client.#url, options, client.#agent), "Android login"));
      await client.#clock.track(client.#open(), "Android websocket");
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
    return client;
  }

  get isConnected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Close code of the last connection that ended; 1006 if it was cut. */
  get closeCode(): number | undefined {
    return this.#closeCode;
  }

  /** Whether the companion says that it is writing. */
  get isTyping(): boolean {
    return this.#isTyping;
  }

  get userId(): string {
    return this.#tokens!.userId;
  }

  get sessionId(): string {
    return this.#tokens!.sessionId;
  }

  /** Messages of both sides as the companion sent them, history included, in order of arrival; the last 1000. */
  get messages(): readonly AndroidMessage[] {
    return [...this.#messages];
  }

  /** What the companion complained of, the last 100. */
  get errors(): readonly string[] {
    return [...this.#errors];
  }

  /**
   * Sends a message.
   *
   * @throws {AndroidClosedError} If there is no connection.
   */
  send(text: string): void {
    this.#sendFrame({ event: "message", data: { content: text } });
    const { replyPatienceMs } = this.#options;
    this.#holds.push(this.#ledger.hold("reply of the companion on Android", replyPatienceMs));
  }

  /**
   * The companion's next message that was not given out yet. It rejects when the connection ends.
   *
   * @throws {DeadlineError} If none came in time. Rejects with `signal.reason` when aborted.
   * @throws {AndroidClosedError} If there is no connection, or it ends first.
   */
  async nextReply(options: AndroidReplyOptions = {}): Promise<AndroidMessage> {
    const { timeoutMs = 30_000, signal } = options;
    if (this.#replies.size === 0) this.#requireOpen("wait for a reply");
    return await withDeadline("get a reply on Android", timeoutMs, (ended) => this.#replies.take(ended), {
      clock: this.#clock,
      signal,
    });
  }

  /**
   * Sends a message and gives the reply to it. What the companion said before, unasked, is dropped from the queue.
   *
   * @throws As {@linkcode MockAndroidClient.send} and {@linkcode MockAndroidClient.nextReply} do.
   */
  sendAndWait(text: string, options: AndroidReplyOptions = {}): Promise<AndroidMessage> {
    this.#replies.clear();
    this.send(text);
    return this.nextReply(options);
  }

  /** Resolves when the companion answers a ping. Throws as {@linkcode MockAndroidClient.nextReply} does. */
  async ping(options: AndroidReplyOptions = {}): Promise<void> {
    const { timeoutMs = 10_000, signal } = options;
    this.#pongs.clear();
    this.#sendFrame({ event: "ping" });
    await withDeadline("get a pong on Android", timeoutMs, (ended) => this.#pongs.take(ended), {
      clock: this.#clock,
      signal,
    });
  }

  /** Takes new tokens now. Happens by itself before they expire. @throws {AndroidAuthError} If it is refused. */
  async refreshTokens(): Promise<void> {
    const work = refresh(this.#url, this.#tokens!.refreshToken, this.#agent);
    this.#keep(await this.#clock.track(work, "Android token refresh"));
  }

  /**
   * Connects again after the connection ended, with the tokens it has, or by a new login when they are refused.
   *
   * @param url Where the companion is now, if it moved.
   * @throws {AndroidAuthError} If the companion refuses. Whatever the connection fails with.
   */
  async reconnect(url: string = this.#url): Promise<void> {
    this.#requireAlive();
    this.#url = toBase(url);
    this.#socket?.terminate();
    await this.#clock.track(this.#reopen(), "Android reconnection");
  }

  /** Closes the connection as an app does that goes to the background; {@linkcode reconnect} comes back. */
  async close(): Promise<void> {
    const socket = this.#socket;
    if (!socket || socket.readyState === WebSocket.CLOSED) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.once("close", () => resolve());
    socket.close(1000);
    // a companion that hangs does not answer the goodbye
    const timer = systemClock.setTimer(() => socket.terminate(), 1000, { keepAlive: false });
    await promise;
    timer.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#refreshTimer?.cancel();
    await this.close();
    await this.#agent.destroy();
  }

  async #reopen(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      if (!(error instanceof AndroidAuthError && error.status === 401)) throw error;
      this.#keep(await login(this.#url, this.#options, this.#agent));
      await this.#open();
    }
  }

  #keep(tokens: AndroidTokens): void {
    this.#tokens = tokens;
    this.#refreshTimer?.cancel();
    if (this.#isDisposed) return;
    const refreshNow = (): void => void this.refreshTokens().catch((error: unknown) => this.#report(error));
    this.#refreshTimer = this.#clock.setTimer(refreshNow, tokens.expiresInMs * REFRESH_AT_RATIO, {
      keepAlive: false,
    });
  }

  #open(): Promise<void> {
    const address = `${this.#url.replace(/^http/, "ws")}/api/v1/chat/ws?token=${this.#tokens!.accessToken}`;
    const socket = new WebSocket(address, { handshakeTimeout: HANDSHAKE_TIMEOUT_MS });
    this.#socket = socket;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.on("unexpected-response", (_request, response) => {
      response.resume();
      reject(new AndroidAuthError("open the chat", response.statusCode ?? 0, ""));
      socket.terminate();
    });
    socket.on("error", reject);
    socket.on("message", (data) => {
      if (this.#receive(data)?.event === "history") resolve();
    });
    socket.on("close", (code) => {
      // 4401 and 1008 are how servers refuse a token after the handshake
      const refused = code === 4401 || code === 1008;
      const closed = new AndroidClosedError(`Cannot open the chat: the companion closed it with ${code}`);
      reject(refused ? new AndroidAuthError("open the chat", 401, String(code)) : closed);
      if (socket === this.#socket) this.#closed(code);
    });
    return promise;
  }

  #receive(data: RawData): AndroidFrame | undefined {
    try {
      const frame = parseFrame((data as Buffer).toString());
      this.#take(frame);
      return frame;
    } catch (error) {
      this.#report(error);
      return undefined;
    }
  }

  #take(frame: AndroidFrame): void {
    if (frame.event === "history") {
      const known = new Set(this.messages.map(({ id }) => id));
      for (const message of frame.messages) if (!known.has(message.id)) this.#messages.push(message);
    }
    if (frame.event === "typing") this.#isTyping = frame.isTyping;
    if (frame.event === "error") {
      this.#errors.push(frame.content);
      this.#answered();
    }
    if (frame.event === "pong") this.#pongs.put(true);
    if (frame.event === "message") this.#takeMessage(frame.message);
  }

  #takeMessage(message: AndroidMessage): void {
    this.#messages.push(message);
    if (message.sender !== "demi") return;
    this.#answered();
    this.#sendFrame({ event: "read_receipt", data: { message_id: message.id } });
    this.#replies.put(message);
  }

  #answered(): void {
    while (this.#holds.length > 0 && !this.#holds[0]!.isOpen) this.#holds.shift();
    this.#holds.shift()?.[Symbol.dispose]();
  }

  #closed(code: number): void {
    this.#closeCode = code;
    this.#isTyping = false;
    for (const hold of this.#holds.splice(0)) hold[Symbol.dispose]();
    const error = new AndroidClosedError(`Cannot go on with the chat: its connection ended with ${code}`);
    this.#replies.fail(error);
    this.#pongs.fail(error);
  }

  #sendFrame(frame: object): void {
    this.#requireOpen("send to the companion");
    this.#socket!.send(JSON.stringify(frame));
  }

  #requireOpen(what: string): void {
    if (!this.isConnected) throw new AndroidClosedError(`Cannot ${what}: there is no connection`);
  }

  #requireAlive(): void {
    if (this.#isDisposed) throw new AndroidClosedError("Cannot reconnect: the client is disposed");
  }

  #report(error: unknown): void {
    const { onError = console.error } = this.#options;
    onError(error);
  }
}

function toBase(url: string): string {
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new TypeError(`Cannot connect Android client: 'url' must be an HTTP address, got ${url}`);
  }
  return url.replace(/\/+$/, "");
}
