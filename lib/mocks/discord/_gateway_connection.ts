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
// discord.py and its descendants instead close after a minute without any frame, whatever the interval.
const SILENCE_BORNE_MS: Readonly<Record<string, number>> = {
  "discord.py": 60_000,
  disnake: 60_000,
  nextcord: 60_000,
  pycord: 60_000,
};
const ASKED_BEAT_MS = 5000;
// Who does not read is cut off, and can resume: what it missed must not fill the memory of the test.
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
const LARGE_FRAME_BYTES = 1024;
// A process on a busy machine may be late by that much, whatever the interval.
const LEAST_GRACE_MS = 1000;
// What came while this process was busy is read before a client is said to be silent.
const LAST_LOOK_MS = 50;
// Who does not follow op 7 is closed.
const RETIRED_MS = 5000;

/** What a connection tells its gateway. */
export interface ConnectionListener {
  /** A frame came, with what has to be done; heartbeats are answered already. */
  onAction(connection: GatewayConnection, action: GatewayAction, op: number | undefined): void;
  /** @param code The close code that the client sent, 1006 where it sent none. */
  onClosed(connection: GatewayConnection, code: number): void;
  /** Whether this heartbeat is the one at which the connection becomes a zombie. */
  makesZombie(): boolean;
  /** It has become one: nothing reaches the client any more. */
  onZombie(connection: GatewayConnection): void;
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
  #later: ClockTimer | undefined;
  #unacknowledged = 0;
  #unacknowledgedSinceMs = 0;
  #isZombie = false;
  #isClosedByUs = false;
  #isInvalidated = false;

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
    if (options.helloDelayMs > 0) this.#doLater(() => this.#greet(), options.helloDelayMs);
    else this.#greet();
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Whether the gateway closed it, not the client. */
  get isClosedByUs(): boolean {
    return this.#isClosedByUs;
  }

  /** What the gateway waits for, of a client that is connected and has no session. */
  get isMissing(): string | undefined {
    if (!this.isOpen || this.session) return undefined;
    return this.#isInvalidated ? "to identify again: it was told INVALID_SESSION" : "to identify";
  }

  /** Whether the client is waiting for an acknowledgement that it will not get. */
  get isUnacknowledged(): boolean {
    return this.#unacknowledged > 0;
  }

  send(op: number, d: unknown): void {
    this.#isInvalidated ||= op === OP.invalidSession;
    this.sendFrame(Buffer.from(JSON.stringify({ t: null, s: null, op, d })));
  }

  /** Sends a frame and says whether it went out. */
  sendFrame(frame: Buffer): boolean {
    if (!this.isOpen || this.#isZombie) return false;
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.#socket.terminate();
      return false;
    }
    if (this.compressesPayloads && frame.length > LARGE_FRAME_BYTES && !this.#options.compression) {
      this.#socket.send(deflateSync(frame), { binary: true });
    } else this.#sender.send(frame);
    return true;
  }

  /** Op 1: asks for a heartbeat, which must come at once. */
  requestHeartbeat(): void {
    this.send(OP.heartbeat, null);
    this.#asked?.cancel();
    const silent = (): void => {
      this.#asked = undefined;
      if (this.isOpen) this.#listener.onSilence(this, ASKED_BEAT_MS, true);
    };
    this.#asked = systemClock.setTimer(silent, ASKED_BEAT_MS, { keepAlive: false });
  }

  /** Op 7; a client that does not follow it is closed. */
  retire(): void {
    this.send(OP.reconnect, null);
    this.#doLater(() => this.close(CLOSE.unknownError), RETIRED_MS);
  }

  /** Op 9, after real `delayMs`: some libraries identify anew at once, and would do so a thousand times a second. */
  refuse(delayMs: number): void {
    this.#doLater(() => {
      this.forgetSession();
      this.send(OP.invalidSession, false);
    }, delayMs);
  }

  close([code, reason]: GatewayClose): void {
    this.#isClosedByUs ||= this.isOpen;
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
    const wasAsked = this.#asked !== undefined;
    this.#asked?.cancel();
    this.#asked = undefined;
    if (!this.#isZombie && this.#listener.makesZombie()) {
      this.#isZombie = true;
      this.#listener.onZombie(this);
    }
    if (!this.#isZombie && !this.#listener.acksFrozen) {
      this.#unacknowledged = 0;
      this.send(OP.heartbeatAck, undefined);
    } else if (!wasAsked) this.#goUnacknowledged(); // what op 1 asks for is sent at any time
  }

  #goUnacknowledged(): void {
    const nowMs = systemClock.monotonicMs();
    if (this.#unacknowledged++ === 0) this.#unacknowledgedSinceMs = nowMs;
    const borneMs = SILENCE_BORNE_MS[this.session?.library.toLowerCase() ?? ""] ?? 0;
    if (this.#unacknowledged < UNNOTICED_BEATS || nowMs - this.#unacknowledgedSinceMs <= borneMs) return;
    this.#listener.onUnnoticed(this, this.#unacknowledged);
  }

  // Real time: heartbeats belong to the wire. The first one may come a whole interval late, by its jitter.
  #expectHeartbeat(): void {
    this.#silence?.cancel();
    const { heartbeatIntervalMs } = this.#options;
    const silentMs = heartbeatIntervalMs + Math.max(1.5 * heartbeatIntervalMs, LEAST_GRACE_MS);
    const giveUp = (): void => {
      if (!this.isOpen) return;
      this.#listener.onSilence(this, silentMs, false);
      this.close(CLOSE.sessionTimedOut);
    };
    const lookAgain = (): void => {
      this.#silence = systemClock.setTimer(giveUp, LAST_LOOK_MS, { keepAlive: false });
    };
    this.#silence = systemClock.setTimer(lookAgain, silentMs, { keepAlive: false });
  }

  #doLater(what: () => void, delayMs: number): void {
    this.#later?.cancel();
    this.#later = systemClock.setTimer(what, delayMs, { keepAlive: false });
  }

  #closed(code: number): void {
    this.#silence?.cancel();
    this.#asked?.cancel();
    this.#later?.cancel();
    this.#sender.dispose();
    this.#listener.onClosed(this, code);
  }
}
