import type { RawData, WebSocket } from "ws";
import type { ClockTimer } from "../../base/clock.ts";
import { systemClock } from "../../base/system_clock.ts";
import {
  CLOSE,
  type GatewayAction,
  type GatewayClose,
  type GatewayRules,
  type GatewayState,
  OP,
  openingState,
  stepGateway,
} from "./_gateway_protocol.ts";
import type { GatewaySession } from "./_gateway_session.ts";

/** What a connection tells its gateway. */
export interface ConnectionListener {
  /** A frame came, with what has to be done; heartbeats are answered already. */
  onAction(connection: GatewayConnection, action: GatewayAction, op: number | undefined): void;
  /** @param code The close code that the client sent, 1006 where it sent none. */
  onClosed(connection: GatewayConnection, code: number): void;
  readonly acksFrozen: boolean;
}

/** One websocket of the gateway: the pure protocol step, driven. */
export class GatewayConnection {
  session: GatewaySession | undefined;
  readonly #socket: WebSocket;
  readonly #listener: ConnectionListener;
  readonly #rules: GatewayRules;
  readonly #heartbeatIntervalMs: number;
  #state: GatewayState;
  #silence: ClockTimer | undefined;

  constructor(
    socket: WebSocket,
    rules: GatewayRules,
    heartbeatIntervalMs: number,
    listener: ConnectionListener,
  ) {
    this.#socket = socket;
    this.#rules = rules;
    this.#heartbeatIntervalMs = heartbeatIntervalMs;
    this.#listener = listener;
    this.#state = openingState(systemClock.monotonicMs());
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("close", (code) => this.#closed(code));
    socket.on("error", () => {}); // a close follows, and says what there is to say
    this.send(OP.hello, { heartbeat_interval: heartbeatIntervalMs, _trace: ["mock"] });
    this.#expectHeartbeat();
  }

  send(op: number, d: unknown): void {
    this.sendText(JSON.stringify({ t: null, s: null, op, d }));
  }

  /** Sends a frame and says whether the socket was open. */
  sendText(frame: string): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return false;
    this.#socket.send(frame);
    return true;
  }

  close([code, reason]: GatewayClose): void {
    this.#socket.close(code, reason);
  }

  /** Lets the client identify or resume anew on this connection, as after op 9. */
  forgetSession(): void {
    this.session = undefined;
    this.#state = { ...this.#state, authenticated: false };
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return; // frames behind a close of ours
    const frame = isBinary ? undefined : (data as Buffer).toString();
    const step = stepGateway(this.#state, frame, systemClock.monotonicMs(), this.#rules);
    this.#state = step.state;
    if (step.action.type === "ack") this.#acknowledge();
    if (step.action.type === "close") this.close(step.action.close);
    this.#listener.onAction(this, step.action, step.op);
  }

  #acknowledge(): void {
    this.#expectHeartbeat();
    if (!this.#listener.acksFrozen) this.send(OP.heartbeatAck, undefined);
  }

  // Real time: heartbeats belong to the wire. The first one may come a whole interval late, by its jitter.
  #expectHeartbeat(): void {
    this.#silence?.cancel();
    const giveUp = (): void => this.close(CLOSE.sessionTimedOut);
    this.#silence = systemClock.setTimer(giveUp, 2.5 * this.#heartbeatIntervalMs, { keepAlive: false });
  }

  #closed(code: number): void {
    this.#silence?.cancel();
    this.#listener.onClosed(this, code);
  }
}
