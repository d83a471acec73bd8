import {
  ChannelType,
  DiscordjsErrorCodes,
  Events,
  GatewayCloseCodes,
  type Message,
  type TextChannel,
} from "discord.js";
import { Agent } from "undici";
import type { Clock, ClockTimer } from "../../lib/base/clock.ts";
import type { PlatformHealth } from "../../lib/base/platform_health.ts";
import { systemClock } from "../../lib/base/system_clock.ts";
import type { CompanionEnvironment } from "../../lib/harness/companion.ts";
import { CircuitBreaker } from "./circuit_breaker.ts";
import { DiscordSession } from "./discord_session.ts";
import { type Mind, TooBusyError } from "./mind.ts";
import { type Platform, PlatformRecord } from "./platform.ts";
import { RecentIds } from "./recent_ids.ts";
import type { Ramble, StoredMessage } from "./storage.ts";

const MAX_LENGTH = 2000;
const FIRST_LOGIN_PATIENCE_MS = 5000;
const STUCK_MS = 10_000;
const MIN_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 3000;
const REFUSED_PAUSE_MS = 60_000; // Discord bans who keeps coming with a wrong token
const FRESH_MS = 90_000; // two heartbeats of Discord's 41 s
const BUSY_REPLY = "You are faster than I can think. Please give me a moment.";

type DiscordAccess = NonNullable<CompanionEnvironment["discord"]>;

/** Demi on Discord: answers everybody but bots, in guild channels and direct messages, through discord.js. */
export class DiscordPlatform implements Platform {
  readonly name = "discord";
  readonly #access: DiscordAccess;
  readonly #clock: Clock;
  readonly #mind: Mind;
  readonly #record: PlatformRecord;
  readonly #breaker: CircuitBreaker;
  readonly #agent = new Agent();
  readonly #closed = new AbortController();
  readonly #seen = new RecentIds();
  readonly #firstOutcome = Promise.withResolvers<void>();
  #session: DiscordSession | undefined;
  /** The last one that was acknowledged, in real time as the wire's liveness is. */
  #heartbeat: { readonly latencyMs: number; readonly atMs: number } | undefined;
  #stuck: ClockTimer | undefined;
  #paused = false;

  constructor(env: CompanionEnvironment, access: DiscordAccess, mind: Mind) {
    this.#access = access;
    this.#clock = env.clock;
    this.#mind = mind;
    this.#record = new PlatformRecord(this.name, env.clock, env.observer);
    this.#breaker = new CircuitBreaker(env.clock, { failureThreshold: 5, coolDownMs: MAX_BACKOFF_MS });
  }

  async start(): Promise<void> {
    void this.#stayLoggedIn();
    const patience = systemClock.sleep(FIRST_LOGIN_PATIENCE_MS, {
      signal: this.#closed.signal,
      keepAlive: false,
    });
    await Promise.race([this.#firstOutcome.promise, patience.catch(() => undefined)]);
  }

  health(): PlatformHealth {
    const beat = this.#heartbeat;
    if (!beat) return this.#record.toHealth(this.#breaker);
    const ageMs = systemClock.monotonicMs() - beat.atMs;
    const isFresh = this.#record.status === "online" && ageMs <= FRESH_MS;
    return this.#record.toHealth(this.#breaker, {
      latencyMs: isFresh ? beat.latencyMs : undefined,
      lastEventAt: Math.max(this.#record.lastEventAt ?? 0, this.#clock.now() - ageMs),
    });
  }

  addressRamble(): readonly StoredMessage[] {
    return [];
  }

  async sayRamble(ramble: Ramble): Promise<void> {
    const channel = this.#record.status === "online" ? this.#firstTextChannel() : undefined;
    if (!channel) return;
    try {
      await this.#breaker.run(() =>
        channel.send({ content: cut(ramble.content), allowedMentions: { parse: [] } }),
      );
    } catch (error) {
      this.#record.fail("say a ramble", error);
    }
  }

  pause(): void {
    this.#paused = true;
  }

  async stop(): Promise<void> {
    this.#end();
    await this.#session?.retire();
    await this.#agent.destroy?.(); // Bun has an undici of its own, whose agents keep no connections
  }

  crash(): void {
    this.#end();
    this.#session?.abandon();
    void this.#agent.destroy?.(); // Bun has an undici of its own, whose agents keep no connections
  }

  #end(): void {
    this.#paused = true;
    this.#closed.abort();
    this.#stuck?.cancel();
    this.#record.status = "offline";
  }

  /** Logs in again and again, with growing pauses, until stopped. */
  async #stayLoggedIn(): Promise<void> {
    const { signal } = this.#closed;
    let backoffMs = MIN_BACKOFF_MS;
    while (!signal.aborted) {
      const session = new DiscordSession(this.#access.apiUrl, this.#clock, this.#agent, (latencyMs) => {
        this.#heartbeat = { latencyMs, atMs: systemClock.monotonicMs() };
      });
      this.#session = session;
      const ended = this.#listen(session);
      let pause = 0;
      try {
        await this.#breaker.run(() => Promise.race([session.client.login(this.#access.token), ended]));
        backoffMs = MIN_BACKOFF_MS;
        await ended;
      } catch (error) {
        if (!signal.aborted) this.#lose("stay logged in to Discord", error);
        if (isRefusal(error)) pause = REFUSED_PAUSE_MS;
      }
      if (signal.aborted) return;
      await session.retire();
      pause = Math.max(pause, backoffMs, this.#breaker.retryInMs);
      await this.#clock.sleep(pause, { signal, keepAlive: false }).catch(() => undefined);
      backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
    }
  }

  /** Follows a session; the promise rejects when discord.js has given it up. */
  #listen({ client }: DiscordSession): Promise<never> {
    const { promise: ended, reject } = Promise.withResolvers<never>();
    ended.catch(() => undefined);
    const giveUp = (code?: number): void => reject(new GatewayLostError(code));
    client.on(Events.ShardReady, () => this.#gain());
    client.on(Events.ShardResume, () => this.#gain());
    client.on(Events.ShardReconnecting, () => this.#reconnecting());
    client.on(Events.ShardDisconnect, ({ code }) => giveUp(code));
    client.on(Events.Invalidated, () => giveUp());
    client.on(Events.ShardError, (error) => this.#record.note("reach the gateway", error));
    client.on(Events.Error, (error) => this.#record.fail("follow Discord", error));
    client.on(Events.Raw as never, () => this.#record.touch());
    client.on(Events.MessageCreate, (message) => void this.#receive(message));
    this.#watch();
    return ended;
  }

  #gain(): void {
    this.#record.touch();
    this.#record.status = "online";
    this.#breaker.reset();
    this.#stuck?.cancel();
    this.#firstOutcome.resolve();
  }

  // The socket closed. The first time it is on its way back; another close before it was ready is a failed attempt.
  #reconnecting(): void {
    if (this.#record.status === "online") {
      this.#record.status = "connecting";
      this.#watch();
    } else {
      this.#lose("reach the gateway", new GatewayLostError());
      void this.#breaker.run(() => Promise.reject(new GatewayLostError())).catch(() => undefined);
    }
  }

  #lose(doing: string, error: unknown): void {
    this.#record.fail(doing, error);
    this.#record.status = "offline";
    this.#firstOutcome.resolve();
  }

  /** While not online, cuts a connection that hangs: discord.js waits half a minute for a dead peer's goodbye. */
  #watch(): void {
    this.#stuck?.cancel();
    const cut = (): void => {
      this.#lose("reach the gateway", new GatewayLostError());
      this.#session?.terminate();
    };
    this.#stuck = systemClock.setRepeating(cut, STUCK_MS, { keepAlive: false });
  }

  async #receive(message: Message): Promise<void> {
    const startedAt = this.#clock.monotonicMs();
    if (this.#paused || message.author.bot || message.system || message.content === "") return;
    if (!this.#seen.add(message.id)) return;
    try {
      await this.#answer(message);
      this.#record.handled(startedAt, true);
    } catch (error) {
      this.#record.fail("answer a message", error);
      this.#record.handled(startedAt, false);
    }
  }

  async #answer(message: Message): Promise<void> {
    const { channel } = message;
    if (channel.isSendable()) channel.sendTyping().catch((error) => this.#record.fail("show typing", error));
    const conversationId = `discord:${message.channelId}:${message.author.id}`;
    try {
      await this.#mind.answer({ platform: this.name, conversationId, text: message.content }, ({ reply }) =>
        this.#reply(message, reply.content),
      );
    } catch (error) {
      if (error instanceof TooBusyError) await this.#reply(message, BUSY_REPLY);
      throw error;
    }
  }

  async #reply(message: Message, content: string): Promise<void> {
    const reply = { content: cut(content), allowedMentions: { parse: [] }, failIfNotExists: false };
    await this.#breaker.run(() => message.reply(reply));
  }

  #firstTextChannel(): TextChannel | undefined {
    const channels = this.#session?.client.guilds.cache.flatMap((guild) => guild.channels.cache);
    return channels
      ?.filter((channel) => channel.type === ChannelType.GuildText)
      .sort((a, b) => a.rawPosition - b.rawPosition)
      .first();
  }
}

class GatewayLostError extends Error {
  override readonly name: string = "GatewayLostError";

  readonly closeCode: number | undefined;

  constructor(closeCode?: number) {
    super("Cannot stay connected: the gateway closed the connection");
    this.closeCode = closeCode;
  }
}

/** Whether Discord does not know the token, at REST or at the gateway. */
function isRefusal(error: unknown): boolean {
  if (error instanceof GatewayLostError) return error.closeCode === GatewayCloseCodes.AuthenticationFailed;
  return (error as { code?: unknown } | null)?.code === DiscordjsErrorCodes.TokenInvalid;
}

function cut(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 1)}…`;
}
