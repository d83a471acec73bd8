import { getRequestListener } from "@hono/node-server";
import type { Clock } from "../../base/clock.ts";
import { withDeadline } from "../../base/deadline.ts";
import { SeededRandom } from "../../base/random.ts";
import { systemClock } from "../../base/system_clock.ts";
import { ClockLedger } from "../_clock_ledger.ts";
import { LoopbackServer } from "../_loopback_server.ts";
import { type OutageOptions, Outage } from "../_outage.ts";
import { CallLog } from "../call_log.ts";
import { FaultInjector, type InjectedFault } from "../faults/fault_injector.ts";
import { FaultLog } from "../faults/fault_log.ts";
import type { FaultSchedule } from "../faults/fault_schedule.ts";
import { ViolationLog } from "../violations.ts";
import { Gateway, type GatewayListener } from "./_gateway.ts";
import { messageEvent } from "./_gateway_event.ts";
import { Reconnections } from "./_reconnections.ts";
import { ReplyHolds } from "./_reply_holds.ts";
import { isAnswerTo, ReplyWaiters } from "./_reply_waiters.ts";
import { createRestApi } from "./_rest_api.ts";
import { DiscordWorld } from "./_world.ts";
import type { DiscordFault } from "./discord_faults.ts";
import type {
  DiscordCall,
  DiscordReply,
  MockDiscordOptions,
  SendAsUserOptions,
  WaitForReplyOptions,
} from "./discord_options.ts";
import {
  type DiscordChannel,
  type DiscordMessage,
  type DiscordUser,
  readMessageText,
} from "./discord_types.ts";

/**
 * Discord, as a bot sees it: REST v10 and gateway v10 on loopback, with one guild that a test scripts. An unmodified
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
export class MockDiscordServer implements AsyncDisposable {
  /** The last calls of the client, bounded. */
  readonly calls: CallLog<DiscordCall>;
  /** What the client did wrong. */
  readonly violations: ViolationLog;
  /** What clients log in with. */
  readonly token: string;
  readonly #clock: Clock;
  readonly #world: DiscordWorld;
  readonly #waiters = new ReplyWaiters();
  readonly #holds: ReplyHolds;
  readonly #returns: Reconnections;
  readonly #outage: Outage;
  readonly #faults: FaultInjector<DiscordFault>;
  readonly #gateway: Gateway;
  #server: LoopbackServer | undefined;

  private constructor(options: MockDiscordOptions) {
    const {
      clock = systemClock,
      random = new SeededRandom("discord"),
      heartbeatIntervalMs = 41_250,
    } = options;
    const { resumeWindowMs = 180_000, replyPatienceMs = 5000, allowedIntents = 2 ** 31 - 1 } = options;
    const { faultLog: log = new FaultLog({ clock }) } = options;
    const { botName = "Demi", guildName = "Test Guild", channels = ["general"] } = options;
    checkPositive({ heartbeatIntervalMs, resumeWindowMs, replyPatienceMs, channels: channels.length });
    this.#clock = clock;
    this.#world = new DiscordWorld(clock, { botName, guildName, channels });
    this.token =
      options.token ?? `${Buffer.from(this.#world.bot.id).toString("base64url")}.mocked.token-of-no-use`;
    this.calls = new CallLog({ clock });
    this.violations = new ViolationLog({ source: "discord", clock });
    this.#faults = new FaultInjector({ source: "discord", clock, random: random.stream("faults"), log });
    this.#holds = new ReplyHolds(ClockLedger.of(clock), replyPatienceMs);
    this.#returns = new Reconnections(ClockLedger.of(clock), replyPatienceMs);
    this.#outage = new Outage(clock);
    const rules = { token: this.token, allowedIntents };
    const url = (): string => this.gatewayUrl;
    const world = this.#world;
    this.#gateway = new Gateway(
      { world, rules, clock, random, heartbeatIntervalMs, resumeWindowMs, url },
      this.#listenToGateway(),
    );
  }

  /**
   * A server that listens on 127.0.0.1.
   *
   * @throws {RangeError} If an option is out of its range.
   * @throws {Error} If the port is taken.
   */
  static async listen(options: MockDiscordOptions = {}): Promise<MockDiscordServer> {
    const { port = 0, rateLimit = { limit: 50, windowMs: 1000 }, onError = console.error } = options;
    const mock = new MockDiscordServer(options);
    const api = createRestApi({
      world: mock.#world,
      token: mock.token,
      rateLimit,
      gatewayUrl: () => mock.gatewayUrl,
      publish: (event) => mock.#gateway.publish(event),
      onError,
      onReply: (message) => mock.#replied(message),
      onCall: (method, path, status) => mock.calls.record({ kind: "rest", method, path, status }),
    });
    const serve = getRequestListener(api.fetch, { overrideGlobalObjects: false });
    mock.#server = await LoopbackServer.listen("mock Discord server", {
      port,
      onRequest: (request, response) => {
        if (mock.#outage.refuseRequest(response)) return;
        void serve(request, response);
      },
      onUpgrade: (request, socket, head) => {
        if (mock.#outage.refuseUpgrade(socket)) return;
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
    return `ws://127.0.0.1:${this.#server!.port}`;
  }

  /** The bot's own user. */
  get bot(): DiscordUser {
    return this.#world.bot;
  }

  /** Id of the guild. */
  get guildId(): string {
    return this.#world.guild.id;
  }

  /** Channels of the guild, in their order. */
  get channels(): readonly DiscordChannel[] {
    return this.#world.guildChannels;
  }

  /** Number of sessions that have a connection now. */
  get connectedSessions(): number {
    return this.#gateway.readySessions.length;
  }

  /** Whether an outage is on. */
  get isDown(): boolean {
    return this.#outage.isOn;
  }

  /** The user of that name, made on first use. */
  user(name: string): DiscordUser {
    const user = this.#world.userNamed(name) ?? this.#world.addUser(name);
    this.#world.guildState(this.guildId)!.join(user.id, this.#clock.now());
    return user;
  }

  /** A user writes in a channel of the guild. The bot gets it at once, or when its session is resumed. */
  sendAsUser(user: string, text: string, options: SendAsUserOptions = {}): DiscordMessage {
    const { channel, mentionBot = false } = options;
    const content = mentionBot ? `<@${this.bot.id}> ${text}` : text;
    return this.#send(this.#channel(channel), this.user(user), content);
  }

  /** A user writes to the bot directly. */
  sendDM(user: string, text: string): DiscordMessage {
    const author = this.user(user);
    return this.#send(this.#world.dmWith(author), author, text);
  }

  /**
   * The bot's answer to a message, or its next message in a channel or DM. An answer that names another message is
   * not taken for it, and none is given out twice.
   *
   * @throws {DeadlineError} If none came in time. Rejects with `signal.reason` when aborted.
   */
  async waitForReply(options: WaitForReplyOptions = {}): Promise<DiscordReply> {
    const { to, user, timeoutMs = 30_000, signal } = options;
    const inDm = user === undefined ? undefined : this.#world.dmWith(this.user(user)).id;
    const channelId = to?.channelId ?? inDm ?? this.#channel(options.channel).id;
    const earlier = this.#world.messages(channelId).filter(({ author }) => author.id === this.bot.id);
    const message = await withDeadline(
      "get a reply of the bot on Discord",
      timeoutMs,
      (ended) => this.#waiters.wait(channelId, to?.id, earlier, ended),
      { clock: this.#clock, signal },
    );
    return { text: readMessageText(message), message };
  }

  /** Messages of a channel of the guild, oldest first, the last 1000. */
  history(channel?: string): readonly DiscordMessage[] {
    return this.#world.messages(this.#channel(channel).id);
  }

  /** Messages between the bot and a user, oldest first, the last 1000. */
  directMessages(user: string): readonly DiscordMessage[] {
    return this.#world.messages(this.#world.dmWith(this.user(user)).id);
  }

  /** Resolves when a session of the bot is ready, at once if one is. */
  async whenConnected(options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<void> {
    const { timeoutMs = 30_000, signal } = options;
    if (this.connectedSessions > 0) return;
    await withDeadline("see the bot on Discord", timeoutMs, (ended) => this.#returns.next(ended), {
      clock: this.#clock,
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
    const over = this.#outage.begin(durationMs, this.#server!, options, () => this.#returns.expect(victims));
    this.#gateway.reset();
    return over;
  }

  /** Ends the outage that is on, if one is. */
  endOutage(): void {
    this.#outage.end();
  }

  /**
   * Lets a fault strike on a schedule, until it is over or disposed.
   *
   * @throws {RangeError} If a number of the schedule is out of its range.
   */
  injectFault(fault: DiscordFault, schedule: FaultSchedule = {}): InjectedFault {
    return this.#faults.inject(fault, schedule);
  }

  /** Heartbeats are no longer acknowledged: to the client the connection is a zombie. `false` mends it. */
  freezeAcks(frozen = true): void {
    this.#gateway.acksFrozen = frozen;
  }

  /** Op 7: asks every client to reconnect and resume. */
  requestReconnect(): void {
    this.#gateway.requestReconnect();
  }

  /** Op 9: tells every client that its session is invalid. */
  invalidateSessions(options: { resumable?: boolean } = {}): void {
    const { resumable = false } = options;
    this.#gateway.invalidateSessions(resumable);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#outage.end();
    this.#returns.releaseAll();
    this.#holds.releaseAll();
    await this.#server?.[Symbol.asyncDispose]();
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
    };
  }

  #isAnswered({ channelId, id }: DiscordMessage): boolean {
    const messages = this.#world.messages(channelId);
    return messages.some((message) => message.author.id === this.bot.id && isAnswerTo(message, id));
  }

  #send(channel: DiscordChannel, author: DiscordUser, content: string): DiscordMessage {
    const message = this.#world.addMessage(channel, author, { content });
    this.#gateway.publish(messageEvent("MESSAGE_CREATE", message, this.#world));
    return message;
  }

  #replied(message: DiscordMessage): void {
    this.#holds.answered(message);
    this.#waiters.offer(message);
  }

  #channel(nameOrId: string | undefined): DiscordChannel {
    const channels = this.channels;
    if (nameOrId === undefined) return channels[0]!;
    const found = channels.find(({ id, name }) => id === nameOrId || name === nameOrId);
    if (found) return found;
    const names = channels.map(({ name }) => name).join(", ");
    throw new RangeError(`Cannot find channel: 'channel' must be one of ${names}, got ${nameOrId}`);
  }
}

function checkPositive(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(value > 0))
      throw new RangeError(`Cannot start mock Discord server: '${name}' must be > 0, got ${value}`);
  }
}
