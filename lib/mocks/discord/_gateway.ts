import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import { GatewayConnection, type ConnectionListener } from "./_gateway_connection.ts";
import { GatewayEvent } from "./_gateway_event.ts";
import {
  CLOSE,
  type GatewayAction,
  type GatewayClose,
  type GatewayRules,
  type Identify,
  OP,
} from "./_gateway_protocol.ts";
import { GatewaySession } from "./_gateway_session.ts";
import { INTENT } from "./_intents.ts";
import { toGuildCreate, toOwnUser, toWireMember } from "./_wire.ts";
import type { DiscordWorld } from "./_world.ts";

// ws itself refuses frames far beyond the protocol's 4096 bytes, before they take memory.
const MAX_FRAME_BYTES = 1_048_576;

/** What a {@linkcode Gateway} needs to know. */
export interface GatewayOptions {
  readonly world: DiscordWorld;
  readonly rules: GatewayRules;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly heartbeatIntervalMs: number;
  /** How long a session without a connection can be resumed, on the clock. */
  readonly resumeWindowMs: number;
  readonly url: () => string;
}

/** What a {@linkcode Gateway} tells of. */
export interface GatewayListener {
  /** A client's frame was taken: its opcode, or why the connection was closed. */
  onFrame(op: number | undefined, close: GatewayClose | undefined): void;
  /** `event` went out on a live connection of `session`, for the first time or in a replay. */
  onDelivered(event: GatewayEvent, session: GatewaySession, isReplay: boolean): void;
  /** A session is ready, anew or resumed. */
  onReady(session: GatewaySession): void;
  /** A session lost its connection. */
  onLost(session: GatewaySession): void;
}

/** The gateway: sessions, their connections, and who is told of what. */
export class Gateway implements ConnectionListener {
  acksFrozen = false;
  readonly #options: GatewayOptions;
  readonly #listener: GatewayListener;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES });
  readonly #sessions = new Map<string, GatewaySession>();
  readonly #connections = new Map<GatewayConnection, Socket>();

  constructor(options: GatewayOptions, listener: GatewayListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** Sessions that have a connection. */
  get readySessions(): readonly GatewaySession[] {
    return [...this.#sessions.values()].filter((session) => session.connection !== undefined);
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const query = new URL(request.url ?? "/", "ws://gateway").searchParams;
    const refusal = refusalOf(query);
    if (refusal !== undefined) {
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: ${refusal.length}\r\n\r\n${refusal}`,
      );
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      if ((query.get("v") ?? "10") !== "10") return webSocket.close(...CLOSE.invalidVersion);
      const { rules, heartbeatIntervalMs } = this.#options;
      const connection = new GatewayConnection(webSocket, rules, heartbeatIntervalMs, this);
      this.#connections.set(connection, socket as Socket); // node:http upgrades nothing but sockets
    });
  }

  /** Tells every session that wants it of `event`; those without a connection get it when they resume. */
  publish(event: GatewayEvent): void {
    for (const session of this.#sessions.values()) {
      if (session.wants(event) && session.dispatch(event)) this.#listener.onDelivered(event, session, false);
    }
  }

  /** Op 7 to everybody: reconnect and resume. */
  requestReconnect(): void {
    for (const connection of this.#connections.keys()) connection.send(OP.reconnect, null);
  }

  /** Resets every connection; the sessions can be resumed. */
  reset(): void {
    for (const session of this.readySessions) this.#detach(session); // now, not when the sockets have noticed
    for (const socket of this.#connections.values()) socket.resetAndDestroy();
  }

  /** Op 9 to everybody. Not resumable ones are forgotten. */
  invalidateSessions(resumable: boolean): void {
    for (const session of this.readySessions) {
      const connection = session.connection!;
      this.#detach(session);
      connection.forgetSession();
      if (!resumable) this.#sessions.delete(session.id);
      connection.send(OP.invalidSession, resumable);
    }
  }

  onAction(connection: GatewayConnection, action: GatewayAction, op: number | undefined): void {
    this.#listener.onFrame(op, action.type === "close" ? action.close : undefined);
    if (action.type === "identify") this.#identify(connection, action.identify);
    if (action.type === "resume") this.#resume(connection, action.sessionId, action.sequence);
    if (action.type === "members") this.#sendMembers(connection, action.request);
  }

  onClosed(connection: GatewayConnection, code: number): void {
    this.#connections.delete(connection);
    const { session } = connection;
    if (!session || session.connection !== connection) return;
    this.#detach(session);
    if (code === 1000 || code === 1001) this.#sessions.delete(session.id); // by these a client gives its session up
  }

  #detach(session: GatewaySession): void {
    session.connection = undefined;
    session.disconnectedAt = this.#options.clock.now();
    this.#listener.onLost(session);
  }

  #attach(session: GatewaySession, connection: GatewayConnection): void {
    session.connection = connection;
    session.disconnectedAt = undefined;
    connection.session = session;
  }

  #identify(connection: GatewayConnection, identify: Identify): void {
    this.#forgetExpired();
    const { world, random, url } = this.#options;
    const id = [0, 1, 2, 3].map(() => random.nextUint32().toString(16).padStart(8, "0")).join("");
    const session = new GatewaySession(id, identify);
    this.#sessions.set(id, session);
    this.#attach(session, connection);
    const hasGuild = session.wants(new GatewayEvent("GUILD_CREATE", {}, { guildId: world.guild.id }));
    const ready = {
      v: 10,
      user: toOwnUser(world),
      guilds: hasGuild ? [{ id: world.guild.id, unavailable: true }] : [],
      session_id: id,
      resume_gateway_url: url(),
      shard: identify.shard,
      application: { id: world.bot.id, flags: 0 },
      session_type: "normal",
      private_channels: [],
      relationships: [],
      user_settings: {},
      presences: [],
      guild_join_requests: [],
      geo_ordered_rtc_regions: [],
      auth: {},
      _trace: ["mock"],
    };
    session.dispatch(new GatewayEvent("READY", ready));
    const { intents } = identify;
    if (hasGuild && (intents & INTENT.guilds) !== 0) {
      session.dispatch(
        new GatewayEvent("GUILD_CREATE", toGuildCreate(world, (intents & INTENT.guildMembers) !== 0)),
      );
    }
    this.#listener.onReady(session);
  }

  #resume(connection: GatewayConnection, sessionId: string, sequence: number): void {
    this.#forgetExpired();
    const session = this.#sessions.get(sessionId);
    if (session && sequence > session.sequence) return connection.close(CLOSE.invalidSequence);
    if (!session?.canReplayAfter(sequence)) {
      if (session) this.#sessions.delete(sessionId);
      connection.forgetSession();
      connection.send(OP.invalidSession, false);
      return;
    }
    session.connection?.close(CLOSE.sessionTimedOut); // its client is here now, so that one is a zombie
    this.#attach(session, connection);
    const replayed = session.replayAfter(sequence);
    connection.sendText(`{"t":"RESUMED","s":${session.sequence},"op":0,"d":{"_trace":["mock"]}}`);
    this.#listener.onReady(session);
    for (const event of replayed) this.#listener.onDelivered(event, session, true);
  }

  #sendMembers(connection: GatewayConnection, request: Record<string, unknown>): void {
    const { world } = this.#options;
    const chunk = {
      guild_id: world.guild.id,
      members: world.users.map((user) => toWireMember(user, world)),
      chunk_index: 0,
      chunk_count: 1,
      not_found: [],
      ...(typeof request["nonce"] === "string" && { nonce: request["nonce"] }),
    };
    connection.session?.dispatch(new GatewayEvent("GUILD_MEMBERS_CHUNK", chunk));
  }

  #forgetExpired(): void {
    const { clock, resumeWindowMs } = this.#options;
    for (const session of this.#sessions.values()) {
      const { disconnectedAt } = session;
      const expired = disconnectedAt !== undefined && clock.now() - disconnectedAt > resumeWindowMs;
      if (expired) this.#sessions.delete(session.id);
    }
  }
}

function refusalOf(query: URLSearchParams): string | undefined {
  const encoding = query.get("encoding") ?? "json";
  if (encoding !== "json") return "Only the encoding json is offered";
  return query.has("compress") ? "No transport compression is offered" : undefined;
}
