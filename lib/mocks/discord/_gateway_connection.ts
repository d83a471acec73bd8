import { deflateSync } from "node:zlib";
import type { RawData, WebSocket } from "ws";
import type { ClockTimer } from "../../base/clock.ts";
import { systemClock } from "../../base/system_clock.ts";
import { CLOSE, type GatewayClose } from "./_gateway_close.ts";
import {
  type GatewayAction,
  type GatewayRules,
  type GatewayState,
  OP,
  openingState,
  stepGateway,
} from "./_gateway_protocol.ts";
import type { GatewaySession } from "./_gateway_session.ts";
import { createFrameSender, type FrameSender, type TransportCompression } from "./_gateway_transport.ts";

// A library that got no acknowledgement closes at its next heartbeat, some after two: three more are too many.
const UNNOTICED_BEATS = 3;
const ASKED_BEAT_MS = 5000;
const LARGE_FRAME_BYTES = 1024;

/** What a connection tells its gateway. */
export interface ConnectionListener {
  /** A frame came, with what has to be done; heartbeats are answered already. */
  onAction(connection: GatewayConnection, action: GatewayAction, op: number | undefined): void;
  /** @param code The close code that the client sent, 1006 where it sent none. */
  onClosed(connection: GatewayConnection, code: number): void;
  /** Whether this heartbeat is the one at which the connection becomes a zombie. */
  makesZombie(): boolean;
  /** Heartbeats go on although none is acknowledged. */
  onUnnoticed(connection: GatewayConnection, beats: number): void;
  /** No heartbeat came when one was due; `wasAsked` for one that op 1 asked for. */
  onSilence(connection: GatewayConnection, silentMs: number, wasAsked: boolean): void;
  readonly acksFrozen: boolean;
}

/** What a connection is made with. */
export interface ConnectionOptions {
  readonly rules: GatewayRules;
  readonly heartbeatIntervalMs: number;
  readonly compression: TransportCompression | undefined;
  /** Real milliseconds until HELLO. */
  readonly helloDelayMs: number;
}

/** One websocket of the gateway: the pure protocol step, driven. */
export class GatewayConnection {
  session: GatewaySession | undefined;
  /** Whether large frames are compressed, each by itself, as IDENTIFY may ask for. */
  compressesPayloads = false;
  readonly #socket: WebSocket;
  readonly #sender: FrameSender;
  readonly #listener: ConnectionListener;
  readonly #options: ConnectionOptions;
  #state: GatewayState;
  #silence: ClockTimer | undefined;
  #asked: ClockTimer | undefined;
  #hello: ClockTimer | undefined;
  #unacknowledged = 0;
  #isZombie = false;

  constructor(socket: WebSocket, options: ConnectionOptions, listener: ConnectionListener) {
    this.#socket = socket;
    this.#options = options;
    this.#listener = listener;
    this.#sender = createFrameSender(socket, options.compression);
    this.#state = openingState(systemClock.monotonicMs());
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("close", (code) => this.#closed(code));
    socket.on("error", () => {}); // a close follows, and says what there is to say
    this.#expectHeartbeat();
    if (options.helloDelayMs > 0) {
      this.#hello = systemClock.setTimer(() => this.#greet(), options.helloDelayMs, { keepAlive: false });
    } else this.#greet();
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  send(op: number, d: unknown): void {
    this.sendFrame(Buffer.from(JSON.stringify({ t: null, s: null, op, d })));
  }

  /** Sends a frame and says whether it went out. */
  sendFrame(frame: Buffer): boolean {
    if (!this.isOpen || this.#isZombie) return false;
    if (this.compressesPayloads && frame.length > LARGE_FRAME_BYTES && !this.#options.compression) {
      this.#socket.send(deflateSync(frame), { binary: true });
    } else this.#sender.send(frame);
    return true;
  }

  /** Op 1: asks for a heartbeat, which must come at once. */
  requestHeartbeat(): void {
    this.send(OP.heartbeat, null);
    this.#asked?.cancel();
    const silent = (): void => this.#listener.onSilence(this, ASKED_BEAT_MS, true);
    this.#asked = systemClock.setTimer(silent, ASKED_BEAT_MS, { keepAlive: false });
  }

  close([code, reason]: GatewayClose): void {
    this.#sender.close(code, reason);
  }

  /** Lets the client identify or resume anew on this connection, as after op 9. */
  forgetSession(): void {
    this.session = undefined;
    this.#state = { ...this.#state, authenticated: false };
  }

  #greet(): void {
    this.send(OP.hello, { heartbeat_interval: this.#options.heartbeatIntervalMs, _trace: ["mock"] });
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (!this.isOpen) return; // frames behind a close of ours
    const frame = isBinary ? undefined : (data as Buffer).toString();
    const step = stepGateway(this.#state, frame, systemClock.monotonicMs(), this.#options.rules);
    this.#state = step.state;
    if (step.action.type === "beat") this.#acknowledge();
    if (step.action.type === "close") this.close(step.action.close);
    this.#listener.onAction(this, step.action, step.op);
  }

  #acknowledge(): void {
    this.#expectHeartbeat();
    this.#asked?.cancel();
    if (this.#listener.makesZombie()) this.#isZombie = true;
    if (!this.#isZombie && !this.#listener.acksFrozen) {
      this.#unacknowledged = 0;
      this.send(OP.heartbeatAck, undefined);
    } else if (++this.#unacknowledged >= UNNOTICED_BEATS) {
      this.#listener.onUnnoticed(this, this.#unacknowledged);
    }
  }

  // Real time: heartbeats belong to the wire. The first one may come a whole interval late, by its jitter.
  #expectHeartbeat(): void {
    this.#silence?.cancel();
    const silentMs = 2.5 * this.#options.heartbeatIntervalMs;
    const giveUp = (): void => {
      this.#listener.onSilence(this, silentMs, false);
      this.close(CLOSE.sessionTimedOut);
    };
    this.#silence = systemClock.setTimer(giveUp, silentMs, { keepAlive: false });
  }

  #closed(code: number): void {
    this.#silence?.cancel();
    this.#asked?.cancel();
    this.#hello?.cancel();
    this.#sender.dispose();
    this.#listener.onClosed(this, code);
  }
}
