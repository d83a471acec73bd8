import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import {
  CLOSE,
  closeOf,
  demandsResume,
  endsSession,
  type GatewayClose,
  isForGood,
} from "./_gateway_close.ts";
import { type ConnectionListener, GatewayConnection } from "./_gateway_connection.ts";
import { GatewayDelivery } from "./_gateway_delivery.ts";
import type { GatewayEvent } from "./_gateway_event.ts";
import { ExpectedResumes } from "./_gateway_expected_resumes.ts";
import type { GatewayListener, GatewayOptions } from "./_gateway_options.ts";
import { type GatewayAction, type Identify, OP } from "./_gateway_protocol.ts";
import { readyEvents } from "./_gateway_ready.ts";
import { requestedEvents } from "./_gateway_requests.ts";
import { GatewaySession } from "./_gateway_session.ts";
import { readUpgrade } from "./_gateway_upgrade.ts";
import type { DiscordFault } from "./discord_faults.ts";

// ws itself refuses frames far beyond the protocol's 4096 bytes, before they take memory.
const MAX_FRAME_BYTES = 1_048_576;
// Real time until an IDENTIFY that came too soon is refused.
const REFUSAL_DELAY_MS = 2000;

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
  readonly #resumes = new ExpectedResumes();

  constructor(options: GatewayOptions, listener: GatewayListener) {
    this.#options = options;
    this.#listener = listener;
    this.#delivery = new GatewayDelivery(options.clock, options.faults, {
      onSent: (session, event) => this.#listener.onDelivered(event, session, false),
      onReconnect: (session) => this.#askBack(session),
      onInvalid: (session, resumable) => this.#invalidate(session, resumable),
      onClose: (session, code) => this.#closeSession(session, closeOf(code)),
    });
  }

  /** Sessions that have a connection. */
  get readySessions(): readonly GatewaySession[] {
    return [...this.#sessions.values()].filter((session) => session.connection !== undefined);
  }

  /** What is waited for on connections that have no session: for a client, one sentence each. */
  get awaited(): readonly string[] {
    return [...this.#connections.keys()].flatMap(({ isMissing }) => isMissing ?? []);
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { compression, refusal, close } = readUpgrade(request);
    if (refusal !== undefined) {
      const headers = `Connection: close\r\nContent-Type: text/plain\r\nContent-Length: ${refusal.length}`;
      socket.end(`HTTP/1.1 400 Bad Request\r\n${headers}\r\n\r\n${refusal}`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on("error", () => {}); // a close follows; without a listener a bad frame would end this process
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
      if (session.wants(event)) this.#delivery.deliver(session, event);
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
    for (const session of this.readySessions) {
      this.#detach(session); // now, not when the sockets have noticed
      this.#resumes.expect(session, "a reset connection");
    }
    for (const socket of this.#connections.values()) socket.resetAndDestroy();
  }

  /** Op 9 to everybody. Not resumable ones are forgotten. */
  invalidateSessions(resumable: boolean): void {
    for (const session of this.readySessions) this.#invalidate(session, resumable);
  }

  /** What clients do next is not held against them: they were refused, or begin anew. */
  excuseClients(): void {
    this.#resumes.forgetAll();
  }

  makesZombie(): boolean {
    const { faults } = this.#options;
    const isOne = (fault: DiscordFault): fault is BeatFault => fault.kind === "zombie-acks";
    return faults.isArmed && faults.strike(isOne) !== undefined;
  }

  onZombie({ session }: GatewayConnection): void {
    if (!session?.connection) return;
    this.#detach(session);
    this.#listener.onSentAway(session);
  }

  onUnnoticed(_connection: GatewayConnection, beats: number): void {
    this.#options.conduct.unnoticed(beats, this.#options.heartbeatIntervalMs);
  }

  onSilence({ session }: GatewayConnection, silentMs: number, wasAsked: boolean): void {
    if (session) this.#options.conduct.silent(silentMs, wasAsked);
  }

  onAction(connection: GatewayConnection, action: GatewayAction, op: number | undefined): void {
    this.#listener.onFrame(op, action.type === "close" ? action.close : undefined);
    const { world, conduct } = this.#options;
    const { session } = connection;
    if (action.type === "close") conduct.closedWith(action.close, op);
    if (action.type === "identify") this.#identify(connection, action.identify);
    if (action.type === "resume") this.#resume(connection, action.sessionId, action.sequence);
    for (const event of session ? requestedEvents(action, session, world) : []) session!.dispatch(event);
  }

  onClosed(connection: GatewayConnection, code: number): void {
    this.#connections.delete(connection);
    const { session, isClosedByUs } = connection;
    if (!session || (session.connection ?? connection) !== connection) return; // resumed elsewhere
    if (session.connection) this.#detach(session);
    // by these a client gives its session up
    const isGivenUp = !isClosedByUs && (code === 1000 || code === 1001);
    if (isGivenUp || endsSession(code)) this.#sessions.delete(session.id);
    // a code of its own says that the client chose to close; a killed process sends none
    if (isClosedByUs || !connection.isUnacknowledged || code < 3000) return;
    this.#resumes.expect(session, "missing acknowledgements");
    this.#listener.onSentAway(session);
  }

  #askBack(session: GatewaySession): void {
    const { connection } = session;
    if (!connection) return;
    this.#detach(session); // what comes from now on waits for the resume
    connection.retire();
    this.#resumes.expect(session, "op 7 (reconnect)");
    this.#listener.onSentAway(session);
  }

  #closeSession(session: GatewaySession, close: GatewayClose): void {
    const { connection } = session;
    if (!connection) return;
    this.#detach(session);
    const [code] = close;
    if (endsSession(code)) this.#sessions.delete(session.id);
    else if (demandsResume(code)) this.#resumes.expect(session, `close code ${code}`);
    if (!isForGood(code)) this.#listener.onSentAway(session);
    connection.close(close);
  }

  #invalidate(session: GatewaySession, resumable: boolean): void {
    const { connection } = session;
    if (!connection) return;
    this.#detach(session);
    connection.forgetSession();
    if (!resumable) this.#sessions.delete(session.id);
    connection.send(OP.invalidSession, resumable);
    this.#listener.onSentAway(session);
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
    this.#resumes.forget(session);
    this.#options.conduct.connected();
  }

  #identify(connection: GatewayConnection, identify: Identify): void {
    this.#forgetExpired();
    const { world, random, url, limits, conduct } = this.#options;
    const verdict = limits.take(identify.shard[0]);
    if (verdict !== "granted") {
      if (verdict === "too-soon") conduct.identifiedTooSoon();
      connection.refuse(Math.min(REFUSAL_DELAY_MS, limits.windowMs));
      return;
    }
    this.#lookForLeft(identify);
    const id = [0, 1, 2, 3].map(() => random.nextUint32().toString(16).padStart(8, "0")).join("");
    const session = new GatewaySession(id, identify, this.#options.replayLimit);
    this.#sessions.set(id, session);
    connection.compressesPayloads = identify.compress;
    this.#attach(session, connection);
    for (const event of readyEvents(session, world, url())) session.dispatch(event);
    this.#listener.onReady(session);
  }

  #lookForLeft({ shard }: Identify): void {
    const left = this.#resumes.takeLeft(shard);
    if (left && left.session.missedMessages > 0) {
      this.#options.conduct.notResumed(left.session, left.cause);
    }
  }

  #resume(connection: GatewayConnection, sessionId: string, sequence: number): void {
    this.#forgetExpired();
    const session = this.#sessions.get(sessionId);
    if (session) this.#resumes.forget(session);
    if (session && sequence > session.sequence) {
      this.#options.conduct.closedWith(CLOSE.invalidSequence, OP.resume);
      return connection.close(CLOSE.invalidSequence);
    }
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
      if (!expired) continue;
      this.#sessions.delete(session.id);
      this.#resumes.forget(session);
    }
  }
}
