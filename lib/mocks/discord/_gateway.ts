import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { FaultInjector } from "../faults/fault_injector.ts";
import { CLOSE, closeOf, endsSession, type GatewayClose } from "./_gateway_close.ts";
import type { GatewayConduct } from "./_gateway_conduct.ts";
import { type ConnectionListener, GatewayConnection } from "./_gateway_connection.ts";
import { GatewayDelivery } from "./_gateway_delivery.ts";
import type { GatewayEvent } from "./_gateway_event.ts";
import type { IdentifyLimits } from "./_gateway_identify_limits.ts";
import { memberChunks } from "./_gateway_members.ts";
import { type GatewayAction, type GatewayRules, type Identify, OP } from "./_gateway_protocol.ts";
import { readyEvents, soundboardEvents, voiceEvents } from "./_gateway_ready.ts";
import { GatewaySession } from "./_gateway_session.ts";
import { readUpgrade } from "./_gateway_upgrade.ts";
import type { DiscordWorld } from "./_world.ts";
import type { DiscordFault } from "./discord_faults.ts";

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
  readonly limits: IdentifyLimits;
  readonly faults: FaultInjector<DiscordFault>;
  readonly conduct: GatewayConduct;
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

type ConnectionFault = DiscordFault & { readonly kind: "slow-hello" };
type BeatFault = DiscordFault & { readonly kind: "zombie-acks" };

/** The gateway: sessions, their connections, and who is told of what. */
export class Gateway implements ConnectionListener {
  acksFrozen = false;
  readonly #options: GatewayOptions;
  readonly #listener: GatewayListener;
  readonly #delivery: GatewayDelivery;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    // Discord offers it, and clients that offer it, too, must not fail by it; small frames go as they are
    perMessageDeflate: { threshold: 1024, clientNoContextTakeover: true, serverNoContextTakeover: true },
  });
  readonly #sessions = new Map<string, GatewaySession>();
  readonly #connections = new Map<GatewayConnection, Socket>();
  /** Sessions whose client was told to resume, and by what. */
  readonly #told = new WeakMap<GatewaySession, string>();

  constructor(options: GatewayOptions, listener: GatewayListener) {
    this.#options = options;
    this.#listener = listener;
    this.#delivery = new GatewayDelivery(options.clock, options.faults, {
      onReconnect: (session) => this.#askBack(session),
      onInvalid: (session, resumable) => this.#invalidate(session, resumable),
      onClose: (session, code) => this.#closeSession(session, closeOf(code)),
    });
  }

  /** Sessions that have a connection. */
  get readySessions(): readonly GatewaySession[] {
    return [...this.#sessions.values()].filter((session) => session.connection !== undefined);
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { compression, refusal, close } = readUpgrade(request);
    if (refusal !== undefined) {
      const headers = `Connection: close\r\nContent-Type: text/plain\r\nContent-Length: ${refusal.length}`;
      socket.end(`HTTP/1.1 400 Bad Request\r\n${headers}\r\n\r\n${refusal}`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      if (close) return webSocket.close(...close);
      const { rules, heartbeatIntervalMs, faults } = this.#options;
      const isSlow = (fault: DiscordFault): fault is ConnectionFault => fault.kind === "slow-hello";
      const helloDelayMs = (faults.isArmed && faults.strike(isSlow)?.ms) || 0;
      const options = { rules, heartbeatIntervalMs, compression, helloDelayMs };
      const connection = new GatewayConnection(webSocket, options, this);
      this.#connections.set(connection, socket as Socket); // node:http upgrades nothing but sockets
    });
  }

  /** Tells every session that wants it of `event`; those without a connection get it when they resume. */
  publish(event: GatewayEvent): void {
    for (const session of this.#sessions.values()) {
      if (!session.wants(event)) continue;
      if (this.#delivery.deliver(session, event)) this.#listener.onDelivered(event, session, false);
    }
  }

  /** Op 7 to everybody: reconnect and resume. */
  requestReconnect(): void {
    for (const session of this.readySessions) this.#askBack(session);
  }

  /** Op 1 to everybody: a heartbeat is wanted at once. */
  requestHeartbeat(): void {
    for (const connection of this.#connections.keys()) connection.requestHeartbeat();
  }

  /** Closes every connection with a code. */
  closeAll(code: number): void {
    for (const session of this.readySessions) this.#closeSession(session, closeOf(code));
    for (const connection of this.#connections.keys()) connection.close(closeOf(code));
  }

  /** Resets every connection; the sessions can be resumed. */
  reset(): void {
    for (const session of this.readySessions) this.#detach(session); // now, not when the sockets have noticed
    for (const socket of this.#connections.values()) socket.resetAndDestroy();
  }

  /** Op 9 to everybody. Not resumable ones are forgotten. */
  invalidateSessions(resumable: boolean): void {
    for (const session of this.readySessions) this.#invalidate(session, resumable);
  }

  makesZombie(): boolean {
    const { faults } = this.#options;
    const isOne = (fault: DiscordFault): fault is BeatFault => fault.kind === "zombie-acks";
    return faults.isArmed && faults.strike(isOne) !== undefined;
  }

  onUnnoticed(_connection: GatewayConnection, beats: number): void {
    this.#options.conduct.unnoticed(beats, this.#options.heartbeatIntervalMs);
  }

  onSilence(_connection: GatewayConnection, silentMs: number, wasAsked: boolean): void {
    this.#options.conduct.silent(silentMs, wasAsked);
  }

  onAction(connection: GatewayConnection, action: GatewayAction, op: number | undefined): void {
    this.#listener.onFrame(op, action.type === "close" ? action.close : undefined);
    const { world, conduct } = this.#options;
    const { session } = connection;
    if (action.type === "close") conduct.closedWith(action.close, op);
    if (action.type === "identify") this.#identify(connection, action.identify);
    if (action.type === "resume") this.#resume(connection, action.sessionId, action.sequence);
    if (!session) return;
    if (action.type === "members") {
      for (const chunk of memberChunks(action.request, session, world)) session.dispatch(chunk);
    }
    if (action.type === "voice") {
      for (const event of voiceEvents(action.request, session, world)) session.dispatch(event);
    }
    if (action.type === "soundboard") {
      for (const event of soundboardEvents(action.request, world)) session.dispatch(event);
    }
  }

  onClosed(connection: GatewayConnection, code: number): void {
    this.#connections.delete(connection);
    const { session } = connection;
    if (!session || session.connection !== connection) return;
    this.#detach(session);
    // by these a client gives its session up
    if (code === 1000 || code === 1001 || endsSession(code)) this.#sessions.delete(session.id);
  }

  #askBack(session: GatewaySession): void {
    this.#told.set(session, "op 7 (reconnect)");
    session.connection?.send(OP.reconnect, null);
  }

  #closeSession(session: GatewaySession, close: GatewayClose): void {
    const { connection } = session;
    if (!connection) return;
    this.#detach(session);
    if (endsSession(close[0])) this.#sessions.delete(session.id);
    else this.#told.set(session, `close code ${close[0]}`);
    connection.close(close);
  }

  #invalidate(session: GatewaySession, resumable: boolean): void {
    const { connection } = session;
    if (!connection) return;
    this.#detach(session);
    connection.forgetSession();
    if (!resumable) this.#sessions.delete(session.id);
    connection.send(OP.invalidSession, resumable);
  }

  #detach(session: GatewaySession): void {
    session.connection = undefined;
    session.disconnectedAt = this.#options.clock.now();
    this.#listener.onLost(session);
  }

  #attach(session: GatewaySession, connection: GatewayConnection): void {
    session.connection = connection;
    session.disconnectedAt = undefined;
    session.missedMessages = 0;
    connection.session = session;
    this.#told.delete(session);
    this.#options.conduct.connected();
  }

  #identify(connection: GatewayConnection, identify: Identify): void {
    this.#forgetExpired();
    const { world, random, url, limits, conduct } = this.#options;
    const verdict = limits.take(identify.shard[0]);
    if (verdict !== "granted") {
      if (verdict === "too-soon") conduct.identifiedTooSoon();
      connection.forgetSession();
      connection.send(OP.invalidSession, false);
      return;
    }
    this.#lookForLeft(identify);
    const id = [0, 1, 2, 3].map(() => random.nextUint32().toString(16).padStart(8, "0")).join("");
    const session = new GatewaySession(id, identify);
    this.#sessions.set(id, session);
    connection.compressesPayloads = identify.compress;
    this.#attach(session, connection);
    for (const event of readyEvents(session, world, url())) session.dispatch(event);
    this.#listener.onReady(session);
  }

  // A new process identifies anew, rightly: only who was told to resume on a live connection is to blame.
  #lookForLeft({ shard }: Identify): void {
    for (const session of this.#sessions.values()) {
      const cause = this.#told.get(session);
      if (cause === undefined || session.connection || session.shard[0] !== shard[0]) continue;
      if (session.missedMessages > 0) this.#options.conduct.notResumed(session, cause);
      this.#told.delete(session);
    }
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
    connection.sendFrame(
      Buffer.from(`{"t":"RESUMED","s":${session.sequence},"op":0,"d":{"_trace":["mock"]}}`),
    );
    this.#listener.onReady(session);
    for (const event of replayed) this.#listener.onDelivered(event, session, true);
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
