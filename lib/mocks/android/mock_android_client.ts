import { Agent } from "undici";
import type { Clock, ClockTimer } from "../../base/clock.ts";
import { withDeadline } from "../../base/deadline.ts";
import { SeededRandom } from "../../base/random.ts";
import { systemClock } from "../../base/system_clock.ts";
import { CallLog } from "../call_log.ts";
import { FaultInjector, type InjectedFault } from "../faults/fault_injector.ts";
import { FaultLog } from "../faults/fault_log.ts";
import type { FaultSchedule } from "../faults/fault_schedule.ts";
import { type Violation, ViolationLog, type ViolationRule } from "../violations.ts";
import { AndroidAccess } from "./_android_access.ts";
import { AndroidChat } from "./_android_chat.ts";
import { AndroidClosedError } from "./_android_errors.ts";
import type { AndroidFault } from "./android_faults.ts";
import { AndroidHttp } from "./_android_http.ts";
import type {
  AndroidCall,
  AndroidReplyOptions,
  AndroidSession,
  GoOfflineOptions,
  MockAndroidOptions,
} from "./android_options.ts";
import { keepTrying } from "./_keep_trying.ts";
import { makeProtocol } from "./_android_protocol.ts";
import { type AndroidMessage, parseSessions, toRecord } from "./_android_wire.ts";
import { Outbox } from "./_outbox.ts";

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const DELIVERY_RULES: ReadonlySet<ViolationRule> = new Set([
  "message-lost",
  "message-out-of-order",
  "double-reply",
]);

/** Where the app is: before the user, behind another app, or without a network. */
export type AndroidAppState = "foreground" | "background" | "offline";

/**
 * The companion's app on one Android device: logs in, chats over the websocket, acknowledges what it has shown, queues
 * what is written without a network, and says what the companion did wrong. It speaks the Android v1 API, or the older
 * mobile API. Several clients with one login are several devices of one user.
 *
 * Neither API has push notifications: what comes while the app is away is in the history of the next connection (v1),
 * or lost (mobile).
 *
 * Replies are queued, so that none is lost between two calls of {@linkcode MockAndroidClient.nextReply}; the last
 * 1000 messages are kept.
 */
export class MockAndroidClient implements AsyncDisposable {
  /** What the app did, and what came to it. */
  readonly calls: CallLog<AndroidCall>;
  /** What the companion did wrong to it. */
  readonly violations: ViolationLog;
  /** The faults that struck. */
  readonly faultLog: FaultLog;
  readonly #options: MockAndroidOptions;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #agent = new Agent({ maxResponseSize: MAX_BODY_BYTES });
  readonly #access: AndroidAccess;
  readonly #chat: AndroidChat;
  readonly #faults: FaultInjector<AndroidFault>;
  readonly #outbox: Outbox;
  readonly #timers = new Set<ClockTimer>();
  readonly #ended = new AbortController();
  #state: AndroidAppState = "foreground";
  #isComingBack = false;
  #outage: PromiseWithResolvers<void> | undefined;

  private constructor(options: MockAndroidOptions) {
    const { url, clock = systemClock } = options;
    const user = options.protocol === "mobile" ? options.userId : `${options.email} ${options.deviceName}`;
    const { random = new SeededRandom(user), faultLog = new FaultLog({ clock }) } = options;
    const report = (error: unknown): void => (options.onError ?? console.error)(error);
    const protocol = makeProtocol(options);
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.calls = new CallLog({ clock });
    this.violations = new ViolationLog({ source: "android", clock });
    this.faultLog = faultLog;
    const http = new AndroidHttp(this.#agent, this.calls);
    const { calls, violations } = this;
    this.#access = new AndroidAccess({ url, clock, protocol, http, onError: report });
    const access = this.#access;
    const onLost = (): void => void this.#comeBackByItself();
    this.#chat = new AndroidChat({ options, clock, protocol, access, calls, violations, report, onLost });
    const faultRandom = random.stream("faults");
    this.#faults = new FaultInjector({ source: "android", clock, random: faultRandom, log: faultLog });
    const garbage = { clock, random: random.stream("garbage") };
    this.#outbox = new Outbox(this.#chat, this.#faults, garbage);
  }

  /**
   * A client that is logged in, and has got its history where there is one.
   *
   * @throws {TypeError} If `url` is not an HTTP address.
   * @throws {AndroidAuthError} If the companion refuses the login or the websocket.
   */
  static async connect(options: MockAndroidOptions): Promise<MockAndroidClient> {
    const client = new MockAndroidClient(options);
    try {
      await client.#clock.track(client.#access.logIn(), "Android login");
      client.#chat.join();
      await client.#clock.track(client.#chat.open(), "Android websocket");
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
    return client;
  }

  get isConnected(): boolean {
    return this.#chat.isOpen;
  }

  get state(): AndroidAppState {
    return this.#state;
  }

  /** Whether there is no network. */
  get isDown(): boolean {
    return this.#state === "offline";
  }

  /** Close code of the last connection that ended; 1006 if it was cut. */
  get closeCode(): number | undefined {
    return this.#chat.closeCode;
  }

  /** Whether the companion says that it is writing. */
  get isTyping(): boolean {
    return this.#chat.isTyping;
  }

  get userId(): string {
    return this.#access.login.userId;
  }

  get sessionId(): string {
    return this.#access.login.sessionId;
  }

  /**
   * Messages of both sides as the companion sent them, history included, each once, in order of arrival; the last 1000.
   * What this device sent itself is only there when the companion tells it.
   */
  get messages(): readonly AndroidMessage[] {
    return this.#chat.messages.all;
  }

  /** Messages of the companion that this device has not acknowledged, nor another one as far as the history says. */
  get unread(): readonly AndroidMessage[] {
    return this.#chat.messages.unread;
  }

  /** Number of messages that wait for a connection. */
  get queued(): number {
    return this.#outbox.size;
  }

  /** What the companion complained of, the last 100. */
  get errors(): readonly string[] {
    return [...this.#chat.errors];
  }

  /** Emotions that the companion told last, by the older API. */
  get lastEmotions(): Readonly<Record<string, unknown>> | undefined {
    return this.#chat.lastEmotions;
  }

  /**
   * Sends a message. It is queued while the app is in the background or without a network, and, where it reconnects by
   * itself, while the connection is lost.
   *
   * @throws {AndroidClosedError} If there is no connection, and nothing to wait for.
   */
  send(text: string): void {
    const waits = this.#state !== "foreground" || this.#options.autoReconnect;
    if (waits && !(this.#state === "foreground" && this.isConnected)) return this.#outbox.queue(text);
    this.#chat.requireOpen("send to the companion");
    this.#outbox.send(text);
  }

  /**
   * The companion's next message that was not given out yet, also one that came while the app was away. It rejects when
   * the connection ends.
   *
   * @throws {DeadlineError} If none came in time. Rejects with `signal.reason` when aborted.
   * @throws {AndroidClosedError} If there is no connection, or it ends first.
   */
  async nextReply(options: AndroidReplyOptions = {}): Promise<AndroidMessage> {
    const { timeoutMs = 30_000, signal } = options;
    if (this.#chat.replies.size === 0) this.#chat.requireOpen("wait for a reply");
    return await withDeadline(
      "get a reply on Android",
      timeoutMs,
      (ended) => this.#chat.replies.take(ended),
      {
        clock: this.#clock,
        signal,
      },
    );
  }

  /**
   * Sends a message and gives the reply to it. What the companion said before, unasked, is dropped from the queue.
   *
   * @throws As {@linkcode MockAndroidClient.send} and {@linkcode MockAndroidClient.nextReply} do.
   */
  sendAndWait(text: string, options: AndroidReplyOptions = {}): Promise<AndroidMessage> {
    this.#chat.replies.clear();
    this.send(text);
    return this.nextReply(options);
  }

  /** Acknowledges a message as read, on this device for the user. @throws {AndroidClosedError} If there is no connection. */
  markRead(id: string): void {
    this.#chat.markRead(id);
  }

  /**
   * Resolves when the companion answers a ping. The deadline is of real time, as a wire's liveness is.
   *
   * @throws As {@linkcode MockAndroidClient.nextReply} does; a deadline is a violation, too.
   */
  async ping(options: AndroidReplyOptions = {}): Promise<void> {
    await this.#chat.ping(options);
  }

  /**
   * Takes new tokens now. Happens by itself before they expire.
   *
   * @throws {AndroidAuthError} If it is refused.
   * @throws {TypeError} If the protocol has none.
   */
  async refreshTokens(): Promise<void> {
    await this.#clock.track(this.#access.refresh(), "Android token refresh");
  }

  /** The logins of the user; only the v1 API has them. @throws {AndroidAuthError} If it is refused. */
  async sessions(): Promise<readonly AndroidSession[]> {
    const path = "/api/v1/auth/sessions";
    return parseSessions(await this.#access.send({ what: "list sessions", method: "GET", path }));
  }

  /** Signs a login of the user out; only the v1 API has that. @throws {AndroidAuthError} If it is refused. */
  async signOut(sessionId: string): Promise<void> {
    const path = `/api/v1/auth/sessions/${encodeURIComponent(sessionId)}`;
    await this.#access.send({ what: "sign out", method: "DELETE", path });
  }

  /** The companion's emotions, as the older API tells them over HTTP. @throws {AndroidAuthError} If it is refused. */
  async fetchEmotions(): Promise<Readonly<Record<string, unknown>>> {
    const path = `/api/user/emotions?user_id=${encodeURIComponent(this.userId)}`;
    const answer = toRecord(
      await this.#access.send({ what: "get emotions", method: "GET", path }),
      "emotions",
    );
    return toRecord(answer["emotions"] ?? answer, "emotions");
  }

  /**
   * The network is gone: what is sent is queued from now on.
   *
   * @throws {AndroidClosedError} If the client is disposed.
   */
  goOffline(options: GoOfflineOptions = {}): void {
    const { kind = "silent" } = options;
    this.#requireAlive("go offline");
    this.#state = "offline";
    void this.#access.setOffline(true);
    this.#outbox.clear();
    this.#chat.abandon();
    if (kind === "reset") this.#chat.endGhost();
  }

  /**
   * The app goes behind another one: its connection is closed, and what is sent is queued. What the companion says
   * meanwhile is there when it comes back.
   */
  async goToBackground(): Promise<void> {
    this.#requireAlive("go to the background");
    this.#state = "background";
    await this.close();
  }

  /**
   * The app is before the user, and has a network: it connects again, sends what was queued, in order, and watches
   * whether the companion takes it, once and in order.
   *
   * @returns What it missed, of both sides, oldest first: what a push would have told.
   * @throws As {@linkcode MockAndroidClient.reconnect} does; the queue is kept.
   */
  async comeBack(url?: string): Promise<readonly AndroidMessage[]> {
    await this.reconnect(url);
    return this.#chat.missed;
  }

  /**
   * Goes offline, and comes back after so much of the clock.
   *
   * @returns Resolves when it is back. Rejects as {@linkcode MockAndroidClient.comeBack} does.
   * @throws {RangeError} If `durationMs` is not a number >= 0.
   */
  async outage(durationMs: number, options: GoOfflineOptions = {}): Promise<void> {
    if (!(durationMs >= 0)) {
      throw new RangeError(`Cannot begin outage: 'durationMs' must be >= 0, got ${durationMs}`);
    }
    this.#outage ??= Promise.withResolvers();
    const { promise, resolve, reject } = this.#outage;
    this.goOffline(options);
    const end = (): void => void this.endOutage().then(resolve, reject);
    if (durationMs < Infinity) this.#timers.add(this.#clock.setTimer(end, durationMs, { keepAlive: false }));
    await promise;
  }

  /** The network is there again. @throws As {@linkcode MockAndroidClient.comeBack} does. */
  async endOutage(): Promise<void> {
    const outage = this.#outage;
    this.#outage = undefined;
    if (this.isDown) await this.comeBack();
    outage?.resolve();
  }

  /**
   * Connects again after the connection ended, with the tokens it has, or by a new login when they are refused, and
   * sends what was queued.
   *
   * @param url Where the companion is now, if it moved.
   * @throws {AndroidAuthError} If the companion refuses. Whatever the connection fails with.
   */
  async reconnect(url: string = this.#access.url): Promise<void> {
    this.#requireAlive("reconnect");
    this.#access.moveTo(url);
    this.#state = "foreground";
    this.#chat.missed = [];
    await this.#clock.track(this.#reopen(), "Android reconnection");
    if (this.#outbox.drain() > 0) this.#checkLater();
  }

  /** Closes the connection with a goodbye; {@linkcode MockAndroidClient.reconnect} comes back. */
  async close(): Promise<void> {
    this.#outbox.clear();
    await this.#chat.close();
  }

  /**
   * The history as the companion tells it now, read over a connection of its own; undefined where the API has none.
   * What it says of lost, doubled or mixed up messages is a violation.
   *
   * @throws As {@linkcode MockAndroidClient.reconnect} does.
   */
  async readHistory(): Promise<readonly AndroidMessage[] | undefined> {
    this.#requireAlive("read the history");
    if (this.#options.protocol === "mobile") return undefined;
    return await this.#clock.track(this.#chat.look(), "Android history");
  }

  /**
   * Looks whether messages were lost, taken twice or mixed up, which are then violations; in the older API, which has
   * no history, only whether there is silence after what was queued. Messages that had less than `lossAfterMs` are not
   * judged, nor those that were on their way when a connection broke: they may never have arrived.
   *
   * @returns All that is known by now about messages lost, taken or answered twice, or mixed up.
   * @throws {AndroidClosedError} If there is no connection: the app has to come back first.
   */
  async checkDelivery(): Promise<readonly Violation[]> {
    this.#chat.requireOpen("check what was delivered");
    await this.readHistory();
    this.#chat.checkSilence();
    return [...this.violations].filter(({ rule }) => DELIVERY_RULES.has(rule));
  }

  /** Does something wrong to the companion. @throws {RangeError} If a number of the schedule is out of its range. */
  injectFault(fault: AndroidFault, schedule: FaultSchedule = {}): InjectedFault {
    return this.#faults.inject(fault, schedule);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#access[Symbol.dispose]();
    for (const timer of this.#timers) timer.cancel();
    this.#outage?.resolve();
    await this.close();
    this.#chat.leave();
    await this.#agent.destroy?.(); // Bun has an undici of its own, whose agents keep no connections
  }

  async #reopen(): Promise<void> {
    await this.#access.setOffline(false);
    await this.#access.whileLoggedIn(() => this.#chat.open());
  }

  async #comeBackByItself(): Promise<void> {
    const { autoReconnect } = this.#options;
    if (!autoReconnect || this.#isComingBack) return;
    this.#isComingBack = true;
    await keepTrying(() => this.reconnect(), {
      ...(autoReconnect !== true && autoReconnect),
      random: this.#random.stream("backoff"),
      signal: this.#ended.signal,
      isWanted: () => this.#state === "foreground" && !this.isConnected,
      onError: this.#options.onError ?? console.error,
    });
    this.#isComingBack = false;
  }

  /** When all that was queued had its time, whether it was taken. */
  #checkLater(): void {
    const check = (): void => {
      if (!this.#chat.hasOpen || !this.isConnected) return;
      this.checkDelivery().catch((error: unknown) => (this.#options.onError ?? console.error)(error));
    };
    this.#timers.add(this.#clock.setTimer(check, this.#chat.lossAfterMs, { keepAlive: false }));
  }

  #requireAlive(what: string): void {
    if (this.#ended.signal.aborted) throw new AndroidClosedError(`Cannot ${what}: the client is disposed`);
  }
}
