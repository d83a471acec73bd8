import { withDeadline } from "../../base/deadline.ts";
import { LoopbackServer } from "../_loopback_server.ts";
import type { OutageOptions } from "../_outage.ts";
import type { CallLog } from "../call_log.ts";
import type { InjectedFault } from "../faults/fault_injector.ts";
import type { FaultSchedule } from "../faults/fault_schedule.ts";
import type { ViolationLog } from "../violations.ts";
import { checkDiscordOptions } from "./_check_discord_options.ts";
import { DiscordBackend } from "./_discord_backend.ts";
import { DiscordScript } from "./_discord_script.ts";
import { Gateway } from "./_gateway.ts";
import { isSendableCode } from "./_gateway_close.ts";
import { GatewayConduct } from "./_gateway_conduct.ts";
import { IdentifyLimits } from "./_gateway_identify_limits.ts";
import type { GatewayListener } from "./_gateway_options.ts";
import { extraHeartbeats } from "./_gateway_protocol.ts";
import { Reconnections } from "./_reconnections.ts";
import { ReplyHolds } from "./_reply_holds.ts";
import { isAnswerTo, ReplyWaiters } from "./_reply_waiters.ts";
import { isAbout } from "./_rest_faults.ts";
import type { DiscordFault } from "./discord_faults.ts";
import type {
  DiscordCall,
  DiscordReply,
  MockDiscordOptions,
  RateLimitNextOptions,
  WaitForReplyOptions,
} from "./discord_options.ts";
import { type DiscordMessage, readMessageText } from "./discord_types.ts";

/**
 * Discord, as a bot sees it: REST v10 and gateway v10 on loopback, with guilds that a test scripts. An unmodified
 * client connects by its base address only; sessions are resumed with every missed event in its order.
 *
 * @example A bot's whole life, with discord.js: `new Client({ intents, rest: { api: discord.apiUrl } })`
 * ```ts
 * import assert from "node:assert/strict";
 * import { MockDiscordServer } from "demi-health/mocks";
 *
 * await using discord = await MockDiscordServer.listen();
 * const question = discord.sendAsUser("ada", "Hello Demi");
 * await fetch(`${discord.apiUrl}/v10/channels/${question.channelId}/messages`, {
 *   method: "POST",
 *   headers: { authorization: `Bot ${discord.token}`, "content-type": "application/json" },
 *   body: JSON.stringify({ embeds: [{ description: "Hello Ada" }] }),
 * });
 * assert.equal((await discord.waitForReply({ to: question })).text, "Hello Ada");
 * ```
 *
 * @see https://discord.com/developers/docs/events/gateway
 */
export class MockDiscordServer extends DiscordScript implements AsyncDisposable {
  /** The last calls of the client, bounded. */
  readonly calls: CallLog<DiscordCall>;
  /** What the client did wrong. */
  readonly violations: ViolationLog;
  /** What clients log in with. */
  readonly token: string;
  readonly #backend: DiscordBackend;
  readonly #waiters = new ReplyWaiters();
  readonly #holds: ReplyHolds;
  readonly #returns: Reconnections;
  readonly #gateway: Gateway;
  readonly #conduct: GatewayConduct;
  readonly #advertised: MockDiscordOptions["advertisedAddress"];
  #server: LoopbackServer | undefined;

  private constructor(backend: DiscordBackend, options: MockDiscordOptions) {
    super(backend.script);
    const {
      heartbeatIntervalMs = 41_250,
      resumeWindowMs = 180_000,
      replyPatienceMs = 5000,
      historyLimit = 1000,
    } = options;
    const { allowedIntents = 2 ** 31 - 1, shards = 1, identifyLimit = {} } = options;
    const { calls, violations, token, ledger, world, clock, random } = backend;
    this.calls = calls;
    this.violations = violations;
    this.token = token;
    this.#backend = backend;
    this.#advertised = options.advertisedAddress;
    this.#holds = new ReplyHolds(ledger, replyPatienceMs);
    this.#returns = new Reconnections(ledger, replyPatienceMs);
    const rules = {
      token,
      allowedIntents,
      shards,
      extraHeartbeats: extraHeartbeats(heartbeatIntervalMs),
    };
    const { maxConcurrency = 1, windowMs = 5000, dailyStarts = 1000 } = identifyLimit;
    const limits = new IdentifyLimits({ clock, maxConcurrency, windowMs, dailyStarts });
    this.#conduct = new GatewayConduct(clock, violations);
    const url = (): string => this.gatewayUrl;
    const { faults } = backend;
    const times = { heartbeatIntervalMs, resumeWindowMs, replayLimit: 2 * historyLimit };
    this.#gateway = new Gateway(
      { world, rules, clock, random, ...times, limits, faults, conduct: this.#conduct, url },
      this.#listenToGateway(),
    );
    backend.connect({
      publish: (event) => this.#gateway.publish(event),
      isConnected: () => this.connectedSessions > 0,
      address: () => this.#address,
      sessionStartLimit: () => limits.sessionStartLimit,
      onReply: (message) => this.#replied(message),
    });
  }

  /**
   * A server that listens on 127.0.0.1.
   *
   * @throws {RangeError} If an option is out of its range.
   * @throws {Error} If the port is taken.
   */
  static async listen(options: MockDiscordOptions = {}): Promise<MockDiscordServer> {
    checkDiscordOptions(options);
    const backend = new DiscordBackend(options);
    const mock = new MockDiscordServer(backend, options);
    mock.#server = await LoopbackServer.listen("mock Discord server", {
      port: options.port ?? 0,
      onRequest: (request, response) => void backend.rest.handle(request, response),
      onUpgrade: (request, socket, head) => {
        if (backend.outage.refuseUpgrade(socket)) return mock.#conduct.connectionRefused();
        mock.#gateway.handleUpgrade(request, socket, head);
      },
    });
    return mock;
  }

  /** What goes to discord.js as `rest.api`. */
  get apiUrl(): string {
    return `http://127.0.0.1:${this.#server!.port}/api`;
  }

  /** Address of the gateway, which clients learn from `GET /gateway/bot`. */
  get gatewayUrl(): string {
    return `ws://${this.#address}`;
  }

  /** Number of sessions that have a connection now. */
  get connectedSessions(): number {
    return this.#gateway.readySessions.length;
  }

  /**
   * What the gateway waits for from each client that is connected and has no session, such as `to identify again: it was told
   * INVALID_SESSION`: why a bot does not get ready.
   */
  get awaited(): readonly string[] {
    return this.#gateway.awaited;
  }

  /** Whether an outage is on. */
  get isDown(): boolean {
    return this.#backend.outage.isOn;
  }

  /**
   * The bot's answer to a message, or its next message in a channel or DM. An answer that names another message is
   * not taken for it, and none is given out twice.
   *
   * @throws {DeadlineError} If none came in time. Rejects with `signal.reason` when aborted.
   */
  async waitForReply(options: WaitForReplyOptions = {}): Promise<DiscordReply> {
    const { to, user, timeoutMs = 30_000, signal } = options;
    const channelId = to?.channelId ?? this.channelId(options.channel, user);
    const earlier = this.#backend.world.messages(channelId).filter(({ author }) => author.id === this.bot.id);
    const message = await withDeadline(
      "get a reply of the bot on Discord",
      timeoutMs,
      (ended) => this.#waiters.wait(channelId, to?.id, earlier, ended),
      { clock: this.#backend.clock, signal },
    );
    return { text: readMessageText(message), message };
  }

  /** Resolves when a session of the bot is ready, at once if one is. */
  async whenConnected(options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<void> {
    const { timeoutMs = 30_000, signal } = options;
    if (this.connectedSessions > 0) return;
    await withDeadline("see the bot on Discord", timeoutMs, (ended) => this.#returns.next(ended), {
      clock: this.#backend.clock,
      signal,
    });
  }

  /** Resets all connections to the gateway. Their sessions can be resumed, and clients do so within a second. */
  dropConnections(): void {
    this.#returns.expect(this.#gateway.readySessions);
    this.#gateway.reset();
  }

  /**
   * Discord is down: every connection is reset, and until `durationMs` have passed on the clock every request and new
   * connection fails as `kind` says. What users write meanwhile reaches the bot if it resumes in time. A further
   * call replaces the outage that is on.
   *
   * @param durationMs May be `Infinity`: until {@linkcode MockDiscordServer.endOutage}.
   * @returns Resolves when the outage is over.
   * @throws {RangeError} If `durationMs` is not a number >= 0.
   */
  outage(durationMs: number, options: OutageOptions = {}): Promise<void> {
    const victims = this.#gateway.readySessions;
    const over = this.#backend.outage.begin(durationMs, this.#server!, options, () =>
      this.#returns.expect(victims),
    );
    this.#gateway.reset();
    this.#gateway.excuseClients(); // libraries that are refused forget their sessions
    return over;
  }

  /** Ends the outage that is on, if one is. */
  endOutage(): void {
    this.#backend.outage.end();
  }

  /**
   * Lets a fault strike on a schedule, until it is over or disposed.
   *
   * @throws {RangeError} If a number of the schedule is out of its range.
   */
  injectFault(fault: DiscordFault, schedule: FaultSchedule = {}): InjectedFault {
    return this.#backend.faults.inject(fault, schedule);
  }

  /**
   * The next requests are answered 429, and those of the same bucket, or all of them, until the time is over.
   *
   * @throws {RangeError} If `retryAfterMs` is not > 0, or `times` not an integer >= 1.
   */
  rateLimitNext(options: RateLimitNextOptions = {}): void {
    const { scope = "user", retryAfterMs = 1000, times = 1, route } = options;
    if (!(retryAfterMs > 0)) {
      throw new RangeError(`Cannot limit requests: 'retryAfterMs' must be > 0, got ${retryAfterMs}`);
    }
    if (!(Number.isInteger(times) && times >= 1)) {
      throw new RangeError(`Cannot limit requests: 'times' must be an integer >= 1, got ${times}`);
    }
    const matches = (request: { method: string; path: string }): boolean =>
      isAbout({ route }, request.method, request.path);
    this.#backend.limits.order({ scope, retryAfterMs, times, matches });
  }

  /** Heartbeats are no longer acknowledged: to the client the connection is a zombie. `false` mends it. */
  freezeAcks(frozen = true): void {
    this.#gateway.acksFrozen = frozen;
  }

  /** Op 7: asks every client to reconnect and resume. */
  requestReconnect(): void {
    this.#gateway.requestReconnect();
  }

  /** Op 1: asks every client for a heartbeat, which must come at once. */
  requestHeartbeat(): void {
    this.#gateway.requestHeartbeat();
  }

  /**
   * Closes every connection with a code, such as 4000, after which clients resume, or 4004, after which they must not
   * come back.
   *
   * @throws {RangeError} If a websocket cannot be closed with that code.
   */
  closeConnections(code: number): void {
    if (!isSendableCode(code)) {
      throw new RangeError(`Cannot close connections: 'code' must be a sendable close code, got ${code}`);
    }
    this.#gateway.closeAll(code);
  }

  /** Op 9: tells every client that its session is invalid. */
  invalidateSessions(options: { resumable?: boolean } = {}): void {
    const { resumable = false } = options;
    this.#gateway.invalidateSessions(resumable);
  }

  /** The bot is about to be restarted: that it begins a new session is not held against it. */
  expectRestart(): void {
    this.#gateway.excuseClients();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#backend.outage.end();
    this.#returns.releaseAll();
    this.#holds.releaseAll();
    await this.#server?.[Symbol.asyncDispose]();
  }

  get #address(): string {
    const advertised = this.#advertised ?? `127.0.0.1:${this.#server!.port}`;
    return typeof advertised === "string" ? advertised : advertised();
  }

  #listenToGateway(): GatewayListener {
    return {
      onFrame: (op, close) => this.calls.record({ kind: "gateway", op, closeCode: close?.[0] }),
      onDelivered: ({ message }, session, isReplay) => {
        if (!message || (isReplay && this.#isAnswered(message))) return;
        this.#holds.delivered(message, session.id);
      },
      onReady: (session) => this.#returns.returned(session),
      onLost: (session) => this.#holds.lost(session.id),
      onSentAway: (session) => this.#returns.expect([session]),
    };
  }

  #isAnswered({ channelId, id }: DiscordMessage): boolean {
    const messages = this.#backend.world.messages(channelId);
    return messages.some((message) => message.author.id === this.bot.id && isAnswerTo(message, id));
  }

  #replied(message: DiscordMessage): void {
    this.#holds.answered(message);
    this.#waiters.offer(message);
  }
}
